/** How the gateway runs: its state, its upstreams, and the trail of who did or read what. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type {
  AuditEvent,
  Status,
  Upstream,
  listAudit,
  listUpstreams,
  readStatus,
} from '../../../src/api/contract/operations.ts'
import { call } from './client.ts'

export type { AuditEvent, Status, Upstream }

const HEALTH_MS = 10_000
const EVENTS_PER_PAGE = 100
const FIRST_PAGE: string | null = null

export const upstreamsQuery = queryOptions({
  queryKey: ['upstreams'],
  queryFn: ({ signal }): Promise<{ items: Upstream[] }> =>
    call<typeof listUpstreams>('get', '/upstreams', { signal }),
  refetchInterval: HEALTH_MS,
})

export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: ({ signal }): Promise<Status> => call<typeof readStatus>('get', '/status', { signal }),
  refetchInterval: HEALTH_MS,
})

export interface AuditFilters {
  readonly person?: string
  readonly operation?: string
  readonly target?: string
  readonly outcome?: AuditEvent['outcome']
  readonly sinceMs?: number
  readonly untilMs?: number
}

export function auditQuery(filters: AuditFilters) {
  return infiniteQueryOptions({
    queryKey: ['audit', filters],
    queryFn: ({ signal, pageParam }): Promise<{ items: AuditEvent[]; next: string | null }> =>
      call<typeof listAudit>('get', '/audit', {
        signal,
        query: {
          ...filters,
          limit: EVENTS_PER_PAGE,
          ...(pageParam === null ? {} : { cursor: pageParam }),
        },
      }),
    initialPageParam: FIRST_PAGE,
    getNextPageParam: ({ next }) => next,
    gcTime: 10_000,
  })
}
