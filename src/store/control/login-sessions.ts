/** Login sessions of people: found by the hash of their cookie, ended once. */
import type { Selectable } from 'kysely'
import type { LoginSessionRow, LoginSessionTable } from '../../model/people.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import type { ControlEngine } from './control-store.ts'
import { isUnstorable, storable } from './stored-text.ts'

export function createLoginSessionTable(db: ControlDb, engine: ControlEngine): LoginSessionTable {
  const one = async (column: 'id' | 'hash', value: string): Promise<LoginSessionRow | null> => {
    if (isUnstorable(value)) return null
    const row = await db
      .selectFrom('login_sessions')
      .selectAll()
      .where(column, '=', value)
      .executeTakeFirst()
    return row === undefined ? null : decode(row)
  }
  return {
    insert: async (row) => {
      await db.insertInto('login_sessions').values(encode(row)).execute()
    },
    byHash: (hash) => one('hash', hash),
    byId: (id) => one('id', id),
    active: async (person, nowMs) => {
      let query = db
        .selectFrom('login_sessions')
        .selectAll()
        .where('ended_at_ms', 'is', null)
        .where('expires_at_ms', '>', nowMs)
        .orderBy('id', 'desc')
      if (person !== null) query = query.where('person', '=', person)
      return (await query.execute()).map(decode)
    },
    seen: (id, atMs) =>
      engine.relaxed(async (relaxed) => {
        await relaxed
          .updateTable('login_sessions')
          .set({ last_seen_at_ms: atMs })
          .where('id', '=', id)
          .where('last_seen_at_ms', '<', atMs)
          .execute()
      }),
    end: async (id, atMs) => {
      if (isUnstorable(id)) return false
      const changed = await db
        .updateTable('login_sessions')
        .set({ ended_at_ms: atMs })
        .where('id', '=', id)
        .where('ended_at_ms', 'is', null)
        .executeTakeFirst()
      return changed.numUpdatedRows > 0n
    },
    endAllOf: async (person, atMs) => {
      await db
        .updateTable('login_sessions')
        .set({ ended_at_ms: atMs })
        .where('person', '=', person)
        .where('ended_at_ms', 'is', null)
        .execute()
    },
  }
}

type Stored = Selectable<ControlTables['login_sessions']>

function encode(row: LoginSessionRow): Stored {
  return {
    id: row.id,
    hash: row.hash,
    person: row.person,
    method: row.method,
    created_at_ms: row.createdAtMs,
    last_seen_at_ms: row.lastSeenAtMs,
    expires_at_ms: row.expiresAtMs,
    ended_at_ms: row.endedAtMs,
    address: storable(row.address),
    user_agent: storable(row.userAgent),
  }
}

function decode(row: Stored): LoginSessionRow {
  return {
    id: row.id,
    hash: row.hash,
    person: row.person,
    method: row.method,
    createdAtMs: row.created_at_ms,
    lastSeenAtMs: row.last_seen_at_ms,
    expiresAtMs: row.expires_at_ms,
    endedAtMs: row.ended_at_ms,
    address: row.address,
    userAgent: row.user_agent,
  }
}
