/** Me: who one is here, with which roles and how far they reach, one's login sessions and API tokens. */
import { visibleLine } from '../../../src/lib/visible-text.ts'
import { useMe } from '../features/access/me.ts'
import { LoginSessions } from '../features/people/login-sessions.tsx'
import { RoleLegend, RoleList } from '../features/people/role-list.tsx'
import { Tokens } from '../features/me/tokens.tsx'
import { Moment } from '../ui/moment.tsx'
import { Page } from '../ui/page.tsx'
import { Facts, Panel } from '../ui/panel.tsx'
import classes from './me.module.css'

export function MePage() {
  const me = useMe()
  const { person } = me
  return (
    <Page title="Me">
      <Panel title="Account">
        <div className={classes.account}>
          <Facts
            facts={[
              ['Login', visibleLine(person.login, 200)],
              ['Name', visibleLine(person.name, 200)],
              ['Roles', <RoleList key="roles" roles={me.roles} />],
              ['Content', contentReach(me.may)],
              [
                'Signed out when idle until',
                me.idleExpiresAtMs === null ? null : <Moment key="idle" ms={me.idleExpiresAtMs} />,
              ],
              [
                'Signed out in any case',
                me.expiresAtMs === null ? null : <Moment key="end" ms={me.expiresAtMs} />,
              ],
            ]}
          />
        </div>
      </Panel>
      <LoginSessions person={person.id} />
      <Tokens />
      <RoleLegend />
    </Page>
  )
}

function contentReach(may: Readonly<Record<string, 'all' | 'own'>>): string {
  if (may['content.reveal'] !== undefined) return 'masked; revealed with a reason'
  const reach = may['content.read']
  if (reach === undefined) return 'not read by your roles'
  return reach === 'own' ? 'your own exchanges, masked' : 'masked'
}
