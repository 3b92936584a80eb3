/** Who is logged in, how one logs in and out. */
import { queryOptions } from '@tanstack/react-query'
import type {
  LoggedOut,
  LoginMethods,
  Me,
  listLoginMethods,
  loginByLink,
  logout,
  readMe,
} from '../../../src/api/contract/access.ts'
import { call, isApiProblem } from './client.ts'

/** Null when nobody is logged in. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async ({ signal }): Promise<Me | null> => {
    try {
      return await call<typeof readMe>('get', '/me', { signal })
    } catch (error) {
      if (isApiProblem(error, 401)) return null
      throw error
    }
  },
  staleTime: 60_000,
})

export const loginMethodsQuery = queryOptions({
  queryKey: ['login-methods'],
  queryFn: ({ signal }): Promise<LoginMethods> =>
    call<typeof listLoginMethods>('get', '/login/methods', { signal }),
})

export function logIn(token: string): Promise<Me> {
  return call<typeof loginByLink>('post', '/login/link', { body: { token } })
}

export function logOut(): Promise<LoggedOut> {
  return call<typeof logout>('post', '/logout', {})
}
