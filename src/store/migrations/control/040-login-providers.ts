/** Identities at providers, logins under way, what providers want to hear at logout; who manages a person. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function loginProviders(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .alterTable('people')
    .addColumn('managed_by', types.text, (column) => column.notNull().defaultTo(''))
    .execute()
  await db.schema
    .createTable('identities')
    .addColumn('id', types.text, (column) => column.primaryKey().notNull())
    .addColumn('person', types.text, (column) => column.notNull())
    .addColumn('provider', types.text, (column) => column.notNull())
    .addColumn('issuer', types.text, (column) => column.notNull())
    .addColumn('subject', types.text, (column) => column.notNull())
    .addColumn('created_at_ms', types.whole, (column) => column.notNull())
    .addColumn('last_login_at_ms', types.whole, (column) => column.notNull())
    .modifyEnd(types.clustered)
    .execute()
  await db.schema
    .createIndex('identities_issuer_subject')
    .on('identities')
    .columns(['issuer', 'subject'])
    .unique()
    .execute()
  await db.schema.createIndex('identities_person').on('identities').column('person').execute()
  await db.schema
    .createTable('login_attempts')
    .addColumn('hash', types.text, (column) => column.primaryKey().notNull())
    .addColumn('provider', types.text, (column) => column.notNull())
    .addColumn('next', types.text, (column) => column.notNull())
    .addColumn('created_at_ms', types.whole, (column) => column.notNull())
    .addColumn('expires_at_ms', types.whole, (column) => column.notNull())
    .modifyEnd(types.clustered)
    .execute()
  await db.schema
    .createTable('seen_once')
    .addColumn('hash', types.text, (column) => column.primaryKey().notNull())
    .addColumn('expires_at_ms', types.whole, (column) => column.notNull())
    .modifyEnd(types.clustered)
    .execute()
  await db.schema
    .createTable('login_session_hints')
    .addColumn('login_session', types.text, (column) => column.primaryKey().notNull())
    .addColumn('provider', types.text, (column) => column.notNull())
    .addColumn('subject_hash', types.text, (column) => column.notNull())
    .addColumn('session_index_hash', types.text, (column) => column.notNull())
    .addColumn('sealed', types.text, (column) => column.notNull())
    .modifyEnd(types.clustered)
    .execute()
  await db.schema
    .createIndex('login_session_hints_subject')
    .on('login_session_hints')
    .columns(['provider', 'subject_hash'])
    .execute()
}
