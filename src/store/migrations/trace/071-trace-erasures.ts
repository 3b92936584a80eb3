/** Exchanges that were erased and whose postings are still to be taken out. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function traceErasures(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .createTable('trace_erasures')
    .addColumn('exchange', types.text, (column) => column.primaryKey().notNull())
    .modifyEnd(types.clustered)
    .execute()
}
