/** Trust rules: list, make, change, hand over, remove; and the tokens that they made. */
import { queryOptions } from '@tanstack/react-query'
import type {
  TrustRule,
  createTrustRule,
  deleteTrustRule,
  handOverTrustRule,
  listExchangedTokens,
  listTrustRules,
  revokeExchangedToken,
  updateTrustRule,
} from '../../../src/api/contract/trust.ts'
import { call } from './client.ts'
import type { AnswerOf } from './client.ts'

export type { TrustRule }
export type ExchangedToken = AnswerOf<typeof listExchangedTokens>['items'][number]
export type WrittenRule = Record<string, unknown>

export const trustRulesQuery = queryOptions({
  queryKey: ['trust-rules'],
  queryFn: ({ signal }): Promise<{ items: TrustRule[] }> =>
    call<typeof listTrustRules>('get', '/trust-rules', { signal }),
  refetchInterval: 10_000,
})

export const exchangedTokensQuery = queryOptions({
  queryKey: ['exchanged-tokens'],
  queryFn: ({ signal }): Promise<{ items: ExchangedToken[] }> =>
    call<typeof listExchangedTokens>('get', '/exchanged-tokens', { signal }),
  refetchInterval: 10_000,
})

export function saveRule(
  name: string,
  rule: WrittenRule,
  /** Null makes a new one. */
  etag: string | null,
): Promise<TrustRule> {
  return etag === null
    ? call<typeof createTrustRule>('post', '/trust-rules', { body: { name, rule } })
    : call<typeof updateTrustRule>('put', '/trust-rules/{name}', {
        params: { name },
        ifMatch: etag,
        body: { rule },
      })
}

export function giveRule(name: string, owner: string): Promise<TrustRule> {
  return call<typeof handOverTrustRule>('post', '/trust-rules/{name}/hand-over', {
    params: { name },
    body: { owner },
  })
}

export function removeRule(name: string): Promise<unknown> {
  return call<typeof deleteTrustRule>('delete', '/trust-rules/{name}', { params: { name } })
}

export function revokeToken(id: string): Promise<unknown> {
  return call<typeof revokeExchangedToken>('post', '/exchanged-tokens/{id}/revoke', {
    params: { id },
  })
}
