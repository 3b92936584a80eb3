/** Requests to open restricted content, and what another person decided. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function contentAccesses(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .createTable('content_accesses')
    .addColumn('id', types.text, (column) => column.primaryKey().notNull())
    .addColumn('person', types.text, (column) => column.notNull())
    .addColumn('exchanges', types.text, (column) => column.notNull())
    .addColumn('reason', types.text, (column) => column.notNull())
    .addColumn('minutes', types.whole, (column) => column.notNull())
    .addColumn('created_at_ms', types.whole, (column) => column.notNull())
    .addColumn('due_at_ms', types.whole, (column) => column.notNull())
    .addColumn('state', types.text, (column) => column.notNull())
    .addColumn('decided_by', types.text)
    .addColumn('decided_at_ms', types.whole)
    .addColumn('decision_reason', types.text, (column) => column.notNull())
    .addColumn('expires_at_ms', types.whole)
    .addColumn('ended_at_ms', types.whole)
    .modifyEnd(types.clustered)
    .execute()
  await db.schema
    .createIndex('content_accesses_person')
    .on('content_accesses')
    .columns(['person', 'id'])
    .execute()
}
