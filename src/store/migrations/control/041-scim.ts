/** Provisioning clients, and the users and groups that they keep here. */
import type { CreateTableBuilder, Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

type Columns = Readonly<Record<string, 'text' | 'whole' | 'whole?'>>

export async function scim(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  const table = async (name: string, columns: Columns): Promise<void> => {
    let builder: CreateTableBuilder<string, string> = db.schema
      .createTable(name)
      .addColumn('id', types.text, (column) => column.primaryKey().notNull())
    for (const [column, kind] of Object.entries(columns)) {
      builder = builder.addColumn(column, kind === 'text' ? types.text : types.whole, (built) =>
        kind.endsWith('?') ? built : built.notNull(),
      )
    }
    await builder.modifyEnd(types.clustered).execute()
  }
  await table('scim_clients', {
    hash: 'text',
    hint: 'text',
    name: 'text',
    created_by: 'text',
    created_at_ms: 'whole',
    expires_at_ms: 'whole?',
    last_used_at_ms: 'whole?',
    revoked_at_ms: 'whole?',
  })
  await table('scim_users', {
    client: 'text',
    external_id: 'text',
    user_name: 'text',
    user_name_folded: 'text',
    attributes: 'text',
    created_at_ms: 'whole',
    modified_at_ms: 'whole',
    deleted_at_ms: 'whole?',
    version: 'whole',
  })
  await table('scim_groups', {
    client: 'text',
    external_id: 'text',
    display_name: 'text',
    members: 'text',
    created_at_ms: 'whole',
    modified_at_ms: 'whole',
    version: 'whole',
  })
  const index = (table: string, column: string) =>
    db.schema.createIndex(`${table}_${column}`).on(table).column(column)
  await index('scim_clients', 'hash').unique().execute()
  await index('scim_users', 'user_name_folded').unique().execute()
  await index('scim_users', 'external_id').execute()
}
