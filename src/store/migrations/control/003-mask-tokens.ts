/** Tokens that stand for masked values; the values are encrypted for their callers before they come here. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function maskTokens(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .createTable('mask_tokens')
    .addColumn('scope', types.text, (column) => column.notNull())
    .addColumn('token', types.text, (column) => column.notNull())
    .addColumn('sealed', types.text, (column) => column.notNull())
    .addColumn('created_at_ms', types.whole, (column) => column.notNull())
    .addPrimaryKeyConstraint('mask_tokens_key', ['scope', 'token'])
    .modifyEnd(types.clustered)
    .execute()
  await db.schema
    .createIndex('mask_tokens_by_age')
    .on('mask_tokens')
    .columns(['scope', 'created_at_ms'])
    .execute()
}
