/** Locks: on what, why, by whom, until when. */
import { Button } from '@mantine/core'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { Lock } from '../../api/locks.ts'
import { DataTable } from '../../ui/data-table.tsx'
import type { TableColumns } from '../../ui/data-table.tsx'
import { Moment } from '../../ui/moment.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import classes from '../../ui/form.module.css'

const LINE_MAX = 160

interface LockTableProps {
  readonly locks: readonly Lock[]
  readonly mayRelease: boolean
  readonly onRelease: (lock: Lock) => void
}

export function LockTable({ locks, mayRelease, onRelease }: LockTableProps) {
  return (
    <DataTable
      label="Locks"
      rows={locks}
      rowKey={({ id }) => id}
      columns={lockColumns({ mayRelease, onRelease })}
    />
  )
}

function lockColumns({ mayRelease, onRelease }: Omit<LockTableProps, 'locks'>): TableColumns<Lock> {
  return [
    {
      title: 'On',
      cell: (lock) => (
        <span className={classes.two}>
          {visibleLine(lock.value, LINE_MAX)}
          <small>{lock.kind}</small>
        </span>
      ),
    },
    { title: 'State', cell: ({ state }) => <StateBadge state={state} /> },
    {
      title: 'Reason',
      cell: ({ reason, releaseReason }) => (
        <span className={classes.two}>
          {visibleLine(reason, LINE_MAX)}
          {releaseReason !== '' && <small>released: {visibleLine(releaseReason, LINE_MAX)}</small>}
        </span>
      ),
    },
    { title: 'By', cell: ({ owner }) => visibleLine(owner, 80) },
    { title: 'Since', cell: ({ createdAtMs }) => <Moment ms={createdAtMs} /> },
    {
      title: 'Until',
      cell: ({ expiresAtMs, releasedAtMs }) => {
        if (releasedAtMs !== null) return <Moment ms={releasedAtMs} />
        return expiresAtMs === null ? 'released' : <Moment ms={expiresAtMs} />
      },
    },
    {
      title: 'Controls',
      isEnd: true,
      cell: (lock) =>
        mayRelease &&
        lock.state === 'held' && (
          <Button
            size="compact-xs"
            variant="subtle"
            aria-label={`Release the lock on ${visibleLine(lock.value, 60)}`}
            onClick={() => onRelease(lock)}
          >
            Release
          </Button>
        ),
    },
  ]
}
