/** The trace index: epochs with their keys, how far each instance was read, numbers of exchanges, runs and their pages. */
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function traceIndex(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .createTable('trace_epochs')
    .addColumn('epoch', types.whole, (column) => column.primaryKey().notNull())
    .addColumn('retention_class', types.text, (column) => column.notNull())
    .addColumn('month', types.text, (column) => column.notNull())
    .addColumn('wrapped', types.text, (column) => column.notNull())
    .addUniqueConstraint('trace_epochs_of_class', ['retention_class', 'month'])
    .execute()
  await db.schema
    .createTable('trace_positions')
    .addColumn('version', types.whole, (column) => column.notNull())
    .addColumn('instance', types.text, (column) => column.notNull())
    .addColumn('segment', types.whole, (column) => column.notNull())
    .addColumn('byte_offset', types.whole, (column) => column.notNull())
    .addPrimaryKeyConstraint('trace_positions_key', ['version', 'instance'])
    .modifyEnd(types.clustered)
    .execute()
  await db.schema
    .createTable('trace_exchanges')
    .addColumn('number', types.whole, (column) => column.primaryKey().notNull())
    .addColumn('id', types.text, (column) => column.notNull().unique())
    .execute()
  await db.schema
    .createTable('trace_runs')
    .addColumn('run', types.whole, (column) => column.primaryKey().notNull())
    .addColumn('version', types.whole, (column) => column.notNull())
    .addColumn('epoch', types.whole, (column) => column.notNull())
    .addColumn('family', types.text, (column) => column.notNull())
    .addColumn('level', types.whole, (column) => column.notNull())
    .addColumn('postings', types.whole, (column) => column.notNull())
    .addColumn('bytes', types.whole, (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('trace_pages')
    .addColumn('run', types.whole, (column) => column.notNull())
    .addColumn('first_key', types.whole, (column) => column.notNull())
    .addColumn('data', types.bytes, (column) => column.notNull())
    .addPrimaryKeyConstraint('trace_pages_key', ['run', 'first_key'])
    .execute()
  // Postings look random: trying to compress them costs and gains nothing.
  if (types.engine === 'postgres') {
    await sql`alter table trace_pages alter column data set storage external`.execute(db)
  }
}
