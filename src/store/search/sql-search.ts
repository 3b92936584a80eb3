/** Answers people's questions about exchanges in SQL that both engines share. */
import type { Expression, SelectQueryBuilder, SqlBool } from 'kysely'
import { sql } from 'kysely'
import type { ExchangeId } from '../../lib/ids.ts'
import type {
  ConversationRow,
  ExchangeQuery,
  ExchangeProfile,
  ExchangeSearch,
  ExchangeSpan,
  FacetCounts,
  FacetField,
  FacetValue,
  HistogramBucket,
  ListField,
} from '../../model/exchange-query.ts'
import { FACET_FIELDS, isListField } from '../../model/exchange-query.ts'
import type { ExchangeRow } from '../../model/record.ts'
import { decodeExchange, keyText } from '../row-codec.ts'
import type { IndexDb, IndexTables } from '../schema.ts'
import { createFindingSearch } from './finding-search.ts'
import { itemCounts, mostFrequent } from './facet-values.ts'
import { sharedFacets, type SharedFacets } from './shared-facets.ts'
import { upstreamTallies } from './upstream-tallies.ts'
import { conditionsOf } from './where-query.ts'
import { FACET_COLUMNS } from './where-value.ts'

export interface SearchEngine {
  /** A condition that leaves out changes which an older, unfinished transaction may still precede. */
  readonly settled: Expression<SqlBool> | null
  readonly counted: SharedFacets
}

const COMMON: SearchEngine = { settled: null, counted: sharedFacets }

export function createSqlSearch(
  db: IndexDb,
  { settled, counted }: SearchEngine = COMMON,
): ExchangeSearch {
  const facetsOf = (query: ExchangeQuery, valuesMax: number): Promise<FacetCounts> =>
    facets(db, query, valuesMax, counted)
  const changes = () => {
    const query = db.selectFrom('exchanges')
    return settled === null ? query : query.where(settled)
  }
  return {
    list: async (query, page) => {
      let select = filtered(db, query).selectAll().orderBy('id', 'desc').limit(page.limit)
      if (page.before !== undefined) select = select.where('id', '<', page.before)
      return (await select.execute()).map(decodeExchange)
    },
    listForward: async (after, limit) => {
      const rows = await db
        .selectFrom('exchanges')
        .selectAll()
        .where(sql<SqlBool>`id > ${after}`)
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map(decodeExchange)
    },
    facets: facetsOf,
    histogram: (query, range) => histogram(db, query, range),
    changes: async (after, limit) => {
      const rows = await changes()
        .selectAll()
        .where(sql<SqlBool>`(change_seq, id) > (${after.seq}, ${after.id})`)
        .orderBy('change_seq')
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map((row) => ({ seq: row.change_seq, row: decodeExchange(row) }))
    },
    newest: async () => {
      const row = await changes()
        .select(['change_seq', 'id'])
        .orderBy('change_seq', 'desc')
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst()
      return row === undefined ? { seq: 0, id: '' } : { seq: row.change_seq, id: row.id }
    },
    profile: async (query, bounds) =>
      profileFrom(await span(db, query), query, bounds, {
        facets: facetsOf,
        histogram: (asked, range) => histogram(db, asked, range),
      }),
    ...createFindingSearch(db),
    upstreamTallies: (sinceMs) => upstreamTallies(db, sinceMs),
    conversations: (query, page) => conversations(db, query, page),
    byContext: async (digests) => ({
      ending: await related(db, 'context_end', digests),
      continuing: await related(db, 'context_parent', digests),
    }),
    byResponse: async (ids) => ({
      answeredAs: await related(db, 'response_id', ids),
      continuing: await related(db, 'previous_response', ids),
    }),
  }
}

const RELATED_MAX = 500

async function related(
  db: IndexDb,
  column: 'response_id' | 'previous_response' | 'context_end' | 'context_parent',
  values: readonly string[],
): Promise<readonly ExchangeRow[]> {
  if (values.length === 0) return []
  const rows = await db
    .selectFrom('exchanges')
    .selectAll()
    .where(
      column,
      'in',
      values.map((value) => keyText(value)),
    )
    .orderBy('id')
    .limit(RELATED_MAX)
    .execute()
  return rows.map(decodeExchange)
}

type FieldCounts = Record<FacetField, readonly FacetValue[]>
type Exchanges = SelectQueryBuilder<IndexTables, 'exchanges', object>

function filtered(db: IndexDb, query: ExchangeQuery, except: FacetField | null = null): Exchanges {
  let select: Exchanges = db.selectFrom('exchanges')
  for (const condition of conditionsOf(query, except)) select = select.where(condition)
  return select
}

/** Most fields are counted in one pass; one that is asked for itself is counted without its own condition. */
async function facets(
  db: IndexDb,
  query: ExchangeQuery,
  valuesMax: number,
  counted: SharedFacets,
): Promise<FacetCounts> {
  const isAsked = (field: FacetField): boolean =>
    query.values[field] !== undefined || query.not?.[field] !== undefined
  const shared = FACET_FIELDS.filter((field) => !isAsked(field))
  const { total, fields } = await counted(db, filtered(db, query), shared, valuesMax)
  for (const field of FACET_FIELDS.filter(isAsked))
    fields.set(field, await facet(db, query, field, valuesMax))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every field of FACET_FIELDS was set
  return { total, fields: Object.fromEntries(fields) as FieldCounts }
}

