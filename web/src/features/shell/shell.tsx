/** The frame around every page: navigation, who one is, help; or the door, when nobody is logged in. */
import { useQuery } from '@tanstack/react-query'
import { Outlet, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { meQuery } from '../../api/access.ts'
import { ProblemNotice } from '../../ui/notice.tsx'
import { SignedOut } from '../access/signed-out.tsx'
import { MeContext, mayCall } from '../access/me.ts'
import { useShortcuts } from '../keyboard/shortcuts.tsx'
import { AccountMenu } from './account-menu.tsx'
import { BrokenGlass } from './broken-glass.tsx'
import { HelpDialog } from './help-dialog.tsx'
import { Navigation } from './navigation.tsx'
import { PAGES } from './pages.ts'
import classes from './shell.module.css'

export function Shell() {
  const me = useQuery(meQuery)
  const navigate = useNavigate()
  const [helpShown, setHelpShown] = useState(false)
  const person = me.data ?? null
  const pages = PAGES.filter(
    ({ operation, needsAll = false }) =>
      person !== null && (needsAll ? person.may[operation] === 'all' : mayCall(person, operation)),
  )
  useShortcuts([
    ...pages.map(({ path, title, keys }) => ({
      keys,
      says: `Go to ${title}`,
      group: 'Everywhere',
      run: () => void navigate({ to: path }),
    })),
    { keys: '?', says: 'Show these keys', group: 'Everywhere', run: () => setHelpShown(true) },
  ])
  if (me.isPending) return <div className={classes.starting} role="status" aria-label="Starting" />
  if (me.isError) return <ProblemNotice error={me.error} retry={() => void me.refetch()} />
  if (person === null) return <SignedOut />
  return (
    <MeContext value={person}>
      <a className={classes.skip} href="#main">
        Skip to the page
      </a>
      <div className={classes.shell}>
        <Navigation pages={pages} onHelp={() => setHelpShown(true)}>
          <AccountMenu me={person} />
        </Navigation>
        <main id="main" className={classes.main} tabIndex={-1}>
          <BrokenGlass broken={person.breakGlass} />
          <Outlet />
        </main>
      </div>
      <HelpDialog isShown={helpShown} onClose={() => setHelpShown(false)} />
    </MeContext>
  )
}
