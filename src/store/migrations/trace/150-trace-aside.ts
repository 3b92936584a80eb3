/** Records that ended the index thread: how often, and which of them it no longer reads. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function traceAside(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .createTable('trace_aside')
    .addColumn('exchange', types.text, (column) => column.notNull())
    .addColumn('half', types.text, (column) => column.notNull())
    .addColumn('instance', types.text, (column) => column.notNull())
    .addColumn('segment', types.whole, (column) => column.notNull())
    .addColumn('byte_offset', types.whole, (column) => column.notNull())
    .addColumn('tries', types.whole, (column) => column.notNull())
    .addColumn('reason', types.text, (column) => column.notNull())
    .addPrimaryKeyConstraint('trace_aside_key', ['exchange', 'half'])
    .modifyEnd(types.clustered)
    .execute()
}
