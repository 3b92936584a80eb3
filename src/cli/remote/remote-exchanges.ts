/** Lists exchanges of a control plane, page by page. */
import type { Exchange } from '../../api/contract/exchanges.ts'
import { listExchanges } from '../../api/contract/exchanges.ts'
import type { ExchangeFilter } from '../../store/exchange-index.ts'
import type { ApiClient, Query } from './api-client.ts'

export const PAGE_MAX = 200

/** Filters of options, and a written query that holds with them. */
export interface RemoteFilter extends Omit<ExchangeFilter, 'limit' | 'before'> {
  readonly q?: string
}

export function filterQuery(filter: RemoteFilter): Query {
  const { sinceMs, untilMs, principal, service, keyId, model, upstream, status, state, q } = filter
  const written = q === undefined || q === '' ? {} : { q }
  return { sinceMs, untilMs, principal, service, keyId, model, upstream, status, state, ...written }
}

/** Newest first, `limit` rows in all. */
export async function* remotePages(
  api: ApiClient,
  filter: RemoteFilter,
  limit: number,
): AsyncGenerator<readonly Exchange[]> {
  let left = limit
  let cursor: string | null = null
  do {
    const { items, next }: { items: readonly Exchange[]; next: string | null } = await api.call(
      listExchanges,
      {
        query: {
          ...filterQuery(filter),
          limit: Math.min(left, PAGE_MAX),
          ...(cursor === null ? {} : { cursor }),
        },
      },
    )
    yield items
    left -= items.length
    cursor = next
    // Threat: a server that never comes to an end.
    if (items.length === 0) return
  } while (cursor !== null && left > 0)
}
