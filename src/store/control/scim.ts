/** Provisioning clients, users and groups in the control database. */
import type { Selectable } from 'kysely'
import type {
  ScimClientRow,
  ScimClientTable,
  ScimGroupRow,
  ScimGroupTable,
  ScimTables,
  ScimUserRow,
  ScimUserTable,
} from '../../model/scim.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import type { ControlEngine } from './control-store.ts'
import { isUnstorable } from './stored-text.ts'

export function createScimTables(db: ControlDb, engine: ControlEngine): ScimTables {
  return {
    clients: createClientTable(db, engine),
    users: createUserTable(db),
    groups: createGroupTable(db),
  }
}

function createClientTable(db: ControlDb, engine: ControlEngine): ScimClientTable {
  return {
    insert: async (row) => {
      await db.insertInto('scim_clients').values(encodeClient(row)).execute()
    },
    byHash: async (hash) => {
      const row = await db
        .selectFrom('scim_clients')
        .selectAll()
        .where('hash', '=', hash)
        .executeTakeFirst()
      return row === undefined ? null : decodeClient(row)
    },
    list: async () => {
      const rows = await db.selectFrom('scim_clients').selectAll().orderBy('id').execute()
      return rows.map(decodeClient)
    },
    used: (id, atMs) =>
      engine.relaxed(async (relaxed) => {
        await relaxed
          .updateTable('scim_clients')
          .set({ last_used_at_ms: atMs })
          .where('id', '=', id)
          .execute()
      }),
    revoke: async (id, atMs) => {
      if (isUnstorable(id)) return false
      const changed = await db
        .updateTable('scim_clients')
        .set({ revoked_at_ms: atMs })
        .where('id', '=', id)
        .where('revoked_at_ms', 'is', null)
        .executeTakeFirst()
      return changed.numUpdatedRows > 0n
    },
  }
}

function createUserTable(db: ControlDb): ScimUserTable {
  const one = async (
    column: 'id' | 'user_name_folded' | 'external_id',
    value: string,
  ): Promise<ScimUserRow | null> => {
    if (isUnstorable(value)) return null
    let query = db.selectFrom('scim_users').selectAll().where(column, '=', value).orderBy('id')
    if (column === 'external_id') query = query.where('deleted_at_ms', 'is', null)
    const row = await query.executeTakeFirst()
    return row === undefined ? null : decodeUser(row)
  }
  return {
    insert: async (row) => {
      const result = await db
        .insertInto('scim_users')
        .values(encodeUser(row))
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst()
      return (result.numInsertedOrUpdatedRows ?? 0n) > 0n
    },
    byId: (id) => one('id', id),
    byUserName: (folded) => one('user_name_folded', folded),
    byExternalId: async (externalId) => (externalId === '' ? null : one('external_id', externalId)),
    list: async () => {
      const rows = await db
        .selectFrom('scim_users')
        .selectAll()
        .where('deleted_at_ms', 'is', null)
        .orderBy('id')
        .execute()
      return rows.map(decodeUser)
    },
    update: async (row) => {
      const { id, ...columns } = encodeUser(row)
      const changed = await db
        .updateTable('scim_users')
        .set(columns)
        .where('id', '=', id)
        .where('version', '=', row.version - 1)
        .executeTakeFirst()
      return changed.numUpdatedRows > 0n
    },
  }
}

function createGroupTable(db: ControlDb): ScimGroupTable {
  return {
    insert: async (row) => {
      await db.insertInto('scim_groups').values(encodeGroup(row)).execute()
    },
    byId: async (id) => {
      if (isUnstorable(id)) return null
      const row = await db
        .selectFrom('scim_groups')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst()
      return row === undefined ? null : decodeGroup(row)
    },
    list: async () => {
      const rows = await db.selectFrom('scim_groups').selectAll().orderBy('id').execute()
      return rows.map(decodeGroup)
    },
    update: async (row) => {
      const { id, ...columns } = encodeGroup(row)
      const changed = await db
        .updateTable('scim_groups')
        .set(columns)
        .where('id', '=', id)
        .where('version', '=', row.version - 1)
        .executeTakeFirst()
      return changed.numUpdatedRows > 0n
    },
    remove: async (id) => {
      if (isUnstorable(id)) return false
      const gone = await db.deleteFrom('scim_groups').where('id', '=', id).executeTakeFirst()
      return gone.numDeletedRows > 0n
    },
  }
}

const encodeClient = (row: ScimClientRow): Selectable<ControlTables['scim_clients']> => ({
  id: row.id,
  hash: row.hash,
  hint: row.hint,
  name: row.name,
  created_by: row.createdBy,
  created_at_ms: row.createdAtMs,
  expires_at_ms: row.expiresAtMs,
  last_used_at_ms: row.lastUsedAtMs,
  revoked_at_ms: row.revokedAtMs,
})

const decodeClient = (row: Selectable<ControlTables['scim_clients']>): ScimClientRow => ({
  id: row.id,
  hash: row.hash,
  hint: row.hint,
  name: row.name,
  createdBy: row.created_by,
  createdAtMs: row.created_at_ms,
  expiresAtMs: row.expires_at_ms,
  lastUsedAtMs: row.last_used_at_ms,
  revokedAtMs: row.revoked_at_ms,
})

const encodeUser = (row: ScimUserRow): Selectable<ControlTables['scim_users']> => ({
  id: row.id,
  client: row.client,
  external_id: row.externalId,
  user_name: row.userName,
  user_name_folded: row.userNameFolded,
  attributes: row.attributes,
  created_at_ms: row.createdAtMs,
  modified_at_ms: row.modifiedAtMs,
  deleted_at_ms: row.deletedAtMs,
  version: row.version,
})

const decodeUser = (row: Selectable<ControlTables['scim_users']>): ScimUserRow => ({
  id: row.id,
  client: row.client,
  externalId: row.external_id,
  userName: row.user_name,
  userNameFolded: row.user_name_folded,
  attributes: row.attributes,
  createdAtMs: row.created_at_ms,
  modifiedAtMs: row.modified_at_ms,
  deletedAtMs: row.deleted_at_ms,
  version: row.version,
})

const encodeGroup = (row: ScimGroupRow): Selectable<ControlTables['scim_groups']> => ({
  id: row.id,
  client: row.client,
  external_id: row.externalId,
  display_name: row.displayName,
  members: JSON.stringify(row.members),
  created_at_ms: row.createdAtMs,
  modified_at_ms: row.modifiedAtMs,
  version: row.version,
})

function decodeGroup(row: Selectable<ControlTables['scim_groups']>): ScimGroupRow {
  const members: unknown = JSON.parse(row.members)
  return {
    id: row.id,
    client: row.client,
    externalId: row.external_id,
    displayName: row.display_name,
    members: Array.isArray(members) ? members.filter((id) => typeof id === 'string') : [],
    createdAtMs: row.created_at_ms,
    modifiedAtMs: row.modified_at_ms,
    version: row.version,
  }
}
