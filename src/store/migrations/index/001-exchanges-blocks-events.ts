/** The first shape of the index: exchanges, blocks, events and how far each instance has been indexed. */
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function exchangesBlocksEvents(
  db: Kysely<unknown>,
  types: EngineTypes,
): Promise<void> {
  await createExchanges(db, types)
  await createBlocks(db, types)
  await db.schema
    .createTable('events')
    .addColumn('id', types.text, (column) => column.primaryKey().notNull())
    .addColumn('type', types.text, (column) => column.notNull())
    .addColumn('at_ms', types.whole, (column) => column.notNull())
    .addColumn('actor', types.text, (column) => column.notNull())
    .addColumn('details', types.text, (column) => column.notNull())
    .addColumn('instance', types.text, (column) => column.notNull())
    .addColumn('segment', types.whole, (column) => column.notNull())
    .addColumn('byte_offset', types.whole, (column) => column.notNull())
    .modifyEnd(types.clustered)
    .execute()
  await db.schema
    .createTable('positions')
    .addColumn('instance', types.text, (column) => column.primaryKey().notNull())
    .addColumn('segment', types.whole, (column) => column.notNull())
    .addColumn('byte_offset', types.whole, (column) => column.notNull())
    .modifyEnd(types.clustered)
    .execute()
}

async function createExchanges(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .createTable('exchanges')
    .addColumn('id', types.text, (column) => column.primaryKey().notNull())
    .addColumn('state', types.text, (column) => column.notNull())
    .addColumn('outcome', types.text)
    .addColumn('received_at_ms', types.whole, (column) => column.notNull())
    .addColumn('ended_at_ms', types.whole)
    .addColumn('principal', types.text, (column) => column.notNull())
    .addColumn('principal_kind', types.text, (column) => column.notNull())
    .addColumn('key_id', types.text)
    .addColumn('service', types.text, (column) => column.notNull())
    .addColumn('declared_service', types.text, (column) => column.notNull())
    .addColumn('remote_address', types.text, (column) => column.notNull())
    .addColumn('user_agent', types.text, (column) => column.notNull())
    .addColumn('upstream', types.text, (column) => column.notNull())
    .addColumn('dialect', types.text)
    .addColumn('surface', types.text, (column) => column.notNull())
    .addColumn('route', types.text, (column) => column.notNull())
    .addColumn('mode', types.text, (column) => column.notNull())
    .addColumn('retention_class', types.text, (column) => column.notNull())
    .addColumn('method', types.text, (column) => column.notNull())
    .addColumn('path', types.text, (column) => column.notNull())
    .addColumn('model', types.text)
    .addColumn('stream', types.whole, (column) => column.notNull())
    .addColumn('status', types.whole)
    .addColumn('error_code', types.text)
    .addColumn('finish_reason', types.text)
    .addColumn('input_tokens', types.whole)
    .addColumn('output_tokens', types.whole)
    .addColumn('request_bytes', types.whole, (column) => column.notNull())
    .addColumn('answer_bytes', types.whole, (column) => column.notNull())
    .addColumn('stored_bytes', types.whole, (column) => column.notNull())
    .addColumn('first_byte_ms', types.real)
    .addColumn('duration_ms', types.real)
    .addColumn('instance', types.text, (column) => column.notNull())
    .addColumn('open_segment', types.whole, (column) => column.notNull())
    .addColumn('open_offset', types.whole, (column) => column.notNull())
    .addColumn('close_segment', types.whole)
    .addColumn('close_offset', types.whole)
    .modifyEnd(types.clustered)
    .execute()
  for (const column of ['principal', 'service', 'key_id', 'model', 'upstream']) {
    await db.schema
      .createIndex(`exchanges_${column}`)
      .on('exchanges')
      .columns([column, 'id'])
      .execute()
  }
  // Nearly every row is complete with status 200; those are found by walking the newest ids.
  await db.schema
    .createIndex('exchanges_state')
    .on('exchanges')
    .columns(['state', 'id'])
    .where(sql.ref('state'), '<>', sql.lit('complete'))
    .execute()
  await db.schema
    .createIndex('exchanges_status')
    .on('exchanges')
    .columns(['status', 'id'])
    .where(sql.ref('status'), '<>', sql.lit(200))
    .execute()
}

async function createBlocks(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .createTable('blocks')
    .addColumn('id', types.text, (column) => column.notNull())
    .addColumn('retention_class', types.text, (column) => column.notNull())
    .addColumn('instance', types.text, (column) => column.notNull())
    .addColumn('segment', types.whole, (column) => column.notNull())
    .addColumn('byte_offset', types.whole, (column) => column.notNull())
    .addColumn('bytes', types.whole, (column) => column.notNull())
    .addColumn('first_exchange', types.text, (column) => column.notNull())
    .addPrimaryKeyConstraint('blocks_key', ['id', 'retention_class', 'instance'])
    .modifyEnd(types.clustered)
    .execute()
}
