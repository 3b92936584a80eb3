/** Alerts on searches, which exchanges each has met, and how far the index has been read for them. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function searchAlerts(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .createTable('search_alerts')
    .addColumn('id', types.text, (column) => column.primaryKey().notNull())
    .addColumn('person', types.text, (column) => column.notNull())
    .addColumn('person_name', types.text, (column) => column.notNull())
    .addColumn('name', types.text, (column) => column.notNull())
    .addColumn('q', types.text, (column) => column.notNull())
    .addColumn('channel', types.text, (column) => column.notNull())
    .addColumn('enabled', types.whole, (column) => column.notNull())
    .addColumn('muted_until_ms', types.whole)
    .addColumn('every_ms', types.whole, (column) => column.notNull())
    .addColumn('created_at_ms', types.whole, (column) => column.notNull())
    .addColumn('matched', types.whole, (column) => column.notNull())
    .addColumn('sent', types.whole, (column) => column.notNull())
    .addColumn('last_sent_at_ms', types.whole)
    .addColumn('attempts', types.whole, (column) => column.notNull())
    .addColumn('retry_at_ms', types.whole)
    .addColumn('last_error', types.text, (column) => column.notNull())
    .addColumn('last_error_at_ms', types.whole)
    .addColumn('version', types.whole, (column) => column.notNull())
    .modifyEnd(types.clustered)
    .execute()
  await db.schema
    .createTable('search_alert_matches')
    .addColumn('alert', types.text, (column) => column.notNull())
    .addColumn('exchange', types.text, (column) => column.notNull())
    .addColumn('at_ms', types.whole, (column) => column.notNull())
    .addColumn('state', types.text, (column) => column.notNull())
    .addColumn('batch', types.text, (column) => column.notNull())
    .addPrimaryKeyConstraint('search_alert_matches_key', ['alert', 'exchange'])
    .modifyEnd(types.clustered)
    .execute()
  await db.schema
    .createIndex('search_alert_matches_batch')
    .on('search_alert_matches')
    .columns(['batch'])
    .execute()
  await db.schema
    .createTable('search_alert_place')
    .addColumn('name', types.text, (column) => column.primaryKey().notNull())
    .addColumn('seq', types.whole, (column) => column.notNull())
    .addColumn('id', types.text, (column) => column.notNull())
    .modifyEnd(types.clustered)
    .execute()
}
