/** What retention will erase, class by class, before it does. */
import type { RetentionPlan } from '../../api/keeping.ts'
import { DataTable } from '../../ui/data-table.tsx'
import type { TableColumns } from '../../ui/data-table.tsx'
import { formatBytes, formatCount } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'

type ClassRow = RetentionPlan['classes'][number]

export function PlanTable({ plan }: { readonly plan: RetentionPlan }) {
  return (
    <DataTable
      label="Retention by class"
      rows={plan.classes}
      rowKey={({ name }) => name}
      columns={planColumns(plan.horizonDays)}
    />
  )
}

function planColumns(horizonDays: number): TableColumns<ClassRow> {
  return [
    { title: 'Class', cell: ({ name }) => name },
    { title: 'Kept at least', cell: ({ minDays }) => `${formatCount(minDays)} days` },
    {
      title: 'Erased after',
      cell: ({ maxDays }) => (maxDays === null ? 'never' : `${formatCount(maxDays)} days`),
    },
    {
      title: 'Due now',
      cell: ({ due, held, maxDays }) =>
        maxDays === null
          ? '–'
          : `${formatCount(due.exchanges)}, ${formatBytes(due.bytes)}${held > 0 ? `; ${formatCount(held)} held` : ''}`,
    },
    {
      title: 'Oldest due',
      cell: ({ due }) => (due.oldestMs === null ? '–' : <Moment ms={due.oldestMs} day />),
    },
    {
      title: `Due in ${horizonDays} days`,
      cell: ({ soon, maxDays }) => (maxDays === null ? '–' : formatCount(soon.exchanges)),
    },
  ]
}
