/** Approvals that people decide, which requests wait for each, and the grants that came of them. */
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function approvals(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  const { text, whole } = types
  await db.schema
    .createTable('approvals')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('state', text, (column) => column.notNull())
    .addColumn('version', whole, (column) => column.notNull())
    .addColumn('coalesce_key', text, (column) => column.notNull())
    .addColumn('page', text, (column) => column.notNull().unique())
    .addColumn('principal', text, (column) => column.notNull())
    .addColumn('unreviewed', whole, (column) => column.notNull())
    .addColumn('unnoted', whole, (column) => column.notNull())
    .addColumn('noted', whole, (column) => column.notNull())
    .addColumn('steps', whole, (column) => column.notNull())
    .addColumn('decided_at_ms', whole)
    .addColumn('attempts', whole, (column) => column.notNull())
    .addColumn('waiting', whole, (column) => column.notNull())
    .addColumn('waiting_until_ms', whole, (column) => column.notNull())
    .addColumn('body', text, (column) => column.notNull())
    .modifyEnd(types.clustered)
    .execute()
  // One winner among processes that ask at the same time.
  await sql`create unique index approvals_pending on approvals (coalesce_key) where state = 'pending'`.execute(
    db,
  )
  await sql`create index approvals_unnoted on approvals (id) where unnoted = 1`.execute(db)
  await db.schema
    .createIndex('approvals_by_state')
    .on('approvals')
    .columns(['state', 'id'])
    .execute()
  await db.schema
    .createTable('approval_requests')
    .addColumn('digest', text, (column) => column.notNull())
    .addColumn('approval', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('approval_requests_key', ['digest', 'approval'])
    .modifyEnd(types.clustered)
    .execute()
  await db.schema
    .createTable('approval_grants')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('approval', text, (column) => column.notNull())
    .addColumn('principal', text, (column) => column.notNull())
    .addColumn('expires_at_ms', whole, (column) => column.notNull())
    .addColumn('carry_until_ms', whole, (column) => column.notNull())
    .addColumn('uses_max', whole)
    .addColumn('uses', whole, (column) => column.notNull())
    .addColumn('revoked_at_ms', whole)
    .addColumn('revoked_by', text, (column) => column.notNull())
    .addColumn('body', text, (column) => column.notNull())
    .modifyEnd(types.clustered)
    .execute()
  await db.schema
    .createIndex('approval_grants_by_principal')
    .on('approval_grants')
    .columns(['principal', 'carry_until_ms'])
    .execute()
}
