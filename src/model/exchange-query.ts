/** What people ask of recorded exchanges: typed filters, facets, a histogram, changes in order; and who answers. */
import type { ExchangeId } from '../lib/ids.ts'
import type { FindingRow } from './masking.ts'
import type { ExchangeRow } from './record.ts'

const ROW_FIELDS = [
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
  'verdict',
] as const satisfies readonly (keyof ExchangeRow)[]

/** Fields of which an exchange has any number of values: each counts, and one that suits is enough. */
const LIST_FIELDS = {
  finding: 'findingsIn',
  entity: 'entities',
  rule: 'rules',
  fingerprint: 'fingerprints',
  tool: 'tools',
  policyRule: 'policyRules',
  tag: 'tags',
} as const satisfies Readonly<Record<string, keyof ExchangeRow>>

export type RowField = (typeof ROW_FIELDS)[number]
export type ListField = keyof typeof LIST_FIELDS
export type FacetField = RowField | ListField

/** Fields that can be filtered by value and counted. */
export const FACET_FIELDS = [
  ...ROW_FIELDS,
  'finding',
  'entity',
  'rule',
  'fingerprint',
  'tool',
  'policyRule',
  'tag',
] as const satisfies readonly FacetField[]

export function isListField(field: FacetField): field is ListField {
  return Object.hasOwn(LIST_FIELDS, field)
}

/** What a row has for a field; nothing where it has none. */
export function valuesOfRow(row: ExchangeRow, field: FacetField): readonly string[] {
  if (isListField(field)) return row[LIST_FIELDS[field]]
  const value = row[field]
  return value === null || value === '' ? [] : [String(value)]
}

/** What is measured, and can be compared. */
export const NUMBER_FIELDS = [
  'receivedAtMs',
  'durationMs',
  'status',
  'inputTokens',
  'outputTokens',
  'requestBytes',
  'answerBytes',
] as const satisfies readonly (keyof ExchangeRow)[]

export type NumberField = (typeof NUMBER_FIELDS)[number]

export type TextTest =
  | { readonly kind: 'none' }
  | { readonly kind: 'exact'; readonly text: string }
  | { readonly kind: 'prefix'; readonly text: string }

/** Joined by and, or, not. Of what an exchange does not have, every comparison is false. */
export type Condition =
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | {
      readonly kind: 'is'
      readonly field: FacetField | 'conversation'
      readonly test: TextTest
    }
  | {
      readonly kind: 'compare'
      readonly field: NumberField
      readonly operator: '<' | '<=' | '>' | '>='
      readonly value: number
    }

/** A condition, and how people write it. */
export interface Where {
  readonly text: string
  readonly condition: Condition
}

/**
 * Values of one field are alternatives, fields are joined by "and". An empty text stands for "has none". `model`,
 * `surface` and `tool` take a prefix that ends in `*`; `status` takes `4xx`; `fingerprint` any number of first digits.
 */
export interface ExchangeQuery {
  readonly sinceMs?: number
  /** Inclusive. */
  readonly untilMs?: number
  readonly values: Readonly<Partial<Record<FacetField, readonly string[]>>>
  /** Values that an exchange must not have; as written in `values`. */
  readonly not?: Readonly<Partial<Record<FacetField, readonly string[]>>>
  readonly conversation?: string
  readonly durationMsMin?: number
  readonly durationMsMax?: number
  /** What the fields above cannot say. Facets count with it. */
  readonly where?: Where
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

/** One value, whatever it was, and where it was met. */
export interface FindingGroup {
  readonly fingerprint: string
  readonly entity: string
  readonly rule: string
  readonly exchanges: number
  /** Declared ones. */
  readonly conversations: number
  readonly principals: number
  readonly firstAtMs: number
  readonly lastAtMs: number
}

export interface ExchangeSpan {
  readonly exchanges: number
  /** Null where there is none. */
  readonly firstAtMs: number | null
  readonly lastAtMs: number | null
  readonly inputTokens: number
  readonly outputTokens: number
}

/** Everything that is told of the exchanges of a query at once. */
export interface ExchangeProfile {
  readonly span: ExchangeSpan
  /** From the first to the last; nothing where there is none. */
  readonly volumes: readonly HistogramBucket[]
  readonly facets: FacetCounts
}

/** Exchanges of one upstream that went one way, in all and the newest of them. */
export interface UpstreamTally {
  readonly upstream: string
  /** `answered`: neither a success nor a failure of the upstream, as a 404. */
  readonly way: 'succeeded' | 'answered' | 'failed' | 'other'
  readonly state: ExchangeRow['state']
  readonly count: number
  readonly newest: ExchangeId
}

export interface ExchangeSearch {
  /** Newest first, strictly older than `before`. */
  readonly list: (
    query: ExchangeQuery,
    page: { readonly limit: number; readonly before?: ExchangeId },
  ) => Promise<readonly ExchangeRow[]>
  /** Oldest first, ids strictly above `after`. */
  readonly listForward: (after: string, limit: number) => Promise<readonly ExchangeRow[]>
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
  /** How the exchanges since then went, counted in one pass over them. */
  readonly upstreamTallies: (sinceMs: number) => Promise<readonly UpstreamTally[]>
  /** Newest first by last exchange; conversations that were declared by an id. */
  readonly conversations: (
    query: ExchangeQuery,
    page: { readonly limit: number; readonly beforeExchange?: ExchangeId },
  ) => Promise<readonly ConversationRow[]>
  readonly profile: (
    query: ExchangeQuery,
    bounds: { readonly buckets: number; readonly valuesMax: number },
  ) => Promise<ExchangeProfile>
  readonly findingsOf: (exchanges: readonly ExchangeId[]) => Promise<readonly FindingRow[]>
  /** What was found in the exchanges of the query, by fingerprint, in the most exchanges first. */
  readonly findingGroups: (query: ExchangeQuery, limit: number) => Promise<readonly FindingGroup[]>
  /** The exchanges whose answer had this id at the provider, and those that name it as the one before them. */
  /** The exchanges whose context is one of these, and those that continue one of them. */
  readonly byContext: (digests: readonly string[]) => Promise<{
    readonly ending: readonly ExchangeRow[]
    readonly continuing: readonly ExchangeRow[]
  }>
  readonly byResponse: (responseIds: readonly string[]) => Promise<{
    readonly answeredAs: readonly ExchangeRow[]
    readonly continuing: readonly ExchangeRow[]
  }>
}
