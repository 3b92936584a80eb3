/** Device logins and grants in the control database. */
import type { Selectable } from 'kysely'
import type { DeviceGrantRow, DeviceLoginRow, DeviceTable } from '../../model/devices.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import { isUnstorable, storable } from './stored-text.ts'

export function createDeviceTable(db: ControlDb): DeviceTable {
  const login = async (
    column: 'hash' | 'user_code',
    value: string,
  ): Promise<DeviceLoginRow | null> => {
    if (isUnstorable(value)) return null
    const row = await db
      .selectFrom('device_logins')
      .selectAll()
      .where(column, '=', value)
      .executeTakeFirst()
    return row === undefined ? null : decodeLogin(row)
  }
  return {
    begin: async (row) => {
      await db.deleteFrom('device_logins').where('expires_at_ms', '<=', row.createdAtMs).execute()
      const result = await db
        .insertInto('device_logins')
        .values({
          hash: row.hash,
          user_code: row.userCode,
          client: storable(row.client),
          address: storable(row.address),
          created_at_ms: row.createdAtMs,
          expires_at_ms: row.expiresAtMs,
          state: row.state,
          person: row.person,
        })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst()
      return (result.numInsertedOrUpdatedRows ?? 0n) > 0n
    },
    byUserCode: async (code, nowMs) => {
      const row = await login('user_code', code)
      return row === null || row.expiresAtMs <= nowMs ? null : row
    },
    byHash: (hash) => login('hash', hash),
    decide: async (code, { state, person }, nowMs) => {
      if (isUnstorable(code)) return false
      const changed = await db
        .updateTable('device_logins')
        .set({ state, person })
        .where('user_code', '=', code)
        .where('state', '=', 'pending')
        .where('expires_at_ms', '>', nowMs)
        .executeTakeFirst()
      return changed.numUpdatedRows > 0n
    },
    // One statement that deletes and returns: of two polls at once the database gives the row to one.
    take: async (hash) => {
      const row = await db
        .deleteFrom('device_logins')
        .where('hash', '=', hash)
        .where('state', '!=', 'pending')
        .returningAll()
        .executeTakeFirst()
      return row === undefined ? null : decodeLogin(row)
    },
    insertGrant: async (row) => {
      await db
        .insertInto('device_grants')
        .values({
          id: row.id,
          hash: row.hash,
          person: row.person,
          client: storable(row.client),
          key_id: row.keyId,
          created_at_ms: row.createdAtMs,
          expires_at_ms: row.expiresAtMs,
          revoked_at_ms: row.revokedAtMs,
        })
        .execute()
    },
    grant: async (hash) => {
      const row = await db
        .selectFrom('device_grants')
        .selectAll()
        .where('hash', '=', hash)
        .executeTakeFirst()
      return row === undefined ? null : decodeGrant(row)
    },
    revokeGrantsOf: async (person, atMs) => {
      await db
        .updateTable('device_grants')
        .set({ revoked_at_ms: atMs })
        .where('person', '=', person)
        .where('revoked_at_ms', 'is', null)
        .execute()
    },
  }
}

function decodeLogin(row: Selectable<ControlTables['device_logins']>): DeviceLoginRow {
  return {
    hash: row.hash,
    userCode: row.user_code,
    client: row.client,
    address: row.address,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    state: row.state,
    person: row.person,
  }
}

function decodeGrant(row: Selectable<ControlTables['device_grants']>): DeviceGrantRow {
  return {
    id: row.id,
    hash: row.hash,
    person: row.person,
    client: row.client,
    keyId: row.key_id,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    revokedAtMs: row.revoked_at_ms,
  }
}
