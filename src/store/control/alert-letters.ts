/** Batches of alerts that were given up, in the control database: they wait for a person, who has them sent again or drops them. */
import type { Selectable } from 'kysely'
import type { AlertLetter, AlertLetterTable } from '../../model/search-alerts.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import { isUnstorable, storable } from './stored-text.ts'

export function createAlertLetterTable(db: ControlDb): AlertLetterTable {
  const stateOfMatches = (batch: string, state: 'dead' | 'sent' | 'dropped') =>
    db.updateTable('search_alert_matches').set({ state }).where('batch', '=', batch).execute()
  return {
    giveUp: async ({ batch, alert, channel, attempts, error, sinceMs }) => {
      const letter = {
        state: 'dead',
        channel: storable(channel),
        attempts,
        error: storable(error),
        since_ms: sinceMs,
        due_at_ms: 0,
      } as const
      await db
        .insertInto('search_alert_letters')
        .values({ batch, alert, ...letter })
        .onConflict((conflict) => conflict.column('batch').doUpdateSet(letter))
        .execute()
      await stateOfMatches(batch, 'dead')
    },
    list: async (limit) => {
      const rows = await db
        .selectFrom('search_alert_letters')
        .selectAll()
        .where('state', '=', 'dead')
        .orderBy('since_ms', 'desc')
        .orderBy('batch')
        .limit(limit)
        .execute()
      return rows.map(decode)
    },
    count: async () => {
      const { count } = await db
        .selectFrom('search_alert_letters')
        .select(({ fn }) => fn.countAll().as('count'))
        .executeTakeFirstOrThrow()
      return Number(count)
    },
    ask: async (batches, nowMs) => {
      const asked: string[] = []
      for (const batch of batches.filter((one) => !isUnstorable(one))) {
        const changed = await db
          .updateTable('search_alert_letters')
          .set({ state: 'asked', due_at_ms: nowMs })
          .where('batch', '=', batch)
          .where('state', '=', 'dead')
          .executeTakeFirst()
        if (changed.numUpdatedRows > 0n) asked.push(batch)
      }
      return asked
    },
    drop: async (batches) => {
      const dropped: string[] = []
      for (const batch of batches.filter((one) => !isUnstorable(one))) {
        const gone = await db
          .deleteFrom('search_alert_letters')
          .where('batch', '=', batch)
          .where('state', '=', 'dead')
          .executeTakeFirst()
        if (gone.numDeletedRows === 0n) continue
        await stateOfMatches(batch, 'dropped')
        dropped.push(batch)
      }
      return dropped
    },
    take: async (nowMs, untilMs) => {
      const due = await db
        .selectFrom('search_alert_letters')
        .selectAll()
        .where('state', '=', 'asked')
        .where('due_at_ms', '<=', nowMs)
        .orderBy('batch')
        .execute()
      const taken: AlertLetter[] = []
      for (const row of due) {
        const changed = await db
          .updateTable('search_alert_letters')
          .set({ due_at_ms: untilMs })
          .where('batch', '=', row.batch)
          .where('state', '=', 'asked')
          .where('due_at_ms', '=', row.due_at_ms)
          .executeTakeFirst()
        if (changed.numUpdatedRows > 0n) taken.push(decode(row))
      }
      return taken
    },
    sent: async (batch) => {
      await db.deleteFrom('search_alert_letters').where('batch', '=', batch).execute()
      await stateOfMatches(batch, 'sent')
    },
  }
}

function decode(row: Selectable<ControlTables['search_alert_letters']>): AlertLetter {
  const { batch, alert, channel, attempts, error, since_ms: sinceMs } = row
  return { batch, alert, channel, attempts, error, sinceMs }
}
