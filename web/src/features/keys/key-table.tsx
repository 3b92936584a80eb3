/** Gateway keys: whose they are, what they may, until when, when they were last used. */
import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { GatewayKey } from '../../api/keys.ts'
import { DataTable } from '../../ui/data-table.tsx'
import type { TableColumns } from '../../ui/data-table.tsx'
import { Moment } from '../../ui/moment.tsx'
import { KeyFlags } from './key-flags.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import { LockButton } from '../locks/lock-button.tsx'
import classes from '../../ui/form.module.css'

interface KeyTableProps {
  readonly keys: readonly GatewayKey[]
  readonly mayRevoke: (key: GatewayKey) => boolean
  readonly onRevoke: (key: GatewayKey) => void
  /** Null for who may not. */
  readonly onHandOver: ((key: GatewayKey) => void) | null
  readonly onLastUse: (key: GatewayKey) => void
}

const LINE_MAX = 120

export function KeyTable({ keys, ...controls }: KeyTableProps) {
  return (
    <DataTable
      label="Gateway keys"
      rows={keys}
      rowKey={({ id }) => id}
      columns={keyColumns(controls)}
    />
  )
}

function limits({ allowedUpstreams, allowedModels }: GatewayKey): string {
  const parts = [
    allowedUpstreams === null ? '' : allowedUpstreams.join(', '),
    allowedModels === null ? '' : allowedModels.join(', '),
  ].filter((part) => part !== '')
  return parts.length === 0 ? 'everything' : visibleLine(parts.join('; '), LINE_MAX)
}

function keyColumns({
  mayRevoke,
  onRevoke,
  onHandOver,
  onLastUse,
}: Omit<KeyTableProps, 'keys'>): TableColumns<GatewayKey> {
  return [
    {
      title: 'Name',
      cell: (key) => (
        <span className={classes.two}>
          {visibleLine(key.name, LINE_MAX)}
          <small className={classes.mono}>{visibleLine(key.hint, 40)}</small>
        </span>
      ),
    },
    { title: 'State', cell: ({ state }) => <StateBadge state={state} /> },
    {
      title: 'Owner',
      cell: (key) => (
        <span className={classes.two}>
          {visibleLine(key.owner, LINE_MAX)}
          <KeyFlags flags={key.flags} endsAtMs={key.endsAtMs} />
        </span>
      ),
    },
    { title: 'Service', cell: ({ service }) => (service === '' ? '–' : visibleLine(service, 80)) },
    { title: 'May call', cell: (key) => limits(key) },
    {
      title: 'Expires',
      cell: ({ expiresAtMs }) => (expiresAtMs === null ? 'never' : <Moment ms={expiresAtMs} day />),
    },
    {
      title: 'Last used',
      cell: ({ lastUsedAtMs }) => (lastUsedAtMs === null ? 'never' : <Moment ms={lastUsedAtMs} />),
    },
    {
      title: 'Controls',
      isEnd: true,
      cell: (key) => (
        <>
          <Link
            to="/exchanges"
            search={{ q: `key:${key.id} last:30d` }}
            className={classes.action}
            aria-label={`Exchanges of the key ${visibleLine(key.name, 60)}`}
          >
            Exchanges
          </Link>
          <Button
            size="compact-xs"
            variant="subtle"
            aria-label={`Last use of the key ${visibleLine(key.name, 60)}`}
            onClick={() => onLastUse(key)}
          >
            Last use
          </Button>
          {key.state === 'active' && onHandOver !== null && (
            <Button
              size="compact-xs"
              variant="subtle"
              aria-label={`Hand over the key ${visibleLine(key.name, 60)}`}
              onClick={() => onHandOver(key)}
            >
              Hand over
            </Button>
          )}
          {key.state === 'active' && <LockButton kind="key" value={key.id} />}
          {key.state === 'active' && mayRevoke(key) && (
            <Button
              size="compact-xs"
              variant="subtle"
              color="red"
              aria-label={`Revoke the key ${visibleLine(key.name, 60)}`}
              onClick={() => onRevoke(key)}
            >
              Revoke
            </Button>
          )}
        </>
      ),
    },
  ]
}
