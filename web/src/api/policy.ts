/** The policy: what is in force, its versions, and what is said of a new one. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type {
  Backtest,
  Explanation,
  PolicyCheck,
  PolicyNow,
  PolicyVersion,
  backtestPolicy,
  checkPolicy,
  explainExchange,
  listPolicyVersions,
  publishPolicy,
  readPolicyNow,
  readPolicyVersion,
} from '../../../src/api/contract/policy.ts'
import { call } from './client.ts'

export type { Backtest, Explanation, PolicyCheck, PolicyNow, PolicyVersion }
type VersionPage = { items: PolicyVersion[]; next: string | null }

export const policyQuery = queryOptions({
  queryKey: ['policy', 'now'],
  queryFn: ({ signal }): Promise<PolicyNow> =>
    call<typeof readPolicyNow>('get', '/policy', { signal }),
})

export const policyVersionsQuery = infiniteQueryOptions({
  queryKey: ['policy', 'versions'],
  queryFn: ({ signal, pageParam }): Promise<VersionPage> =>
    call<typeof listPolicyVersions>('get', '/policy/versions', {
      signal,
      query: pageParam === '' ? {} : { cursor: pageParam },
    }),
  initialPageParam: '',
  getNextPageParam: ({ next }) => next ?? undefined,
})

export function policyVersion(version: number): Promise<PolicyVersion & { text: string }> {
  return call<typeof readPolicyVersion>('get', '/policy/versions/{version}', {
    params: { version: String(version) },
  })
}

export function policyCheckQuery(text: string, enabled: boolean) {
  return queryOptions({
    queryKey: ['policy', 'check', text],
    enabled: enabled && text.trim() !== '',
    staleTime: Infinity,
    queryFn: ({ signal }): Promise<PolicyCheck> =>
      call<typeof checkPolicy>('post', '/policy/check', { signal, body: { text } }),
  })
}

export function explanationQuery(id: string) {
  return queryOptions({
    queryKey: ['exchanges', id, 'explanation'],
    queryFn: ({ signal }): Promise<Explanation> =>
      call<typeof explainExchange>('get', '/exchanges/{id}/explanation', {
        signal,
        params: { id },
      }),
  })
}

export function tryPolicy(text: string, days: number): Promise<Backtest> {
  return call<typeof backtestPolicy>('post', '/policy/backtest', { body: { text, days } })
}

export function publishVersion(wish: {
  text: string
  note: string
  basedOn: number
}): Promise<PolicyVersion> {
  return call<typeof publishPolicy>('post', '/policy', { body: wish })
}
