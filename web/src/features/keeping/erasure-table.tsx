/** Tombstones: what was erased, when, by which rule or request. */
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { Tombstone } from '../../api/keeping.ts'
import { DataTable } from '../../ui/data-table.tsx'
import type { TableColumns } from '../../ui/data-table.tsx'
import { Moment } from '../../ui/moment.tsx'
import classes from '../../ui/form.module.css'

const COLUMNS: TableColumns<Tombstone> = [
  { title: 'Exchange', cell: ({ id }) => <span className={classes.mono}>{id}</span> },
  { title: 'Erased', cell: ({ erasedAtMs }) => <Moment ms={erasedAtMs} /> },
  {
    title: 'By',
    cell: ({ cause, rule, actor }) =>
      cause === 'retention'
        ? `retention class ${rule}`
        : `request of ${visibleLine(actor, 80)} (${rule})`,
  },
  { title: 'Because', cell: ({ reason }) => visibleLine(reason, 200) },
  {
    title: 'Erasure',
    cell: ({ erasure }) => <span className={classes.mono}>{erasure}</span>,
  },
]

export function ErasureTable({ erasures }: { readonly erasures: readonly Tombstone[] }) {
  return (
    <DataTable label="Erased exchanges" rows={erasures} rowKey={({ id }) => id} columns={COLUMNS} />
  )
}
