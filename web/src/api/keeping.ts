/** Legal holds, the plan of retention, erasures and exports. */
import { queryOptions } from '@tanstack/react-query'
import type {
  ErasurePreview,
  ErasureResult,
  Hold,
  RetentionPlan,
  Tombstone,
  createErasure,
  listErasures,
  listHolds,
  planRetention,
  previewErasure,
  readTombstone,
  releaseHold,
  setHold,
} from '../../../src/api/contract/keeping.ts'
import { call } from './client.ts'
import type { CallInput } from './client.ts'

export type { ErasurePreview, ErasureResult, Hold, RetentionPlan, Tombstone }
export type HoldScope = CallInput<typeof setHold>['body']['scope']
export type ErasureScope = CallInput<typeof createErasure>['body']['scope']

export const holdsQuery = queryOptions({
  queryKey: ['holds'],
  queryFn: ({ signal }) =>
    call<typeof listHolds>('get', '/holds', { query: { limit: 200 }, signal }),
})

export const planQuery = queryOptions({
  queryKey: ['retention'],
  queryFn: ({ signal }) =>
    call<typeof planRetention>('get', '/retention', { query: { horizonDays: 7 }, signal }),
  refetchInterval: 30_000,
})

export const erasuresQuery = queryOptions({
  queryKey: ['erasures'],
  queryFn: ({ signal }) =>
    call<typeof listErasures>('get', '/erasures', { query: { limit: 100 }, signal }),
})

export const tombstoneQuery = (id: string) =>
  queryOptions({
    queryKey: ['erasures', id],
    queryFn: ({ signal }) =>
      call<typeof readTombstone>('get', '/exchanges/{id}/erasure', { params: { id }, signal }),
    retry: false,
  })

export function makeHold(scope: HoldScope, reason: string): Promise<Hold> {
  return call<typeof setHold>('post', '/holds', { body: { scope, reason } })
}

export function endHold(id: string, reason: string): Promise<Hold> {
  return call<typeof releaseHold>('post', '/holds/{id}/release', {
    params: { id },
    body: { reason },
  })
}

export function askErasure(scope: ErasureScope, despiteMinimum: boolean): Promise<ErasurePreview> {
  return call<typeof previewErasure>('post', '/erasures/preview', {
    body: { scope, despiteMinimum },
  })
}

export function eraseNow(
  scope: ErasureScope,
  reason: string,
  despiteMinimum: boolean,
): Promise<ErasureResult> {
  return call<typeof createErasure>('post', '/erasures', {
    body: { scope, reason, despiteMinimum },
  })
}
