/** Personal API tokens: hashes with the roles they carry. */
import type { Selectable } from 'kysely'
import type { ApiTokenRow, ApiTokenTable } from '../../model/people.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import type { ControlEngine } from './control-store.ts'
import { decodeRoles, isUnstorable, storable } from './stored-text.ts'

export function createApiTokenTable(db: ControlDb, engine: ControlEngine): ApiTokenTable {
  const one = async (column: 'id' | 'hash', value: string): Promise<ApiTokenRow | null> => {
    if (isUnstorable(value)) return null
    const row = await db
      .selectFrom('api_tokens')
      .selectAll()
      .where(column, '=', value)
      .executeTakeFirst()
    return row === undefined ? null : decode(row)
  }
  return {
    insert: async (row) => {
      await db.insertInto('api_tokens').values(encode(row)).execute()
    },
    byHash: (hash) => one('hash', hash),
    byId: (id) => one('id', id),
    ofPerson: async (person) => {
      const rows = await db
        .selectFrom('api_tokens')
        .selectAll()
        .where('person', '=', person)
        .orderBy('id', 'desc')
        .execute()
      return rows.map(decode)
    },
    used: (id, atMs) =>
      engine.relaxed(async (relaxed) => {
        await relaxed
          .updateTable('api_tokens')
          .set({ last_used_at_ms: atMs })
          .where('id', '=', id)
          .execute()
      }),
    revoke: async (id, atMs) => {
      if (isUnstorable(id)) return false
      const changed = await db
        .updateTable('api_tokens')
        .set({ revoked_at_ms: atMs })
        .where('id', '=', id)
        .where('revoked_at_ms', 'is', null)
        .executeTakeFirst()
      return changed.numUpdatedRows > 0n
    },
    revokeAllOf: async (person, atMs) => {
      await db
        .updateTable('api_tokens')
        .set({ revoked_at_ms: atMs })
        .where('person', '=', person)
        .where('revoked_at_ms', 'is', null)
        .execute()
    },
  }
}

type Stored = Selectable<ControlTables['api_tokens']>

function encode(row: ApiTokenRow): Stored {
  return {
    id: row.id,
    hash: row.hash,
    hint: row.hint,
    person: row.person,
    name: storable(row.name),
    roles: JSON.stringify(row.roles),
    created_at_ms: row.createdAtMs,
    expires_at_ms: row.expiresAtMs,
    last_used_at_ms: row.lastUsedAtMs,
    revoked_at_ms: row.revokedAtMs,
  }
}

function decode(row: Stored): ApiTokenRow {
  return {
    id: row.id,
    hash: row.hash,
    hint: row.hint,
    person: row.person,
    name: row.name,
    roles: decodeRoles(row.roles),
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    lastUsedAtMs: row.last_used_at_ms,
    revokedAtMs: row.revoked_at_ms,
  }
}
