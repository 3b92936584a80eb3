/** What detection saw, by exchange; and the lists of it that every row of the index carries. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function exchangeFindings(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  for (const column of ['tools', 'findings_in', 'entities', 'rules', 'fingerprints']) {
    await db.schema
      .alterTable('exchanges')
      .addColumn(column, types.text, (added) => added.notNull().defaultTo(''))
      .execute()
  }
  await db.schema
    .createTable('exchange_findings')
    .addColumn('exchange', types.text, (column) => column.notNull())
    .addColumn('direction', types.text, (column) => column.notNull())
    .addColumn('entity', types.text, (column) => column.notNull())
    .addColumn('rule', types.text, (column) => column.notNull())
    .addColumn('score', types.real, (column) => column.notNull())
    .addColumn('fingerprint', types.text, (column) => column.notNull())
    .addColumn('operator', types.text, (column) => column.notNull())
    .addColumn('count', types.whole, (column) => column.notNull())
    .addPrimaryKeyConstraint('exchange_findings_key', [
      'exchange',
      'direction',
      'entity',
      'rule',
      'operator',
      'fingerprint',
    ])
    .modifyEnd(types.clustered)
    .execute()
  await db.schema
    .createIndex('exchange_findings_fingerprint')
    .on('exchange_findings')
    .columns(['fingerprint', 'exchange'])
    .execute()
}
