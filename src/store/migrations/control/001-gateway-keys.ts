/** Gateway keys: hashes only, with what each key may do. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function gatewayKeys(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .createTable('gateway_keys')
    .addColumn('id', types.text, (column) => column.primaryKey().notNull())
    .addColumn('hash', types.text, (column) => column.notNull().unique())
    .addColumn('hint', types.text, (column) => column.notNull())
    .addColumn('name', types.text, (column) => column.notNull())
    .addColumn('owner', types.text, (column) => column.notNull())
    .addColumn('service', types.text, (column) => column.notNull())
    .addColumn('allowed_upstreams', types.text)
    .addColumn('allowed_models', types.text)
    .addColumn('created_at_ms', types.whole, (column) => column.notNull())
    .addColumn('expires_at_ms', types.whole)
    .addColumn('revoked_at_ms', types.whole)
    .addColumn('last_used_at_ms', types.whole)
    .modifyEnd(types.clustered)
    .execute()
}
