/** Trust rules made in the console, and the short-lived tokens that were made by trust rules: hashes only. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function trustAndTokens(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .createTable('trust_rules')
    .addColumn('name', types.text, (column) => column.primaryKey().notNull())
    .addColumn('written', types.text, (column) => column.notNull())
    .addColumn('created_by', types.text, (column) => column.notNull())
    .addColumn('created_at_ms', types.whole, (column) => column.notNull())
    .addColumn('updated_at_ms', types.whole, (column) => column.notNull())
    .addColumn('version', types.whole, (column) => column.notNull())
    .modifyEnd(types.clustered)
    .execute()
  await db.schema
    .createTable('exchanged_tokens')
    .addColumn('id', types.text, (column) => column.primaryKey().notNull())
    .addColumn('hash', types.text, (column) => column.notNull().unique())
    .addColumn('principal', types.text, (column) => column.notNull())
    .addColumn('rule', types.text, (column) => column.notNull())
    .addColumn('grant_type', types.text, (column) => column.notNull())
    .addColumn('issued_at_ms', types.whole, (column) => column.notNull())
    .addColumn('expires_at_ms', types.whole, (column) => column.notNull())
    .addColumn('revoked_at_ms', types.whole)
    .modifyEnd(types.clustered)
    .execute()
  await db.schema
    .createIndex('exchanged_tokens_by_end')
    .on('exchanged_tokens')
    .columns(['expires_at_ms'])
    .execute()
}
