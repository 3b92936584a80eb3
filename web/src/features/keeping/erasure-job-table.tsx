/** Erasures of a text that are or were under way, each to be opened again. */
import { Button } from '@mantine/core'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { isUnderWay } from '../../api/erasure-jobs.ts'
import type { ErasureJobHead } from '../../api/erasure-jobs.ts'
import { DataTable } from '../../ui/data-table.tsx'
import type { TableColumns } from '../../ui/data-table.tsx'
import { formatCount } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import { progressOf } from './erasure-job-view.tsx'

interface ErasureJobTableProps {
  readonly jobs: readonly ErasureJobHead[]
  /** Null for those who may only look. */
  readonly onOpen: ((id: string) => void) | null
}

const COLUMNS: TableColumns<ErasureJobHead> = [
  { title: 'Begun', cell: ({ createdAtMs }) => <Moment ms={createdAtMs} /> },
  { title: 'By', cell: ({ personName }) => visibleLine(personName, 80) },
  { title: 'State', cell: ({ state }) => <StateBadge state={state} /> },
  { title: 'What it did', cell: doneBy },
  { title: 'Because', cell: ({ reason }) => visibleLine(reason, 200) },
]

export function ErasureJobTable({ jobs, onOpen }: ErasureJobTableProps) {
  return (
    <DataTable
      label="Erasures of a text"
      rows={jobs}
      rowKey={({ id }) => id}
      columns={onOpen === null ? COLUMNS : [...COLUMNS, openingBy(onOpen)]}
    />
  )
}

const openingBy = (onOpen: (id: string) => void): TableColumns<ErasureJobHead>[number] => ({
  title: '',
  cell: ({ id }) => (
    <Button
      size="compact-xs"
      variant="default"
      aria-label={`Open the erasure ${id}`}
      onClick={() => onOpen(id)}
    >
      Open
    </Button>
  ),
})

function doneBy(job: ErasureJobHead): string {
  if (isUnderWay(job)) return progressOf(job).text
  const { searched, found, erased, dryRun } = job
  const read = `${formatCount(searched)} read`
  if (dryRun) return `${read}, ${formatCount(found)} found, only looked for`
  return `${read}, ${formatCount(erased)} erased${found > 0 ? `, ${formatCount(found)} left` : ''}`
}
