/** Asks the exchange index, in queries that both engines share. */
import { sql } from 'kysely'
import type { ExchangeId, InstanceId } from '../lib/ids.ts'
import { exchangeIdFloor } from '../lib/ids.ts'
import type { BlockRow, ExchangeRow } from '../model/record.ts'
import type { EventRow, ExchangeFilter, ExchangeIndex, IndexPosition } from './exchange-index.ts'
import { decodeBlock, decodeEvent, decodeExchange, decodePosition, keyText } from './row-codec.ts'
import type { ExchangeTable, IndexDb } from './schema.ts'

/** An id spells the time of its birth, which `receivedAtMs` repeats; a clock that steps between the two may move them apart. */
export const CLOCK_SLACK_MS = 24 * 60 * 60 * 1000

const IDS_MAX = 400

export interface IndexReader {
  readonly positions: () => Promise<readonly IndexPosition[]>
  readonly exchange: (id: ExchangeId) => Promise<ExchangeRow | null>
  readonly list: (filter: ExchangeFilter) => Promise<readonly ExchangeRow[]>
  readonly exchanges: (ids: readonly ExchangeId[]) => Promise<readonly ExchangeRow[]>
  readonly blocksLike: (prefix: string) => Promise<readonly BlockRow[]>
  readonly openExchanges: (instance: InstanceId) => Promise<readonly ExchangeRow[]>
  readonly events: (limit: number) => Promise<readonly EventRow[]>
  readonly eventsAfter: ExchangeIndex['eventsAfter']
  readonly eventsOf: (record: string, limit: number) => Promise<readonly EventRow[]>
  readonly eventsOfTypes: ExchangeIndex['eventsOfTypes']
  readonly keyringEvents: (limit: number) => Promise<readonly EventRow[]>
}

export function createIndexReader(db: IndexDb): IndexReader {
  return {
    positions: async () => {
      const rows = await db.selectFrom('positions').selectAll().orderBy('instance').execute()
      return rows.map(decodePosition)
    },
    exchange: async (id) => {
      const row = await db
        .selectFrom('exchanges')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst()
      return row === undefined ? null : decodeExchange(row)
    },
    exchanges: async (ids) => {
      const rows: ExchangeRow[] = []
      for (let at = 0; at < ids.length; at += IDS_MAX) {
        const part = ids.slice(at, at + IDS_MAX)
        const found = await db.selectFrom('exchanges').selectAll().where('id', 'in', part).execute()
        rows.push(...found.map(decodeExchange))
      }
      return rows
    },
    blocksLike: async (prefix) => {
      if (!/^[0-9a-f]{8,64}$/.test(prefix)) return []
      const rows = await db
        .selectFrom('blocks')
        .selectAll()
        .where('id', '>=', prefix)
        .where('id', '<=', prefix.padEnd(64, 'f'))
        .limit(IDS_MAX)
        .execute()
      return rows.map(decodeBlock)
    },
    list: async (filter) => {
      const rows = await listQuery(db, filter).execute()
      return rows.map(decodeExchange)
    },
    openExchanges: async (instance) => {
      const rows = await db
        .selectFrom('exchanges')
        .selectAll()
        .where('state', '=', 'open')
        .where('state', '<>', sql.lit('complete'))
        .where('instance', '=', instance)
        .orderBy('id', 'desc')
        .execute()
      return rows.map(decodeExchange)
    },
    events: async (limit) => {
      const rows = await db
        .selectFrom('events')
        .selectAll()
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return rows.map(decodeEvent)
    },
    eventsAfter: async (instances, { instance, segment, offset }, limit) => {
      const rows = await db
        .selectFrom('events')
        .selectAll()
        .where('instance', 'in', instances)
        .where(
          sql<boolean>`(instance, segment, byte_offset) > (${instance}, ${segment}, ${offset})`,
        )
        .orderBy('instance')
        .orderBy('segment')
        .orderBy('byte_offset')
        .limit(limit)
        .execute()
      return rows.map(decodeEvent)
    },
    eventsOf: async (record, limit) => {
      const rows = await db
        .selectFrom('events')
        .innerJoin('event_records', 'event_records.event', 'events.id')
        .selectAll('events')
        .where('event_records.record', '=', record)
        .orderBy('events.id')
        .limit(limit)
        .execute()
      return rows.map(decodeEvent)
    },
    eventsOfTypes: async (types) => {
      const rows = await db
        .selectFrom('events')
        .selectAll()
        .where('type', 'in', types)
        .orderBy('instance')
        .orderBy('segment')
        .orderBy('byte_offset')
        .execute()
      const events = rows.map(decodeEvent)
      return events.toSorted((one, other) => one.event.atMs - other.event.atMs)
    },
    keyringEvents: async (limit) => {
      const rows = await db
        .selectFrom('events')
        .selectAll()
        // Written as its index has it, which no parameter would be.
        .where(sql<boolean>`type like 'keyring.%'`)
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return rows.map(decodeEvent)
    },
  }
}

const EXACT = [
  ['principal', 'principal'],
  ['service', 'service'],
  ['keyId', 'key_id'],
  ['upstream', 'upstream'],
  ['state', 'state'],
] as const satisfies readonly (readonly [keyof ExchangeFilter, keyof ExchangeTable])[]

/** Exported so that a test can see which index answers it. */
export function listQuery(db: IndexDb, filter: ExchangeFilter) {
  let query = db.selectFrom('exchanges').selectAll().orderBy('id', 'desc').limit(filter.limit)
  for (const [field, column] of EXACT) {
    const value = filter[field]
    if (value !== undefined) query = query.where(sql.ref(column), '=', keyText(value))
  }
  // The partial indexes are used only by a query that repeats their condition.
  if (filter.state !== undefined && filter.state !== 'complete') {
    query = query.where('state', '<>', sql.lit('complete'))
  }
  if (filter.status !== undefined) {
    query = query.where('status', '=', filter.status)
    if (filter.status !== 200) query = query.where('status', '<>', sql.lit(200))
  }
  if (filter.before !== undefined) query = query.where('id', '<', filter.before)
  if (filter.sinceMs !== undefined) {
    query = query
      .where('received_at_ms', '>=', Math.ceil(filter.sinceMs))
      .where('id', '>=', exchangeIdFloor(filter.sinceMs - CLOCK_SLACK_MS))
  }
  if (filter.untilMs !== undefined) {
    query = query
      .where('received_at_ms', '<=', Math.floor(filter.untilMs))
      .where('id', '<', exchangeIdFloor(filter.untilMs + CLOCK_SLACK_MS))
  }
  if (filter.model === undefined) return query
  if (!filter.model.endsWith('*')) return query.where('model', '=', keyText(filter.model))
  const prefix = keyText(filter.model.slice(0, -1))
  const end = prefixEnd(prefix)
  query = query.where('model', '>=', prefix)
  return end === null ? query : query.where('model', '<', end)
}

/** The first text after every text that starts with `prefix`, in code point order; null when there is none. */
export function prefixEnd(prefix: string): string | null {
  const points = Array.from(prefix)
  while (points.length > 0) {
    const last = points.pop()?.codePointAt(0) ?? 0
    if (last === 0x10ffff) continue
    // Surrogates are no code points of a well-formed text.
    const next = last === 0xd7ff ? 0xe000 : last + 1
    return points.join('') + String.fromCodePoint(next)
  }
  return null
}
