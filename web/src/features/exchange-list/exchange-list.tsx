/** The list with its keys, and what stands in its place while there is nothing to list. */
import { Button } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { formatCount } from '../../ui/format.ts'
import { Notice, ProblemNotice, Skeleton } from '../../ui/notice.tsx'
import { useShortcuts } from '../keyboard/shortcuts.tsx'
import type { ColumnName } from './columns.tsx'
import { ExchangeTable } from './exchange-table.tsx'
import type { ExchangeListState } from './use-exchange-list.ts'
import classes from './exchange-list.module.css'

interface ExchangeListProps {
  readonly list: ExchangeListState
  readonly columns: readonly ColumnName[]
  readonly isNarrow: boolean
  readonly hasQuery: boolean
}

export function ExchangeList({ list, columns, isNarrow, hasQuery }: ExchangeListProps) {
  const navigate = useNavigate()
  const [active, setActive] = useState(-1)
  const [topTick, setTopTick] = useState(0)
  const { rows, pages } = list
  const move = (step: number): void =>
    setActive((before) => Math.max(0, Math.min(rows.length - 1, before + step)))
  const open = (to: '/exchanges/$id' | '/exchanges/$id/replay'): void => {
    const id = rows.at(active)?.id
    if (id !== undefined) void navigate({ to, params: { id } })
  }
  useShortcuts([
    { keys: 'j', says: 'Next exchange', group: 'Live', run: () => move(1) },
    { keys: 'k', says: 'Exchange before', group: 'Live', run: () => move(-1) },
    { keys: 'o', says: 'Open it', group: 'Live', run: () => open('/exchanges/$id') },
    { keys: 'r', says: 'Replay it', group: 'Live', run: () => open('/exchanges/$id/replay') },
  ])
  // The bar says where and how to write it; saying it twice would be once too often.
  if (list.query.problem !== null)
    return (
      <div className={classes.place}>
        <Notice kind="empty" title="Nothing is shown">
          <p>The query cannot be read, and is never taken for everything.</p>
        </Notice>
      </div>
    )
  if (pages.error !== null && rows.length === 0)
    return (
      <div className={classes.place}>
        <ProblemNotice error={pages.error} retry={pages.retry} />
      </div>
    )
  if (pages.isPending)
    return (
      <div className={classes.place}>
        <Skeleton rows={14} label="Loading exchanges" />
      </div>
    )
  if (rows.length === 0) return <NothingFound hasQuery={hasQuery} />
  return (
    <div className={classes.list}>
      {list.waiting > 0 && (
        <Button
          className={classes.waiting ?? ''}
          size="compact-sm"
          onClick={() => {
            setActive(-1)
            setTopTick((before) => before + 1)
          }}
        >
          {formatCount(list.waiting)} new
        </Button>
      )}
      <ExchangeTable
        key={list.generation}
        rows={rows}
        columns={columns}
        isNarrow={isNarrow}
        active={active}
        onActive={setActive}
        onView={list.onView}
        topTick={topTick}
      />
    </div>
  )
}

function NothingFound({ hasQuery }: { readonly hasQuery: boolean }) {
  return (
    <div className={classes.place}>
      <Notice kind="empty" title={hasQuery ? 'Nothing matches this query' : 'Nothing yet'}>
        {hasQuery ? (
          <p>Take a term away, or look further back: last:30d.</p>
        ) : (
          <p>
            Send a prompt through the gateway and it appears here while it happens. Older ones are
            found with last:30d.
          </p>
        )}
      </Notice>
    </div>
  )
}
