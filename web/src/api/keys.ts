/** Gateway keys: list, create, revoke. */
import { queryOptions } from '@tanstack/react-query'
import type {
  CreatedGatewayKey,
  GatewayKey,
  createKey,
  listKeys,
  revokeKey,
} from '../../../src/api/contract/keys.ts'
import { call } from './client.ts'
import type { CallInput } from './client.ts'

export type { CreatedGatewayKey, GatewayKey }
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
