/** The door: what one sees when nobody is logged in, and how to get in. */
import { Button, Loader } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useLocation } from '@tanstack/react-router'
import { loginMethodsQuery } from '../../api/access.ts'
import { Door } from './door.tsx'
import classes from './door.module.css'
import { loginProblemText } from './login-problem.ts'

export function SignedOut() {
  const methods = useQuery(loginMethodsQuery)
  const { href, pathname, searchStr } = useLocation()
  const problem = loginProblemText(new URLSearchParams(searchStr).get('problem') ?? '')
  const next = pathname === '/login' ? '' : `?next=${encodeURIComponent(href)}`
  const providers = methods.data?.methods.filter(({ startUrl }) => startUrl !== null) ?? []
  return (
    <Door title={problem?.title ?? 'You are signed out'}>
      {problem !== null && <p role="alert">{problem.text}</p>}
      {methods.isPending && <Loader size="sm" aria-label="Looking for ways to log in" />}
      {providers.map(({ name, title, startUrl }) => (
        <Button
          key={name}
          component="a"
          className={classes.way ?? ''}
          href={`${startUrl ?? ''}${next}`}
          fullWidth
        >
          {title}
        </Button>
      ))}
      {providers.length === 0 ? (
        <p>
          Open the one-time login link that you were given. The first one is printed when the
          gateway starts for the first time; after that an admin makes them, and each works once.
        </p>
      ) : (
        <p>A one-time login link, where you were given one, still works.</p>
      )}
    </Door>
  )
}
