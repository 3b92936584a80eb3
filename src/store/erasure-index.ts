/** What erasure asks of the index, in queries that both engines share: references, tombstones, what has expired. */
import { sql } from 'kysely'
import { exchangeIdFloor, isExchangeId, type ExchangeId, type InstanceId } from '../lib/ids.ts'
import type { BlockRow, EvidenceEvent, ExchangeRow } from '../model/record.ts'
import type { IndexPosition } from './exchange-index.ts'
import { decodeExchange, decodePosition } from './row-codec.ts'
import type { IndexDb, TombstoneTable } from './schema.ts'

/** What stays of an erased exchange. Made from the event that announced the erasure, so that reindex makes it again. */
export interface Tombstone {
  readonly id: ExchangeId
  readonly erasedAtMs: number
  readonly erasure: string
  readonly event: string
  readonly cause: 'retention' | 'request'
  /** Name of the retention class, or kind of the request. */
  readonly rule: string
  readonly actor: string
  readonly reason: string
}

/** `holder` refers to the block or list `id`: an exchange, or a list by `REF_LIST` and its id. */
export interface BlockRef {
  readonly id: string
  readonly retentionClass: string
  readonly holder: string
}

export interface ErasedRows {
  readonly exchanges: readonly ExchangeId[]
  readonly blocks: readonly BlockRow[]
  readonly refs: readonly BlockRef[]
}

export interface ExpiredQuery {
  readonly retentionClass: string
  /** Only exchanges of this data folder. */
  readonly instances: readonly InstanceId[]
  /** Born before this id. */
  readonly before: ExchangeId
  /** Strictly after, for paging. */
  readonly after?: ExchangeId
  readonly limit: number
}

export interface ErasureIndex {
  readonly tombstone: (id: ExchangeId) => Promise<Tombstone | null>
  /** Newest ids first. */
  readonly tombstones: (filter: {
    readonly erasure?: string
    readonly before?: string
    readonly limit: number
  }) => Promise<readonly Tombstone[]>
  /** Erased ones that began in this time, its end left out. */
  readonly countErased: (fromMs: number, toMs: number) => Promise<number>
  /** Closed exchanges, oldest first. */
  readonly expired: (query: ExpiredQuery) => Promise<readonly ExchangeRow[]>
  readonly countExpired: (query: Omit<ExpiredQuery, 'limit' | 'after'>) => Promise<{
    readonly exchanges: number
    readonly bytes: number
    readonly oldestMs: number | null
  }>
  /** At most `limit` holders, in order of their names. */
  readonly holders: (
    id: string,
    retentionClass: string,
    limit: number,
  ) => Promise<readonly string[]>
  readonly refPositions: () => Promise<readonly IndexPosition[]>
  /** Adding twice is adding once. */
  readonly addRefs: (refs: readonly BlockRef[], position: IndexPosition) => Promise<void>
  /** Takes away the rows of these copies: nothing new will rely on them. */
  readonly forgetBlocks: (blocks: readonly BlockRow[]) => Promise<void>
  /** Puts them back, where no other copy of the same instance took their place. */
  readonly restoreBlocks: (blocks: readonly BlockRow[]) => Promise<void>
  /** Everything derived from what was erased. */
  readonly forget: (rows: ErasedRows) => Promise<void>
  /** Makes deleted rows leave the files of an embedded database, its write-ahead log included. */
  readonly scrub: () => Promise<void>
}

/** Holders that are lists begin with this; exchange ids never do. */
export const REF_LIST = 'list:'

/** 128 bits: two ids that share them would only keep a block longer. */
const refId = (blockId: string): string => blockId.slice(0, 32)

export const TOMBSTONE_COLUMNS = [
  'id',
  'at_ms',
  'erasure',
  'event',
  'cause',
  'rule',
  'actor',
  'reason',
  'change_seq',
] as const satisfies readonly (keyof TombstoneTable)[]

/** The tombstones that an event makes; none unless it announces an erasure. */
export function tombstonesOf(
  id: string,
  event: EvidenceEvent,
  seq: number,
): readonly TombstoneTable[] {
  if (event.type !== 'record.erased') return []
  const { details } = event
  const text = (name: string): string => String(details[name] ?? '')
  return (event.records ?? []).filter(isExchangeId).map((record) => ({
    id: record,
    at_ms: event.atMs,
    erasure: text('erasure'),
    event: id,
    cause: text('cause') === 'retention' ? 'retention' : 'request',
    rule: text('rule'),
    actor: event.actor,
    reason: text('reason'),
    change_seq: seq,
  }))
}

function decodeTombstone(row: TombstoneTable): Tombstone {
  const { at_ms, change_seq: _seq, ...rest } = row
  return { ...rest, erasedAtMs: at_ms }
}

/** Variables of one statement. */
const CHUNK = 200

function chunks<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const cut: (readonly Item[])[] = []
  for (let at = 0; at < items.length; at += CHUNK) cut.push(items.slice(at, at + CHUNK))
  return cut
}

