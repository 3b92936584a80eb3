/** Findings: what detection saw, one row for each value, whatever it was and wherever it was met. */
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo, useRef, useState } from 'react'
import { visibleLine } from '../../../src/lib/visible-text.ts'
import { fieldOf } from '../../../src/model/query/fields.ts'
import { FINDING_GROUPS, findingGroupsQuery } from '../api/entities.ts'
import type { FindingGroup } from '../api/entities.ts'
import { facetsQuery } from '../api/exchanges.ts'
import { LockButton } from '../features/locks/lock-button.tsx'
import { filtersOf, timeWindow } from '../features/query/filters.ts'
import { queryText, readQuery, writeQuery } from '../features/query/grammar.ts'
import { QueryBar } from '../features/query/query-bar.tsx'
import { RangeMenu } from '../features/query/range-menu.tsx'
import entity from '../features/entity/entity.module.css'
import { DataTable } from '../ui/data-table.tsx'
import type { TableColumns } from '../ui/data-table.tsx'
import { formatCount } from '../ui/format.ts'
import { Moment } from '../ui/moment.tsx'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { Panel } from '../ui/panel.tsx'

export interface FindingsSearch {
  readonly q?: string
}

export function readFindingsSearch({ q }: Record<string, unknown>): FindingsSearch {
  return typeof q === 'string' && q !== '' ? { q: q.slice(0, 4_000) } : {}
}

/** Digits that are enough to tell one value from another. */
const DIGITS = 16

export function Findings() {
  const { q = 'last:7d' } = useSearch({ from: '/shell/findings' })
  const navigate = useNavigate({ from: '/findings' })
  const input = useRef<HTMLInputElement>(null)
  const [nowMs, setNowMs] = useState(() => Date.now())
  const query = useMemo(() => readQuery(q), [q])
  const filters = useMemo(() => filtersOf(query, timeWindow(query, nowMs)), [query, nowMs])
  const groups = useQuery(findingGroupsQuery(filters))
  const facets = useQuery(facetsQuery(filters, nowMs))
  const columns = useMemo(() => columnsFor(q), [q])
  const show = (text: string): void => {
    setNowMs(Date.now())
    void navigate({ search: { q: text } })
  }
  return (
    <Page title="Findings" note="one row for each value, without the value">
      <div className={entity['bar-row']}>
        <QueryBar
          text={q}
          input={input}
          onSearch={show}
          counted={(field) => {
            const { facet } = fieldOf(field)
            return facet === null ? [] : (facets.data?.fields[facet] ?? [])
          }}
        />
        <RangeMenu query={query} onChange={(next) => show(writeQuery(next))} />
      </div>
      <Panel
        title="Values"
        note={`in the most exchanges first${(groups.data?.items.length ?? 0) < FINDING_GROUPS ? '' : `, the first ${FINDING_GROUPS}`}`}
      >
        {groups.isPending && <Skeleton label="Loading findings" />}
        {groups.isError && (
          <ProblemNotice error={groups.error} retry={() => void groups.refetch()} />
        )}
        {groups.data?.items.length === 0 && (
          <Notice kind="empty" title="Nothing was found">
            <p>
              Detection saw nothing in these exchanges. Ask for a longer time, or for less:{' '}
              <code>entity:API_KEY last:30d</code>.
            </p>
          </Notice>
        )}
        {groups.data !== undefined && groups.data.items.length > 0 && (
          <DataTable
            label="Found values"
            rows={groups.data.items}
            rowKey={({ fingerprint }) => fingerprint}
            columns={columns}
          />
        )}
      </Panel>
    </Page>
  )
}

/** `q`: what the page asks, so that a count leads to just those. */
const columnsFor = (q: string): TableColumns<FindingGroup> => [
  {
    title: 'What',
    cell: ({ entity: what, fingerprint }) => (
      <Link to="/entity" search={{ kind: 'finding', value: fingerprint.slice(0, DIGITS) }}>
        <strong>{visibleLine(what === '' ? 'unknown' : what, 60)}</strong>
      </Link>
    ),
  },
  {
    title: 'Value',
    cell: ({ fingerprint }) => <code>{fingerprint.slice(0, DIGITS)}</code>,
  },
  {
    title: 'Exchanges',
    cell: ({ fingerprint, exchanges }) => (
      <Link
        to="/exchanges"
        search={{
          q: writeQuery(
            readQuery(`${queryText('fingerprint', fingerprint.slice(0, DIGITS))} ${q}`),
          ),
        }}
      >
        {formatCount(exchanges)}
      </Link>
    ),
  },
  {
    title: 'Conversations',
    cell: ({ conversations }) => (conversations === 0 ? '–' : formatCount(conversations)),
  },
  { title: 'Principals', cell: ({ principals }) => formatCount(principals) },
  { title: 'First seen', cell: ({ firstAtMs }) => <Moment ms={firstAtMs} /> },
  { title: 'Last seen', cell: ({ lastAtMs }) => <Moment ms={lastAtMs} /> },
  { title: 'Rule', cell: ({ rule }) => <code>{visibleLine(rule, 60)}</code> },
  {
    title: 'Controls',
    isEnd: true,
    cell: ({ fingerprint }) => <LockButton kind="finding" value={fingerprint} />,
  },
]
