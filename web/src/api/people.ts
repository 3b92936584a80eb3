/** People and their roles, login links, login sessions and API tokens. */
import { queryOptions } from '@tanstack/react-query'
import type {
  ApiToken,
  CreatedApiToken,
  LoginSession,
  createToken,
  listLoginSessions,
  listTokens,
  revokeLoginSession,
  revokeToken,
} from '../../../src/api/contract/access.ts'
import type {
  Holdings,
  LoginLink,
  Person,
  createLoginLink,
  createPerson,
  listPeople,
  readHoldings,
  updatePerson,
} from '../../../src/api/contract/people.ts'
import { call } from './client.ts'
import type { CallInput } from './client.ts'

export type { ApiToken, CreatedApiToken, LoginLink, LoginSession, Person }
export type Role = Person['roles'][number]
export type PersonWish = CallInput<typeof createPerson>['body']
export type PersonEdit = CallInput<typeof updatePerson>['body']
export type TokenWish = CallInput<typeof createToken>['body']

export const peopleQuery = queryOptions({
  queryKey: ['people'],
  queryFn: ({ signal }): Promise<{ items: Person[] }> =>
    call<typeof listPeople>('get', '/people', { signal }),
})

export function holdingsQuery(id: string) {
  return queryOptions({
    queryKey: ['holdings', id],
    queryFn: ({ signal }): Promise<Holdings> =>
      call<typeof readHoldings>('get', '/people/{id}/holdings', { params: { id }, signal }),
  })
}

export function addPerson(wish: PersonWish): Promise<Person> {
  return call<typeof createPerson>('post', '/people', { body: wish })
}

export function changePerson(person: Person, edit: PersonEdit): Promise<Person> {
  return call<typeof updatePerson>('patch', '/people/{id}', {
    params: { id: person.id },
    ifMatch: person.etag,
    body: edit,
  })
}

export function makeLoginLink(id: string): Promise<LoginLink> {
  return call<typeof createLoginLink>('post', '/people/{id}/login-link', { params: { id } })
}

export const loginSessionsQuery = queryOptions({
  queryKey: ['login-sessions'],
  queryFn: ({ signal }): Promise<{ items: LoginSession[] }> =>
    call<typeof listLoginSessions>('get', '/login-sessions', { signal }),
})

export function endLoginSession(id: string): Promise<undefined> {
  return call<typeof revokeLoginSession>('delete', '/login-sessions/{id}', { params: { id } })
}

export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: ({ signal }): Promise<{ items: ApiToken[] }> =>
    call<typeof listTokens>('get', '/tokens', { signal }),
  // Last use moves on while one looks.
  refetchInterval: 15_000,
})

export function makeToken(wish: TokenWish): Promise<CreatedApiToken> {
  return call<typeof createToken>('post', '/tokens', { body: wish })
}

export function endToken(id: string): Promise<undefined> {
  return call<typeof revokeToken>('delete', '/tokens/{id}', { params: { id } })
}
