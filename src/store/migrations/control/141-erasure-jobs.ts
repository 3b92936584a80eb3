/** Erasures of a value: how far they came, what they found and what they erased; never the value. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function erasureJobs(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  const { text, whole } = types
  await db.schema
    .createTable('erasure_jobs')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('state', text, (column) => column.notNull())
    .addColumn('created_at_ms', whole, (column) => column.notNull())
    .addColumn('updated_at_ms', whole, (column) => column.notNull())
    .addColumn('body', text, (column) => column.notNull())
    .modifyEnd(types.clustered)
    .execute()
}
