/** The roles of somebody, each with what it allows; roles that one cannot give are shown with the reason. */
import { Checkbox } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { Role } from '../../api/people.ts'
import { ROLES, ROLE_NAMES, clash, isRole } from './roles.ts'
import form from '../../ui/form.module.css'
import classes from './people.module.css'

interface RoleChoiceProps {
  readonly label: string
  readonly roles: readonly Role[]
  /** Roles that cannot be chosen, and why. */
  readonly isBarred?: (role: Role) => boolean
  readonly barredBecause?: string
  readonly onChange: (roles: readonly Role[]) => void
  readonly offered?: readonly Role[]
}

export function RoleChoice({
  label,
  roles,
  isBarred = () => false,
  barredBecause = '',
  onChange,
  offered = ROLE_NAMES,
}: RoleChoiceProps) {
  const warning = clash(roles)
  return (
    <Checkbox.Group
      label={label}
      value={[...roles]}
      onChange={(values) => onChange(values.filter(isRole))}
    >
      <div className={`${form.checks} ${form.options}`}>
        {offered.map((role) => (
          <Checkbox
            key={role}
            value={role}
            label={role}
            disabled={isBarred(role)}
            description={`${ROLES[role].may}; ${ROLES[role].mayNot}.`}
          />
        ))}
        {offered.some(isBarred) && <p className={form.note}>{barredBecause}</p>}
        {warning !== null && (
          <p className={classes.warning} role="status">
            <IconAlertTriangle size={16} stroke={1.7} aria-hidden="true" />
            {warning}
          </p>
        )}
      </div>
    </Checkbox.Group>
  )
}
