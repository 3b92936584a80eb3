/** Requests to open restricted content: the first decision holds, whoever makes it where. */
import type { Selectable } from 'kysely'
import type { AccessRow, AccessTable } from '../../model/restricted.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import { isUnstorable, storable } from './stored-text.ts'

export function createAccessTable(db: ControlDb): AccessTable {
  return {
    insert: async (row) => {
      await db.insertInto('content_accesses').values(encode(row)).execute()
    },
    byId: async (id) => {
      if (isUnstorable(id)) return null
      const row = await db
        .selectFrom('content_accesses')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst()
      return row === undefined ? null : decode(row)
    },
    list: async ({ person, state, activeAtMs, before, limit }) => {
      if (isUnstorable(person ?? '') || isUnstorable(before ?? '')) return []
      let query = db.selectFrom('content_accesses').selectAll().orderBy('id', 'desc').limit(limit)
      if (person !== undefined) query = query.where('person', '=', person)
      if (state !== undefined) query = query.where('state', '=', state)
      if (before !== undefined) query = query.where('id', '<', before)
      if (activeAtMs !== undefined)
        query = query
          .where('state', '=', 'granted')
          .where('expires_at_ms', '>', activeAtMs)
          .where('ended_at_ms', 'is', null)
      return (await query.execute()).map(decode)
    },
    decide: async (id, decision) => {
      if (isUnstorable(id)) return false
      const { numUpdatedRows } = await db
        .updateTable('content_accesses')
        .set({
          state: decision.state,
          decided_by: decision.by,
          decided_at_ms: decision.atMs,
          decision_reason: storable(decision.reason),
          expires_at_ms: decision.expiresAtMs,
        })
        .where('id', '=', id)
        .where('state', '=', 'pending')
        .where('ended_at_ms', 'is', null)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    end: async (id, person, atMs) => {
      if (isUnstorable(id)) return false
      const { numUpdatedRows } = await db
        .updateTable('content_accesses')
        .set({ ended_at_ms: atMs })
        .where('id', '=', id)
        .where('person', '=', person)
        .where('ended_at_ms', 'is', null)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
  }
}

type Stored = Selectable<ControlTables['content_accesses']>

function encode(row: AccessRow): Stored {
  return {
    id: row.id,
    person: row.person,
    exchanges: JSON.stringify(row.exchanges),
    reason: storable(row.reason),
    minutes: row.minutes,
    created_at_ms: row.createdAtMs,
    due_at_ms: row.dueAtMs,
    state: row.state,
    decided_by: row.decidedBy,
    decided_at_ms: row.decidedAtMs,
    decision_reason: storable(row.decisionReason),
    expires_at_ms: row.expiresAtMs,
    ended_at_ms: row.endedAtMs,
  }
}

function decode(row: Stored): AccessRow {
  return {
    id: row.id,
    person: row.person,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: `encode` wrote it
    exchanges: JSON.parse(row.exchanges) as readonly string[],
    reason: row.reason,
    minutes: row.minutes,
    createdAtMs: row.created_at_ms,
    dueAtMs: row.due_at_ms,
    state: row.state,
    decidedBy: row.decided_by,
    decidedAtMs: row.decided_at_ms,
    decisionReason: row.decision_reason,
    expiresAtMs: row.expires_at_ms,
    endedAtMs: row.ended_at_ms,
  }
}
