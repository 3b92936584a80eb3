/** Exchanges as lists, counts and single ones. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type {
  Exchange,
  ExchangeDetail,
  ExchangeProof,
  Facets,
  Histogram,
  checkExchange,
  countFacets,
  countHistogram,
  listExchanges,
  readExchange,
} from '../../../src/api/contract/exchanges.ts'
import { apiUrl, call } from './client.ts'

export type { Exchange, ExchangeDetail, ExchangeProof, Facets, Histogram }

/** Filters as the API takes them. */
export interface Filters {
  /** A written query, which holds together with the others. */
  readonly q?: string
  readonly sinceMs?: number
  readonly untilMs?: number
  readonly minDurationMs?: number
  readonly maxDurationMs?: number
  /** `parameter:value` texts. */
  readonly not?: string[]
  readonly conversation?: string
  readonly state?: Exchange['state'][]
  readonly outcome?: string[]
  readonly status?: string[]
  readonly errorCode?: string[]
  readonly principal?: string[]
  readonly service?: string[]
  readonly keyId?: string[]
  readonly upstream?: string[]
  readonly model?: string[]
  readonly dialect?: string[]
  readonly surface?: string[]
  readonly route?: string[]
  readonly finding?: ('request' | 'answer' | '')[]
  readonly entity?: string[]
  readonly rule?: string[]
  readonly fingerprint?: string[]
  readonly tool?: string[]
}

export const PAGE_ROWS = 200
/** Pages nobody looks at are dropped soon, so a long scroll does not fill the memory; they can be fetched again. */
const PAGE_KEPT_MS = 10_000

export interface Page {
  readonly items: readonly Exchange[]
  readonly next: string | null
}

export function pageQuery(
  filters: Filters,
  generation: number,
  page: { readonly index: number; readonly cursor: string | undefined },
) {
  return queryOptions({
    queryKey: ['exchanges', 'page', filters, generation, page.index],
    queryFn: ({ signal }): Promise<Page> =>
      call<typeof listExchanges>('get', '/exchanges', {
        signal,
        query: {
          ...filters,
          limit: PAGE_ROWS,
          ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
        },
      }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: PAGE_KEPT_MS,
  })
}

export function facetsQuery(filters: Filters, tick: number) {
  return queryOptions({
    queryKey: ['exchanges', 'facets', filters, tick],
    queryFn: ({ signal }): Promise<Facets> =>
      call<typeof countFacets>('get', '/exchanges/facets', {
        signal,
        query: { ...filters, values: 12 },
      }),
    placeholderData: keepPreviousData,
    gcTime: PAGE_KEPT_MS,
  })
}

export function histogramQuery(
  filters: Filters,
  range: { readonly fromMs: number; readonly toMs: number; readonly buckets: number },
) {
  const { sinceMs: _since, untilMs: _until, ...others } = filters
  return queryOptions({
    queryKey: ['exchanges', 'histogram', others, range],
    queryFn: ({ signal }): Promise<Histogram> =>
      call<typeof countHistogram>('get', '/exchanges/histogram', {
        signal,
        query: { ...others, ...range },
      }),
    placeholderData: keepPreviousData,
    gcTime: PAGE_KEPT_MS,
  })
}

export function liveUrl(filters: Filters): string {
  const { sinceMs: _since, untilMs: _until, ...others } = filters
  return apiUrl('/exchanges/live', { query: { ...others } })
}

export function exchangeQuery(id: string) {
  return queryOptions({
    queryKey: ['exchange', id],
    queryFn: ({ signal }): Promise<ExchangeDetail> =>
      call<typeof readExchange>('get', '/exchanges/{id}', { signal, params: { id } }),
    staleTime: 15_000,
    // One that goes on is looked at again until it has ended.
    refetchInterval: ({ state }) => (state.data?.exchange.state === 'open' ? 1_500 : false),
  })
}

export function proofQuery(id: string) {
  return queryOptions({
    queryKey: ['exchange', id, 'proof'],
    queryFn: ({ signal }): Promise<ExchangeProof> =>
      call<typeof checkExchange>('get', '/exchanges/{id}/proof', { signal, params: { id } }),
    staleTime: Number.POSITIVE_INFINITY,
  })
}
