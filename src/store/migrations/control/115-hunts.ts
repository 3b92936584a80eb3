/** Hunts: what is looked for in the record as a job, how far it came, and where something was found. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function hunts(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .createTable('hunts')
    .addColumn('id', types.text, (column) => column.primaryKey().notNull())
    .addColumn('kind', types.text, (column) => column.notNull())
    .addColumn('title', types.text, (column) => column.notNull())
    .addColumn('digest', types.text, (column) => column.notNull())
    .addColumn('source', types.text, (column) => column.notNull())
    .addColumn('scope', types.text, (column) => column.notNull())
    .addColumn('query', types.text, (column) => column.notNull())
    .addColumn('person', types.text, (column) => column.notNull())
    .addColumn('person_name', types.text, (column) => column.notNull())
    .addColumn('state', types.text, (column) => column.notNull())
    .addColumn('created_at_ms', types.whole, (column) => column.notNull())
    .addColumn('updated_at_ms', types.whole, (column) => column.notNull())
    .addColumn('bytes', types.whole, (column) => column.notNull())
    .addColumn('bytes_total', types.whole, (column) => column.notNull())
    .addColumn('place', types.text, (column) => column.notNull())
    .addColumn('hits', types.text, (column) => column.notNull())
    .addColumn('summary', types.text, (column) => column.notNull())
    .modifyEnd(types.clustered)
    .execute()
}
