/** The door: what one sees when nobody is logged in, and how to get in. */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { loginMethodsQuery } from '../../api/access.ts'
import { Door } from './door.tsx'

export function SignedOut() {
  const methods = useQuery(loginMethodsQuery)
  const started = methods.data?.methods.filter(({ startUrl }) => startUrl !== null) ?? []
  return (
    <Door title="You are signed out">
      {started.map(({ kind, title, startUrl }) => (
        <Button key={kind} component="a" href={startUrl ?? ''} fullWidth>
          {title}
        </Button>
      ))}
      <p>
        Open the one-time login link that you were given. The first one is printed when the gateway
        starts for the first time; after that an admin makes them, and each works once.
      </p>
    </Door>
  )
}
