/** What erasure needs: tombstones, who refers to which stored block, and exchanges by retention class. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function erasure(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .createTable('erased_exchanges')
    .addColumn('id', types.text, (column) => column.primaryKey().notNull())
    .addColumn('at_ms', types.whole, (column) => column.notNull())
    .addColumn('erasure', types.text, (column) => column.notNull())
    .addColumn('event', types.text, (column) => column.notNull())
    .addColumn('cause', types.text, (column) => column.notNull())
    .addColumn('rule', types.text, (column) => column.notNull())
    .addColumn('actor', types.text, (column) => column.notNull())
    .addColumn('reason', types.text, (column) => column.notNull())
    .addColumn('change_seq', types.whole, (column) => column.notNull().defaultTo(0))
    .modifyEnd(types.clustered)
    .execute()
  await db.schema
    .createIndex('erased_exchanges_erasure')
    .on('erased_exchanges')
    .columns(['erasure', 'id'])
    .execute()
  await db.schema
    .createIndex('erased_exchanges_change')
    .on('erased_exchanges')
    .columns(['change_seq', 'id'])
    .execute()
  await db.schema
    .createTable('block_refs')
    .addColumn('id', types.text, (column) => column.notNull())
    .addColumn('retention_class', types.text, (column) => column.notNull())
    .addColumn('holder', types.text, (column) => column.notNull())
    .addPrimaryKeyConstraint('block_refs_key', ['id', 'retention_class', 'holder'])
    .modifyEnd(types.clustered)
    .execute()
  await db.schema
    .createTable('ref_positions')
    .addColumn('instance', types.text, (column) => column.primaryKey().notNull())
    .addColumn('segment', types.whole, (column) => column.notNull())
    .addColumn('byte_offset', types.whole, (column) => column.notNull())
    .modifyEnd(types.clustered)
    .execute()
  await db.schema
    .createIndex('exchanges_retention')
    .on('exchanges')
    .columns(['retention_class', 'id'])
    .execute()
}
