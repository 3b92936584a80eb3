/** The exchanges that an export would hand out: whose, when, how much, what was found in them, whether they are held. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { Exchange } from '../../api/exchanges.ts'
import { orderQuery } from '../../api/exports.ts'
import { ShowMore } from '../../ui/show-more.tsx'
import { HeldMark } from '../keeping/held-mark.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import type { TableColumns } from '../../ui/data-table.tsx'
import { formatBytes, formatCount } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { ProblemNotice, Skeleton } from '../../ui/notice.tsx'
import classes from './export-orders.module.css'

const SHOWN = 20
const NAMED = 5

export function ExportContents({ id }: { readonly id: string }) {
  const contents = useQuery(orderQuery(id))
  const [shown, setShown] = useState(SHOWN)
  if (contents.isPending) return <Skeleton rows={3} label="Loading what would leave" />
  if (contents.isError)
    return <ProblemNotice error={contents.error} retry={() => void contents.refetch()} />
  const { exchanges, gone } = contents.data
  return (
    <div className={classes.contents}>
      <p>
        {[
          ...told('Sent by', distinct(exchanges.map(({ principal }) => principal))),
          ...told('to', distinct(exchanges.map(({ upstream }) => upstream))),
          ...told('found in them:', distinct(exchanges.flatMap(({ entities }) => entities))),
          ...(gone > 0 ? [`${formatCount(gone)} are gone: erased, as recorded`] : []),
        ].join('; ')}
        .
      </p>
      <DataTable
        label="What would leave"
        rows={exchanges.slice(0, shown)}
        rowKey={(one) => one.id}
        columns={COLUMNS}
      />
      {exchanges.length > shown && <ShowMore onMore={() => setShown(shown + 100)} />}
    </div>
  )
}

const distinct = (names: readonly string[]): readonly string[] =>
  [...new Set(names)].filter((name) => name !== '')

function told(word: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) return []
  const more = names.length > NAMED ? ` and ${formatCount(names.length - NAMED)} more` : ''
  const listed = names.slice(0, NAMED).map((name) => visibleLine(name, 60))
  return [`${word} ${listed.join(', ')}${more}`]
}

const COLUMNS: TableColumns<Exchange> = [
  {
    title: 'Exchange',
    cell: ({ id, receivedAtMs, holds }) => (
      <>
        <Link to="/exchanges/$id" params={{ id }}>
          <Moment ms={receivedAtMs} />
        </Link>
        <HeldMark holds={holds} />
      </>
    ),
  },
  { title: 'Principal', cell: ({ principal }) => visibleLine(principal, 80) || '–' },
  { title: 'Model', cell: ({ model }) => visibleLine(model ?? '–', 60) },
  { title: 'Found in it', cell: ({ entities }) => entities.join(', ') || '–' },
  {
    title: 'Size',
    cell: ({ requestBytes, answerBytes }) => formatBytes(requestBytes + answerBytes),
  },
]
