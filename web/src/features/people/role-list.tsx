/** Roles as small labels, and the table that says what each is for. */
import type { Role } from '../../api/people.ts'
import { Panel } from '../../ui/panel.tsx'
import { ROLES, ROLE_NAMES } from './roles.ts'
import classes from './people.module.css'

export function RoleList({ roles }: { readonly roles: readonly Role[] }) {
  return (
    <span className={classes.roles}>
      {roles.map((role) => (
        <span key={role} data-role={role}>
          {role}
        </span>
      ))}
    </span>
  )
}

export function RoleLegend() {
  return (
    <Panel title="What the roles are for" note="nobody gives one to themselves">
      <dl className={classes.legend}>
        {ROLE_NAMES.map((role) => (
          <Line key={role} role={role} />
        ))}
      </dl>
    </Panel>
  )
}

function Line({ role }: { readonly role: Role }) {
  return (
    <>
      <dt>{role}</dt>
      <dd>
        {ROLES[role].may}; {ROLES[role].mayNot}.
      </dd>
    </>
  )
}
