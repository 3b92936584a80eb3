/** What people ask of recorded exchanges: typed filters, facets, a histogram, changes in order; and who answers. */
import type { ExchangeId } from '../lib/ids.ts'
import type { ExchangeRow } from './record.ts'

/** Fields that can be filtered by value and counted. */
export const FACET_FIELDS = [
  'state',
  'outcome',
  'status',
  'errorCode',
  'principal',
  'service',
  'keyId',
  'upstream',
  'model',
  'dialect',
  'surface',
  'route',
] as const satisfies readonly (keyof ExchangeRow)[]

export type FacetField = (typeof FACET_FIELDS)[number]

/**
 * Values of one field are alternatives, fields are joined by "and". An empty text stands for "has none". `model` and
 * `surface` take a prefix that ends in `*`; `status` takes `4xx`.
 */
export interface ExchangeQuery {
  readonly sinceMs?: number
  /** Inclusive. */
  readonly untilMs?: number
  readonly values: Readonly<Partial<Record<FacetField, readonly string[]>>>
  readonly conversation?: string
  readonly durationMsMin?: number
  /** Only exchanges of these principals or keys: what a person may see as own. */
  readonly owner?: { readonly principals: readonly string[]; readonly keyIds: readonly string[] }
}

export interface FacetValue {
  /** Empty for exchanges that have none. */
  readonly value: string
  readonly count: number
}

export interface FacetCounts {
  readonly total: number
  /** Each field counted without its own filter, most frequent first. */
  readonly fields: Readonly<Record<FacetField, readonly FacetValue[]>>
}

export interface HistogramBucket {
  readonly startMs: number
  readonly complete: number
  readonly open: number
  readonly interrupted: number
  readonly refused: number
}

export interface ExchangeChange {
  /** Grows with every change of the index; equal for rows of one batch, which come in id order. */
  readonly seq: number
  readonly row: ExchangeRow
}

export interface ConversationRow {
  readonly id: string
  readonly by: string
  readonly principal: string
  readonly exchanges: number
  readonly firstAtMs: number
  readonly lastAtMs: number
  readonly lastExchange: ExchangeId
}

export interface ExchangeSearch {
  /** Newest first, strictly older than `before`. */
  readonly list: (
    query: ExchangeQuery,
    page: { readonly limit: number; readonly before?: ExchangeId },
  ) => Promise<readonly ExchangeRow[]>
  readonly facets: (query: ExchangeQuery, valuesMax: number) => Promise<FacetCounts>
  /** `buckets` buckets of equal width over `[fromMs, toMs)`; exchanges outside are not counted. */
  readonly histogram: (
    query: ExchangeQuery,
    range: { readonly fromMs: number; readonly toMs: number; readonly buckets: number },
  ) => Promise<readonly HistogramBucket[]>
  /** Rows that changed after `(seq, id)`, oldest change first. */
  readonly changes: (
    after: { readonly seq: number; readonly id: string },
    limit: number,
  ) => Promise<readonly ExchangeChange[]>
  /** The newest change; seq 0 when there is none. */
  readonly newest: () => Promise<{ readonly seq: number; readonly id: string }>
  /** Newest first by last exchange; conversations that were declared by an id. */
  readonly conversations: (
    query: ExchangeQuery,
    page: { readonly limit: number; readonly beforeExchange?: ExchangeId },
  ) => Promise<readonly ConversationRow[]>
  /** The exchanges whose answer had this id at the provider, and those that name it as the one before them. */
  readonly byResponse: (responseIds: readonly string[]) => Promise<{
    readonly answeredAs: readonly ExchangeRow[]
    readonly continuing: readonly ExchangeRow[]
  }>
}
