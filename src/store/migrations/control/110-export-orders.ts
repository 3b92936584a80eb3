/** Exports that wait, or waited, for another person. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function exportOrders(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .createTable('export_orders')
    .addColumn('id', types.text, (column) => column.primaryKey().notNull())
    .addColumn('frozen', types.text, (column) => column.notNull())
    .addColumn('reason', types.text, (column) => column.notNull())
    .addColumn('asked_by', types.text, (column) => column.notNull())
    .addColumn('asked_by_name', types.text, (column) => column.notNull())
    .addColumn('asked_at_ms', types.whole, (column) => column.notNull())
    .addColumn('expires_at_ms', types.whole, (column) => column.notNull())
    .addColumn('decision', types.text)
    .addColumn('decided_by', types.text)
    .addColumn('decided_by_name', types.text)
    .addColumn('decided_at_ms', types.whole)
    .addColumn('decision_reason', types.text)
    .addColumn('bundle', types.text)
    .modifyEnd(types.clustered)
    .execute()
}
