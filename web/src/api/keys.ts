/** Gateway keys: list, create, revoke. */
import { queryOptions } from '@tanstack/react-query'
import type {
  CreatedGatewayKey,
  GatewayKey,
  KeyLastUse,
  createKey,
  handOverKey,
  listKeys,
  readKeyLastUse,
  revokeKey,
} from '../../../src/api/contract/keys.ts'
import { call } from './client.ts'
import type { CallInput } from './client.ts'

export type { CreatedGatewayKey, GatewayKey, KeyLastUse }
export type KeyWish = CallInput<typeof createKey>['body']

export const keysQuery = queryOptions({
  queryKey: ['keys'],
  queryFn: ({ signal }): Promise<{ items: GatewayKey[] }> =>
    call<typeof listKeys>('get', '/keys', { signal }),
  // Last use moves on while one looks.
  refetchInterval: 5_000,
})

export function makeKey(wish: KeyWish): Promise<CreatedGatewayKey> {
  return call<typeof createKey>('post', '/keys', { body: wish })
}

export function endKey(id: string): Promise<GatewayKey> {
  return call<typeof revokeKey>('post', '/keys/{id}/revoke', { params: { id } })
}

export function giveKey(id: string, owner: string): Promise<GatewayKey> {
  return call<typeof handOverKey>('post', '/keys/{id}/hand-over', {
    params: { id },
    body: { owner },
  })
}

/** Asked for by hand: each look is evidence. */
export function keyLastUseQuery(id: string) {
  return queryOptions({
    queryKey: ['key-last-use', id],
    queryFn: ({ signal }): Promise<KeyLastUse> =>
      call<typeof readKeyLastUse>('get', '/keys/{id}/last-use', { params: { id }, signal }),
    staleTime: 30_000,
  })
}
