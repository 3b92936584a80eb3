/** Notices about approvals that are to be delivered, were delivered, or could not be. */
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function notices(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  const { text, whole } = types
  await db.schema
    .createTable('notices')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('approval', text, (column) => column.notNull())
    .addColumn('step', whole, (column) => column.notNull())
    .addColumn('receiver', text, (column) => column.notNull())
    .addColumn('state', text, (column) => column.notNull())
    .addColumn('attempts', whole, (column) => column.notNull())
    .addColumn('due_at_ms', whole, (column) => column.notNull())
    .addColumn('created_at_ms', whole, (column) => column.notNull())
    .addColumn('sent_at_ms', whole)
    .addColumn('last_error', text, (column) => column.notNull())
    .addColumn('reference', text, (column) => column.notNull())
    .modifyEnd(types.clustered)
    .execute()
  await sql`create index notices_due on notices (due_at_ms) where state = 'due'`.execute(db)
  await db.schema
    .createIndex('notices_by_approval')
    .on('notices')
    .columns(['approval', 'receiver'])
    .execute()
}
