/** Login by a one-time link: its token comes in the fragment, which no server sees, and leaves the address at once. */
import { Loader } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useSyncExternalStore } from 'react'
import { logIn } from '../api/access.ts'
import { isApiProblem } from '../api/client.ts'
import { Door } from '../features/access/door.tsx'
import { enter } from '../query-client.ts'
import { currentToken, onToken, pageOfLink } from '../features/access/login-token.ts'
import { SignedOut } from '../features/access/signed-out.tsx'

export function Login() {
  const token = useSyncExternalStore(onToken, currentToken)
  const asked = useRef<string | null>(null)
  const client = useQueryClient()
  const navigate = useNavigate()
  const { mutate, error } = useMutation({
    mutationFn: logIn,
    onSuccess: async (me) => {
      enter(client, me)
      await navigate({ to: pageOfLink(), replace: true })
    },
  })
  useEffect(() => {
    if (token === null || asked.current === token) return
    asked.current = token
    mutate(token)
  }, [token, mutate])
  if (token === null) return <SignedOut />
  if (error === null)
    return (
      <Door title="Signing in">
        <Loader size="sm" aria-label="Signing in" />
      </Door>
    )
  const unreachable = isApiProblem(error, 0)
  return (
    <Door title={unreachable ? 'The gateway cannot be reached' : 'This link does not work'}>
      <p role="alert">
        {unreachable
          ? 'The link was not used. Open it again when the gateway runs.'
          : 'A login link works once and for a short time. Ask an admin for a new one.'}
      </p>
    </Door>
  )
}