export function createErasureIndex(db: IndexDb, scrub: () => Promise<void>): ErasureIndex {
  const expiredRows = (query: Omit<ExpiredQuery, 'limit' | 'after'>) =>
    db
      .selectFrom('exchanges')
      .where('retention_class', '=', query.retentionClass)
      .where('id', '<', query.before)
      .where('instance', 'in', [...query.instances])
      .where('state', '<>', 'open')
  return {
    tombstone: async (id) => {
      const row = await db
        .selectFrom('erased_exchanges')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst()
      return row === undefined ? null : decodeTombstone(row)
    },
    tombstones: async ({ erasure, before, limit }) => {
      let query = db.selectFrom('erased_exchanges').selectAll().orderBy('id', 'desc').limit(limit)
      if (erasure !== undefined) query = query.where('erasure', '=', erasure)
      if (before !== undefined) query = query.where(sql.ref('id'), '<', before)
      return (await query.execute()).map(decodeTombstone)
    },
    countErased: async (fromMs, toMs) => {
      const row = await db
        .selectFrom('erased_exchanges')
        .select(sql<number>`count(*)`.as('erased'))
        .where(sql.ref('id'), '>=', exchangeIdFloor(fromMs))
        .where(sql.ref('id'), '<', exchangeIdFloor(toMs))
        .executeTakeFirstOrThrow()
      return row.erased
    },
    expired: async (query) => {
      if (query.instances.length === 0) return []
      let select = expiredRows(query).selectAll().orderBy('id').limit(query.limit)
      if (query.after !== undefined) select = select.where('id', '>', query.after)
      return (await select.execute()).map(decodeExchange)
    },
    countExpired: async (query) => {
      if (query.instances.length === 0) return { exchanges: 0, bytes: 0, oldestMs: null }
      const row = await expiredRows(query)
        .select([
          sql<number>`count(*)`.as('exchanges'),
          sql<number | string>`coalesce(sum(stored_bytes), 0)`.as('bytes'),
          sql<number | null>`min(received_at_ms)`.as('oldestMs'),
        ])
        .executeTakeFirstOrThrow()
      return { exchanges: row.exchanges, bytes: Number(row.bytes), oldestMs: row.oldestMs }
    },
    holders: async (id, retentionClass, limit) => {
      const rows = await db
        .selectFrom('block_refs')
        .select('holder')
        .where('id', '=', refId(id))
        .where('retention_class', '=', retentionClass)
        .orderBy('holder')
        .limit(limit)
        .execute()
      return rows.map((row) => row.holder)
    },
    refPositions: async () =>
      (await db.selectFrom('ref_positions').selectAll().execute()).map(decodePosition),
    addRefs: async (refs, position) => {
      await db.transaction().execute(async (transaction) => {
        for (const part of chunks(refs)) {
          await transaction
            .insertInto('block_refs')
            .values(
              part.map(({ id, retentionClass, holder }) => ({
                id: refId(id),
                retention_class: retentionClass,
                holder,
              })),
            )
            .onConflict((conflict) => conflict.doNothing())
            .execute()
        }
        const { instance, segment, offset } = position
        await transaction
          .insertInto('ref_positions')
          .values({ instance, segment, byte_offset: offset })
          .onConflict((conflict) =>
            conflict.column('instance').doUpdateSet({ segment, byte_offset: offset }),
          )
          .execute()
      })
    },
    forgetBlocks: async (blocks) => {
      await db.transaction().execute((transaction) => deleteBlocks(transaction, blocks))
    },
    restoreBlocks: async (blocks) => {
      for (const part of chunks(blocks)) {
        await db
          .insertInto('blocks')
          .values(
            part.map((row) => ({
              id: row.id,
              retention_class: row.retentionClass,
              instance: row.instance,
              segment: row.segment,
              byte_offset: row.offset,
              bytes: row.bytes,
              first_exchange: row.firstExchange,
            })),
          )
          .onConflict((conflict) => conflict.doNothing())
          .execute()
      }
    },
    forget: async ({ exchanges, blocks, refs }) => {
      await db.transaction().execute(async (transaction) => {
        for (const part of chunks(exchanges)) {
          await transaction.deleteFrom('exchanges').where('id', 'in', part).execute()
          await transaction.deleteFrom('exchange_findings').where('exchange', 'in', part).execute()
        }
        await deleteBlocks(transaction, blocks)
        for (const { id, retentionClass, holder } of refs) {
          await transaction
            .deleteFrom('block_refs')
            .where('id', '=', refId(id))
            .where('retention_class', '=', retentionClass)
            .where('holder', '=', holder)
            .execute()
        }
      })
    },
    scrub,
  }
}

async function deleteBlocks(db: IndexDb, blocks: readonly BlockRow[]): Promise<void> {
  for (const { id, retentionClass, instance, segment, offset } of blocks) {
    await db
      .deleteFrom('blocks')
      .where('id', '=', id)
      .where('retention_class', '=', retentionClass)
      .where('instance', '=', instance)
      .where('segment', '=', segment)
      .where('byte_offset', '=', offset)
      .execute()
  }
}
