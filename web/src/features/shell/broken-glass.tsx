/** The banner over every page while a break-glass account is logged in. */
import { IconAlertTriangle } from '@tabler/icons-react'
import type { Me } from '../../../../src/api/contract/access.ts'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { Moment } from '../../ui/moment.tsx'
import classes from './shell.module.css'

export function BrokenGlass({ broken }: { readonly broken: Me['breakGlass'] }) {
  if (broken.length === 0) return null
  return (
    <div className={classes.broken} role="alert">
      <IconAlertTriangle size={16} stroke={1.8} aria-hidden="true" />
      <span>
        Break-glass account in use:{' '}
        {broken.map(({ login, sinceMs }, at) => (
          <span key={`${login} ${sinceMs}`}>
            {at > 0 && ', '}
            <strong>{visibleLine(login, 60)}</strong> since <Moment ms={sinceMs} />
          </span>
        ))}
        . If nobody asked for it, end the session under People and find out.
      </span>
    </div>
  )
}
