/** Locks of containment: who locked what, why, until when, and who released it. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function locks(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .createTable('locks')
    .addColumn('id', types.text, (column) => column.primaryKey().notNull())
    .addColumn('kind', types.text, (column) => column.notNull())
    .addColumn('value', types.text, (column) => column.notNull())
    .addColumn('reason', types.text, (column) => column.notNull())
    .addColumn('owner', types.text, (column) => column.notNull())
    .addColumn('created_at_ms', types.whole, (column) => column.notNull())
    .addColumn('expires_at_ms', types.whole)
    .addColumn('released_at_ms', types.whole)
    .addColumn('released_by', types.text, (column) => column.notNull())
    .addColumn('release_reason', types.text, (column) => column.notNull())
    .modifyEnd(types.clustered)
    .execute()
  await db.schema.createIndex('locks_held').on('locks').columns(['released_at_ms']).execute()
}
