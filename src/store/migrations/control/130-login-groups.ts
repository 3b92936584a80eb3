/** Groups of each person's last login at an identity provider, as far as approvals ask for them. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function loginGroups(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .createTable('login_groups')
    .addColumn('person', types.text, (column) => column.primaryKey().notNull())
    .addColumn('provider', types.text, (column) => column.notNull())
    .addColumn('groups', types.text, (column) => column.notNull())
    .addColumn('at_ms', types.whole, (column) => column.notNull())
    .modifyEnd(types.clustered)
    .execute()
}
