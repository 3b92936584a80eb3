/** Legal holds: on what, who set them and why, who released them. */
import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { Hold } from '../../api/keeping.ts'
import { DataTable } from '../../ui/data-table.tsx'
import type { TableColumns } from '../../ui/data-table.tsx'
import { Moment } from '../../ui/moment.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import classes from '../../ui/form.module.css'

const LINE_MAX = 200

function What({ hold }: { readonly hold: Hold }) {
  if (hold.kind === 'exchange')
    return (
      <Link to="/exchanges/$id" params={{ id: hold.target }} className={classes.action}>
        {hold.target}
      </Link>
    )
  return <>{visibleLine(hold.scope, LINE_MAX)}</>
}

interface HoldTableProps {
  readonly holds: readonly Hold[]
  readonly mayRelease: boolean
  readonly onRelease: (hold: Hold) => void
}

export function HoldTable({ holds, ...may }: HoldTableProps) {
  return (
    <DataTable
      label="Legal holds"
      rows={holds}
      rowKey={({ id }) => id}
      columns={holdColumns(may)}
    />
  )
}

function holdColumns({ mayRelease, onRelease }: Omit<HoldTableProps, 'holds'>): TableColumns<Hold> {
  return [
    {
      title: 'Holds',
      cell: (hold) => (
        <span className={classes.two}>
          <What hold={hold} />
          <small className={classes.mono}>{hold.id}</small>
        </span>
      ),
    },
    {
      title: 'State',
      cell: ({ releasedAtMs }) => (
        <StateBadge state={releasedAtMs === null ? 'held' : 'released'} />
      ),
    },
    { title: 'Because', cell: ({ reason }) => visibleLine(reason, LINE_MAX) },
    {
      title: 'Set',
      cell: ({ setBy, setAtMs }) => (
        <span className={classes.two}>
          {visibleLine(setBy, 80)}
          <small>
            <Moment ms={setAtMs} />
          </small>
        </span>
      ),
    },
    {
      title: 'Released',
      cell: ({ releasedBy, releasedAtMs, releaseReason }) =>
        releasedAtMs === null ? (
          '–'
        ) : (
          <span className={classes.two}>
            {visibleLine(releasedBy ?? '', 80)}
            <small>{visibleLine(releaseReason ?? '', LINE_MAX)}</small>
          </span>
        ),
    },
    {
      title: 'Controls',
      isEnd: true,
      cell: (hold) =>
        mayRelease && hold.mayRelease ? (
          <Button
            size="compact-xs"
            variant="subtle"
            color="red"
            aria-label={`Release the hold ${hold.id}`}
            onClick={() => onRelease(hold)}
          >
            Release
          </Button>
        ) : null,
    },
  ]
}
