/** Device logins that wait for a yes, and the grants that follow. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function devices(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  const { text, whole } = types
  await db.schema
    .createTable('device_logins')
    .addColumn('hash', text, (column) => column.primaryKey().notNull())
    .addColumn('user_code', text, (column) => column.notNull())
    .addColumn('client', text, (column) => column.notNull())
    .addColumn('address', text, (column) => column.notNull())
    .addColumn('created_at_ms', whole, (column) => column.notNull())
    .addColumn('expires_at_ms', whole, (column) => column.notNull())
    .addColumn('state', text, (column) => column.notNull())
    .addColumn('person', text, (column) => column.notNull())
    .modifyEnd(types.clustered)
    .execute()
  await db.schema
    .createIndex('device_logins_user_code')
    .on('device_logins')
    .column('user_code')
    .unique()
    .execute()
  await db.schema
    .createTable('device_grants')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('hash', text, (column) => column.notNull())
    .addColumn('person', text, (column) => column.notNull())
    .addColumn('client', text, (column) => column.notNull())
    .addColumn('key_id', text, (column) => column.notNull())
    .addColumn('created_at_ms', whole, (column) => column.notNull())
    .addColumn('expires_at_ms', whole, (column) => column.notNull())
    .addColumn('revoked_at_ms', whole)
    .modifyEnd(types.clustered)
    .execute()
  await db.schema
    .createIndex('device_grants_hash')
    .on('device_grants')
    .column('hash')
    .unique()
    .execute()
  await db.schema.createIndex('device_grants_person').on('device_grants').column('person').execute()
}
