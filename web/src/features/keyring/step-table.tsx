/** Steps that changed keys: when, what, which key, by whom. */
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { DataTable } from '../../ui/data-table.tsx'
import type { TableColumns } from '../../ui/data-table.tsx'
import { Moment } from '../../ui/moment.tsx'
import type { KeyringEvent } from '../../api/keyring.ts'

const DEEDS: Readonly<Record<string, string>> = {
  'keyring.prepared': 'The next root key was made',
  'keyring.rewrapped': 'Everything was wrapped anew',
  'keyring.retired': 'The old root key was destroyed',
  'keyring.turned-back': 'The old root key was taken up again',
  'keyring.log-key-rotated': 'The log was handed over to a new key',
  'keyring.log-key-revoked': 'A key of the log was revoked',
}

const COLUMNS: TableColumns<KeyringEvent> = [
  { title: 'When', cell: ({ atMs }) => <Moment ms={atMs} /> },
  { title: 'What', cell: ({ type }) => DEEDS[type] ?? type },
  {
    title: 'Which',
    cell: ({ details }) => (
      <code>
        {visibleLine(
          Object.entries(details)
            .map(([name, value]) => `${name} ${String(value)}`)
            .join(', '),
          200,
        )}
      </code>
    ),
  },
  { title: 'By', cell: ({ actor }) => visibleLine(actor, 80) },
]

export function StepTable({ events }: { readonly events: readonly KeyringEvent[] }) {
  return <DataTable label="Steps" rows={events} rowKey={({ id }) => id} columns={COLUMNS} />
}
