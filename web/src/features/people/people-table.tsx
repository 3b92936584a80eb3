/** People with their roles and their state. */
import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { Person } from '../../api/people.ts'
import { LockButton } from '../locks/lock-button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import type { TableColumns } from '../../ui/data-table.tsx'
import { Moment } from '../../ui/moment.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import form from '../../ui/form.module.css'
import { RoleList } from './role-list.tsx'

interface PeopleTableProps {
  readonly people: readonly Person[]
  /** Id of whoever looks. */
  readonly self: string
  readonly mayChange: boolean
  readonly onEdit: (person: Person) => void
  readonly onLink: (person: Person) => void
  /** Null for who may not. */
  readonly onHoldings: ((person: Person) => void) | null
}

export function PeopleTable({ people, ...controls }: PeopleTableProps) {
  return (
    <DataTable
      label="People"
      rows={people}
      rowKey={({ id }) => id}
      columns={peopleColumns(controls)}
    />
  )
}

function peopleColumns({
  self,
  mayChange,
  onEdit,
  onLink,
  onHoldings,
}: Omit<PeopleTableProps, 'people'>): TableColumns<Person> {
  return [
    {
      title: 'Login',
      cell: (person) => (
        <span className={form.two}>
          <span>
            {visibleLine(person.login, 120)}
            {person.id === self && <span className={form.quiet}> (you)</span>}
          </span>
          {person.name !== '' && <small>{visibleLine(person.name, 120)}</small>}
        </span>
      ),
    },
    { title: 'Roles', cell: ({ roles }) => <RoleList roles={roles} /> },
    {
      title: 'Answers for',
      cell: ({ approverGroups }) => <ApproverGroups groups={approverGroups} />,
    },
    {
      title: 'State',
      cell: ({ disabled }) => <StateBadge state={disabled ? 'disabled' : 'active'} />,
    },
    {
      title: 'Last login',
      cell: ({ lastLoginAtMs }) =>
        lastLoginAtMs === null ? 'never' : <Moment ms={lastLoginAtMs} />,
    },
    { title: 'Added', cell: ({ createdAtMs }) => <Moment ms={createdAtMs} day /> },
    {
      title: 'Controls',
      isEnd: true,
      cell: (person) => {
        const name = visibleLine(person.login, 60)
        return (
          <>
            <Link
              to="/audit"
              search={{ person: person.id }}
              className={form.action}
              aria-label={`Audit trail of ${name}`}
            >
              Trail
            </Link>
            {onHoldings !== null && (
              <Button
                size="compact-xs"
                variant="subtle"
                aria-label={`What ${name} answers for`}
                onClick={() => onHoldings(person)}
              >
                Answers for
              </Button>
            )}
            <LockButton kind="person" value={person.login} />
            {mayChange && !person.disabled && (
              <Button
                size="compact-xs"
                variant="subtle"
                aria-label={`Login link for ${name}`}
                onClick={() => onLink(person)}
              >
                Login link
              </Button>
            )}
            {mayChange && (
              <Button
                size="compact-xs"
                variant="subtle"
                aria-label={`Change ${name}`}
                onClick={() => onEdit(person)}
              >
                Change
              </Button>
            )}
          </>
        )
      },
    },
  ]
}

/** Groups of approvers, who says so, and until when a login counts. */
function ApproverGroups({ groups }: { readonly groups: Person['approverGroups'] }) {
  if (groups.length === 0) return <span className={form.quiet}>–</span>
  return (
    <span className={form.two}>
      {groups.map(({ name, by, untilMs }) => (
        <span key={`${name} ${by}`}>
          {visibleLine(name, 60)}{' '}
          <small className={form.quiet}>
            {visibleLine(by, 80)}
            {untilMs !== null && (
              <>
                {' until '}
                <Moment ms={untilMs} />
              </>
            )}
          </small>
        </span>
      ))}
    </span>
  )
}
