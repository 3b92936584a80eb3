/** Reveals: who opened which content, why, and until when. */
import type { Selectable } from 'kysely'
import type { RevealRow, RevealTable } from '../../model/control.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import { isUnstorable, storable } from './stored-text.ts'

export function createRevealTable(db: ControlDb): RevealTable {
  return {
    insert: async (row) => {
      await db.insertInto('reveals').values(encode(row)).execute()
    },
    list: async ({ person, activeAtMs, before, limit }) => {
      if (isUnstorable(person ?? '') || isUnstorable(before ?? '')) return []
      let query = db.selectFrom('reveals').selectAll().orderBy('id', 'desc').limit(limit)
      if (person !== undefined) query = query.where('person', '=', person)
      if (before !== undefined) query = query.where('id', '<', before)
      if (activeAtMs !== undefined) {
        query = query.where('expires_at_ms', '>', activeAtMs).where('ended_at_ms', 'is', null)
      }
      return (await query.execute()).map(decode)
    },
    end: async (id, person, atMs) => {
      if (isUnstorable(id)) return false
      const changed = await db
        .updateTable('reveals')
        .set({ ended_at_ms: atMs })
        .where('id', '=', id)
        .where('person', '=', person)
        .where('ended_at_ms', 'is', null)
        .where('expires_at_ms', '>', atMs)
        .executeTakeFirst()
      return changed.numUpdatedRows > 0n
    },
  }
}

type Stored = Selectable<ControlTables['reveals']>

function encode(row: RevealRow): Stored {
  return {
    id: row.id,
    person: row.person,
    scope: storable(JSON.stringify(row.scope)),
    reason: storable(row.reason),
    created_at_ms: row.createdAtMs,
    expires_at_ms: row.expiresAtMs,
    ended_at_ms: row.endedAtMs,
  }
}

function decode(row: Stored): RevealRow {
  return {
    id: row.id,
    person: row.person,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: `encode` wrote it
    scope: JSON.parse(row.scope) as RevealRow['scope'],
    reason: row.reason,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    endedAtMs: row.ended_at_ms,
  }
}
