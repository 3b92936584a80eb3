/** What approvals still permit, and the button that ends it. */
import { Button } from '@mantine/core'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { Grant } from '../../api/approvals.ts'
import { DataTable } from '../../ui/data-table.tsx'
import type { TableColumns } from '../../ui/data-table.tsx'
import { Moment } from '../../ui/moment.tsx'
import classes from '../../ui/form.module.css'

interface GrantTableProps {
  readonly grants: readonly Grant[]
  readonly mayRevoke: boolean
  readonly onRevoke: (grant: Grant) => void
}

export function GrantTable({ grants, mayRevoke, onRevoke }: GrantTableProps) {
  return (
    <DataTable
      label="Grants"
      rows={grants}
      rowKey={({ id }) => id}
      columns={grantColumns(mayRevoke, onRevoke)}
    />
  )
}

function permits({ kind, masked }: Grant): string {
  const how = masked ? ', masked' : ''
  return kind === 'conversation' ? `its conversation${how}` : `the same request${how}`
}

function grantColumns(
  mayRevoke: boolean,
  onRevoke: GrantTableProps['onRevoke'],
): TableColumns<Grant> {
  return [
    {
      title: 'For',
      cell: ({ principal, upstream }) => (
        <span className={classes.two}>
          {visibleLine(principal, 120)}
          <small>to {upstream}</small>
        </span>
      ),
    },
    { title: 'Rules', cell: ({ rules }) => rules.map(({ rule }) => rule).join(', ') },
    { title: 'Permits', cell: permits },
    { title: 'Used', cell: ({ uses, usesMax }) => `${uses} of ${usesMax ?? 'any number'}` },
    { title: 'Until', cell: ({ expiresAtMs }) => <Moment ms={expiresAtMs} /> },
    { title: 'Granted by', cell: ({ grantedBy }) => visibleLine(grantedBy, 120) },
    {
      title: 'Controls',
      isEnd: true,
      cell: (grant) =>
        mayRevoke && (
          <Button
            size="compact-xs"
            variant="subtle"
            color="red"
            aria-label={`Revoke the grant for ${visibleLine(grant.principal, 60)}`}
            onClick={() => onRevoke(grant)}
          >
            Revoke
          </Button>
        ),
    },
  ]
}
