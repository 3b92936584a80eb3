/** Versions of the policy that is edited in the console. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function policyVersions(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .createTable('policy_versions')
    .addColumn('version', types.whole, (column) => column.primaryKey().notNull())
    .addColumn('hash', types.text, (column) => column.notNull())
    .addColumn('text', types.text, (column) => column.notNull())
    .addColumn('author', types.text, (column) => column.notNull())
    .addColumn('author_name', types.text, (column) => column.notNull())
    .addColumn('note', types.text, (column) => column.notNull())
    .addColumn('created_at_ms', types.whole, (column) => column.notNull())
    .execute()
}
