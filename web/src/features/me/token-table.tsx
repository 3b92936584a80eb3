/** API tokens with their roles and their ends. */
import { Button } from '@mantine/core'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { ApiToken } from '../../api/people.ts'
import { DataTable } from '../../ui/data-table.tsx'
import type { TableColumns } from '../../ui/data-table.tsx'
import { Moment } from '../../ui/moment.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import form from '../../ui/form.module.css'
import { RoleList } from '../people/role-list.tsx'

interface TokenTableProps {
  readonly tokens: readonly ApiToken[]
  readonly onRevoke: (token: ApiToken) => void
}

export function TokenTable({ tokens, onRevoke }: TokenTableProps) {
  return (
    <DataTable
      label="API tokens"
      rows={tokens}
      rowKey={({ id }) => id}
      columns={tokenColumns(onRevoke)}
    />
  )
}

function tokenColumns(onRevoke: TokenTableProps['onRevoke']): TableColumns<ApiToken> {
  return [
    {
      title: 'Name',
      cell: (token) => (
        <span className={form.two}>
          {visibleLine(token.name, 120)}
          <small className={form.mono}>{visibleLine(token.hint, 40)}</small>
        </span>
      ),
    },
    { title: 'State', cell: ({ state }) => <StateBadge state={state} /> },
    { title: 'Roles', cell: ({ roles }) => <RoleList roles={roles} /> },
    { title: 'Expires', cell: ({ expiresAtMs }) => <Moment ms={expiresAtMs} day /> },
    {
      title: 'Last used',
      cell: ({ lastUsedAtMs }) => (lastUsedAtMs === null ? 'never' : <Moment ms={lastUsedAtMs} />),
    },
    {
      title: 'Controls',
      isEnd: true,
      cell: (token) =>
        token.state === 'active' && (
          <Button
            size="compact-xs"
            variant="subtle"
            color="red"
            aria-label={`Revoke the token ${visibleLine(token.name, 60)}`}
            onClick={() => onRevoke(token)}
          >
            Revoke
          </Button>
        ),
    },
  ]
}
