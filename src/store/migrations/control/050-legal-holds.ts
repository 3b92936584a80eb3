/** Legal holds, in force and released. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function legalHolds(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .createTable('legal_holds')
    .addColumn('id', types.text, (column) => column.primaryKey().notNull())
    .addColumn('scope', types.text, (column) => column.notNull())
    .addColumn('reason', types.text, (column) => column.notNull())
    .addColumn('set_by', types.text, (column) => column.notNull())
    .addColumn('set_by_name', types.text, (column) => column.notNull())
    .addColumn('set_at_ms', types.whole, (column) => column.notNull())
    .addColumn('released_by', types.text)
    .addColumn('released_by_name', types.text)
    .addColumn('released_at_ms', types.whole)
    .addColumn('release_reason', types.text)
    .modifyEnd(types.clustered)
    .execute()
}