async function span(db: IndexDb, query: ExchangeQuery): Promise<ExchangeSpan> {
  const row = await filtered(db, query)
    .select([
      sql<number>`count(*)`.as('exchanges'),
      sql<number | null>`min(received_at_ms)`.as('firstAtMs'),
      sql<number | null>`max(received_at_ms)`.as('lastAtMs'),
      sql<number | null>`cast(sum(input_tokens) as double precision)`.as('inputTokens'),
      sql<number | null>`cast(sum(output_tokens) as double precision)`.as('outputTokens'),
    ])
    .executeTakeFirstOrThrow()
  return { ...row, inputTokens: row.inputTokens ?? 0, outputTokens: row.outputTokens ?? 0 }
}

/** Buckets lie between the first exchange and the last. */
export async function profileFrom(
  span: ExchangeSpan,
  query: ExchangeQuery,
  bounds: { readonly buckets: number; readonly valuesMax: number },
  by: Pick<ExchangeSearch, 'facets' | 'histogram'>,
): Promise<ExchangeProfile> {
  const { firstAtMs, lastAtMs } = span
  const facets = await by.facets(query, bounds.valuesMax)
  if (firstAtMs === null || lastAtMs === null) return { span, volumes: [], facets }
  const range = { fromMs: firstAtMs, toMs: Math.max(lastAtMs, firstAtMs + bounds.buckets) + 1 }
  return { span, facets, volumes: await by.histogram(query, { ...range, buckets: bounds.buckets }) }
}

async function facet(
  db: IndexDb,
  query: ExchangeQuery,
  field: FacetField,
  valuesMax: number,
): Promise<readonly FacetValue[]> {
  if (isListField(field)) return listFacet(db, query, field, valuesMax)
  const value = sql<string>`coalesce(cast(${sql.ref(FACET_COLUMNS[field])} as text), '')`
  return filtered(db, query, field)
    .select([value.as('value'), sql<number>`count(*)`.as('count')])
    .groupBy(value)
    .orderBy('count', 'desc')
    .orderBy('value')
    .limit(valuesMax)
    .execute()
}

/** Lists repeat: each distinct one is taken apart once. */
async function listFacet(
  db: IndexDb,
  query: ExchangeQuery,
  field: ListField,
  valuesMax: number,
): Promise<readonly FacetValue[]> {
  const column = sql<string>`${sql.ref(FACET_COLUMNS[field])}`
  const rows = await filtered(db, query, field)
    .select([column.as('value'), sql<number>`count(*)`.as('count')])
    .groupBy(column)
    .execute()
  return mostFrequent(itemCounts(rows), valuesMax)
}

async function histogram(
  db: IndexDb,
  query: ExchangeQuery,
  range: { readonly fromMs: number; readonly toMs: number; readonly buckets: number },
): Promise<readonly HistogramBucket[]> {
  const { fromMs, toMs, buckets } = range
  const whole = (value: number) => sql`cast(${Math.round(value)} as bigint)`
  const bucket = sql<number>`(received_at_ms - ${whole(fromMs)}) * ${whole(buckets)} / ${whole(toMs - fromMs)}`
  const rows = await filtered(db, query)
    .select([bucket.as('bucket'), 'state', sql<number>`count(*)`.as('count')])
    .where('received_at_ms', '>=', Math.round(fromMs))
    .where('received_at_ms', '<', Math.round(toMs))
    .groupBy([sql`1`, 'state'])
    .execute()
  const counted = emptyBuckets(range)
  for (const row of rows) {
    const into = counted[row.bucket]
    if (into !== undefined) into[row.state] += row.count
  }
  return counted
}

type MutableBucket = { -readonly [Field in keyof HistogramBucket]: number }

export function emptyBuckets(range: {
  readonly fromMs: number
  readonly toMs: number
  readonly buckets: number
}): MutableBucket[] {
  const width = (range.toMs - range.fromMs) / range.buckets
  return Array.from({ length: range.buckets }, (_, at) => ({
    startMs: range.fromMs + at * width,
    complete: 0,
    open: 0,
    interrupted: 0,
    refused: 0,
  }))
}

/** The newest exchange of each conversation is found by walking back from now, one index probe a row. */
async function conversations(
  db: IndexDb,
  query: ExchangeQuery,
  page: { readonly limit: number; readonly beforeExchange?: ExchangeId },
): Promise<readonly ConversationRow[]> {
  let heads = filtered(db, query)
    .select(['id', 'conversation', 'conversation_by', 'principal'])
    .where('conversation', 'is not', null)
    .where(
      sql<SqlBool>`not exists (select 1 from exchanges as later
        where later.conversation = exchanges.conversation and later.id > exchanges.id)`,
    )
    .orderBy('id', 'desc')
    .limit(page.limit)
  if (page.beforeExchange !== undefined) heads = heads.where('id', '<', page.beforeExchange)
  const rows = await heads.execute()
  const ids = rows.flatMap((row) => (row.conversation === null ? [] : [row.conversation]))
  if (ids.length === 0) return []
  const counts = await db
    .selectFrom('exchanges')
    .select([
      'conversation',
      sql<number>`count(*)`.as('exchanges'),
      sql<number>`min(received_at_ms)`.as('firstAtMs'),
      sql<number>`max(received_at_ms)`.as('lastAtMs'),
    ])
    .where('conversation', 'in', ids)
    .groupBy('conversation')
    .execute()
  const countOf = new Map(counts.map((row) => [row.conversation, row]))
  return rows.map((row) => {
    const count = countOf.get(row.conversation)
    return {
      id: row.conversation ?? '',
      by: row.conversation_by ?? '',
      principal: row.principal,
      exchanges: count?.exchanges ?? 1,
      firstAtMs: count?.firstAtMs ?? 0,
      lastAtMs: count?.lastAtMs ?? 0,
      lastExchange: row.id,
    }
  })
}
