/** Keys of the transparency log: which one signs, which handed over, which is not to be believed any more. */
import { CopyButton } from '../../ui/copy-button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import type { TableColumns } from '../../ui/data-table.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import type { KeyringEvent, KeyringStatus } from '../../api/keyring.ts'
import { Command } from './root-key-panel.tsx'
import classes from './keyring.module.css'

type LogKey = KeyringStatus['logKeys'][number]

interface LogKeyTableProps {
  readonly keys: readonly LogKey[]
  readonly events: readonly KeyringEvent[]
}

export function LogKeyTable({ keys, events }: LogKeyTableProps) {
  const revoked = new Set(
    events
      .filter(({ type }) => type === 'keyring.log-key-revoked')
      .map(({ details }) => String(details['key'])),
  )
  return (
    <>
      <DataTable
        label="Log keys"
        rows={keys.toReversed()}
        rowKey={({ id }) => id}
        columns={columnsOf(revoked)}
      />
      <div className={classes.body}>
        <p>The old key signs the new one, so whoever trusts it follows:</p>
        <Command step="rotate-log-key" />
      </div>
    </>
  )
}

function columnsOf(revoked: ReadonlySet<string>): TableColumns<LogKey> {
  return [
    { title: 'Key', cell: ({ id }) => <code>{id}</code> },
    {
      title: 'State',
      cell: ({ id, isActive }) => (
        <StateBadge state={isActive ? 'active' : revoked.has(id) ? 'revoked' : 'handed over'} />
      ),
    },
    {
      title: 'For those who verify',
      cell: ({ id, verifier }) => (
        <span className={classes.verifier}>
          <code>{verifier}</code>
          <CopyButton text={verifier} label={`Copy the key ${id}`} />
        </span>
      ),
    },
  ]
}
