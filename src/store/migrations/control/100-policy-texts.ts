/** Texts of policy files that were in force, by hash: a record names its policy by hash for years. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function policyTexts(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .createTable('policy_texts')
    .addColumn('hash', types.text, (column) => column.primaryKey().notNull())
    .addColumn('text', types.text, (column) => column.notNull())
    .addColumn('file', types.text, (column) => column.notNull())
    .addColumn('kept_at_ms', types.whole, (column) => column.notNull())
    .execute()
}
