/** Alerts on searches in the control database: an exchange is a match of an alert once, and part of one batch. */
import type { Selectable } from 'kysely'
import type { ExchangeId } from '../../lib/ids.ts'
import type { SearchAlertRow, SearchAlertTable } from '../../model/search-alerts.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import { createAlertLetterTable } from './alert-letters.ts'
import { isUnstorable, storable } from './stored-text.ts'

const PLACE = 'index'

export function createSearchAlertTable(db: ControlDb): SearchAlertTable {
  const inBatch: SearchAlertTable['inBatch'] = async (batch) => {
    const rows = await db
      .selectFrom('search_alert_matches')
      .select('exchange')
      .where('batch', '=', batch)
      .orderBy('exchange')
      .execute()
    return rows.map(({ exchange }) => exchange)
  }
  return {
    letters: createAlertLetterTable(db),
    inBatch,
    insert: async (row) => {
      await db.insertInto('search_alerts').values(encode(row)).execute()
    },
    byId: async (id) => {
      if (isUnstorable(id)) return null
      const row = await db
        .selectFrom('search_alerts')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst()
      return row === undefined ? null : decode(row)
    },
    list: async () => {
      const rows = await db.selectFrom('search_alerts').selectAll().orderBy('id').execute()
      return rows.map(decode)
    },
    onViews: async (views) => {
      if (views.length === 0) return []
      const rows = await db
        .selectFrom('search_alerts')
        .selectAll()
        .where('view', 'in', [...views])
        .orderBy('id')
        .execute()
      return rows.map(decode)
    },
    update: async (row) => {
      const { id, ...columns } = encode(row)
      const changed = await db
        .updateTable('search_alerts')
        .set(columns)
        .where('id', '=', id)
        .where('version', '=', row.version - 1)
        .executeTakeFirst()
      return changed.numUpdatedRows > 0n
    },
    remove: async (id) => {
      await db.deleteFrom('search_alert_letters').where('alert', '=', id).execute()
      await db.deleteFrom('search_alert_matches').where('alert', '=', id).execute()
      await db.deleteFrom('search_alerts').where('id', '=', id).execute()
    },
    match: async (alert, exchanges, isMuted, atMs) => {
      const added: ExchangeId[] = []
      for (const exchange of exchanges) {
        const inserted = await db
          .insertInto('search_alert_matches')
          .values({ alert, exchange, at_ms: atMs, state: isMuted ? 'muted' : 'waiting', batch: '' })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst()
        if ((inserted.numInsertedOrUpdatedRows ?? 0n) > 0n) added.push(exchange)
      }
      return added
    },
    batch: async (alert, batchId) => {
      const left = await db
        .selectFrom('search_alert_matches')
        .select('batch')
        .where('alert', '=', alert)
        .where('state', '=', 'batched')
        .orderBy('batch')
        .executeTakeFirst()
      const id = left?.batch ?? batchId
      if (left === undefined) {
        const taken = await db
          .updateTable('search_alert_matches')
          .set({ state: 'batched', batch: batchId })
          .where('alert', '=', alert)
          .where('state', '=', 'waiting')
          .executeTakeFirst()
        if (taken.numUpdatedRows === 0n) return null
      }
      return { id, exchanges: await inBatch(id) }
    },
    sent: async (batchId) => {
      await db
        .updateTable('search_alert_matches')
        .set({ state: 'sent' })
        .where('batch', '=', batchId)
        .execute()
    },
    place: async () => {
      const row = await db
        .selectFrom('search_alert_place')
        .select(['seq', 'id'])
        .where('name', '=', PLACE)
        .executeTakeFirst()
      return row === undefined ? null : { seq: row.seq, id: row.id }
    },
    setPlace: async ({ seq, id }) => {
      await db
        .insertInto('search_alert_place')
        .values({ name: PLACE, seq, id })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ seq, id }))
        .execute()
    },
    forget: async (beforeMs) => {
      await db
        .deleteFrom('search_alert_matches')
        .where('at_ms', '<', beforeMs)
        .where('state', 'in', ['sent', 'dropped', 'muted'])
        .execute()
    },
  }
}

type Stored = Selectable<ControlTables['search_alerts']>

function encode(row: SearchAlertRow): Stored {
  return {
    id: row.id,
    person: row.person,
    person_name: storable(row.personName),
    view: row.view,
    name: storable(row.name),
    q: storable(row.q),
    channel: storable(row.channel),
    enabled: row.enabled ? 1 : 0,
    muted_until_ms: row.mutedUntilMs,
    every_ms: row.everyMs,
    created_at_ms: row.createdAtMs,
    matched: row.matched,
    sent: row.sent,
    last_sent_at_ms: row.lastSentAtMs,
    attempts: row.attempts,
    retry_at_ms: row.retryAtMs,
    last_error: storable(row.lastError),
    last_error_at_ms: row.lastErrorAtMs,
    version: row.version,
  }
}

function decode(row: Stored): SearchAlertRow {
  return {
    id: row.id,
    person: row.person,
    personName: row.person_name,
    view: row.view,
    name: row.name,
    q: row.q,
    channel: row.channel,
    enabled: row.enabled === 1,
    mutedUntilMs: row.muted_until_ms,
    everyMs: row.every_ms,
    createdAtMs: row.created_at_ms,
    matched: row.matched,
    sent: row.sent,
    lastSentAtMs: row.last_sent_at_ms,
    attempts: row.attempts,
    retryAtMs: row.retry_at_ms,
    lastError: row.last_error,
    lastErrorAtMs: row.last_error_at_ms,
    version: row.version,
  }
}
