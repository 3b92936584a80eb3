/** People, their login links, sessions and tokens, and what the control plane keeps; the audit trail cannot be changed. */
import type { CreateTableBuilder, Kysely } from 'kysely'
import { sql } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

type Columns = Readonly<Record<string, 'text' | 'text?' | 'whole' | 'whole?'>>

export async function peopleAndAudit(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  const table = async (name: string, key: string, columns: Columns): Promise<void> => {
    let builder: CreateTableBuilder<string, string> = db.schema
      .createTable(name)
      .addColumn(key, types.text, (column) => column.primaryKey().notNull())
    for (const [column, kind] of Object.entries(columns)) {
      const type = kind.startsWith('text') ? types.text : types.whole
      builder = builder.addColumn(column, type, (built) =>
        kind.endsWith('?') ? built : built.notNull(),
      )
    }
    await builder.modifyEnd(types.clustered).execute()
  }
  await table('people', 'id', {
    login: 'text',
    name: 'text',
    roles: 'text',
    disabled_at_ms: 'whole?',
    created_at_ms: 'whole',
    last_login_at_ms: 'whole?',
    version: 'whole',
  })
  await table('login_links', 'hash', {
    person: 'text',
    created_at_ms: 'whole',
    expires_at_ms: 'whole',
  })
  await table('login_sessions', 'id', {
    hash: 'text',
    person: 'text',
    method: 'text',
    created_at_ms: 'whole',
    last_seen_at_ms: 'whole',
    expires_at_ms: 'whole',
    ended_at_ms: 'whole?',
    address: 'text',
    user_agent: 'text',
  })
  await table('api_tokens', 'id', {
    hash: 'text',
    hint: 'text',
    person: 'text',
    name: 'text',
    roles: 'text',
    created_at_ms: 'whole',
    expires_at_ms: 'whole',
    last_used_at_ms: 'whole?',
    revoked_at_ms: 'whole?',
  })
  await table('audit_events', 'id', {
    at_ms: 'whole',
    person: 'text',
    person_name: 'text',
    operation: 'text',
    target: 'text',
    outcome: 'text',
    reason: 'text',
    address: 'text',
    authentication: 'text',
    details: 'text',
  })
  await table('reveals', 'id', {
    person: 'text',
    scope: 'text',
    reason: 'text',
    created_at_ms: 'whole',
    expires_at_ms: 'whole',
    ended_at_ms: 'whole?',
  })
  await table('saved_views', 'id', {
    person: 'text',
    name: 'text',
    page: 'text',
    query: 'text',
    created_at_ms: 'whole',
    updated_at_ms: 'whole',
    version: 'whole',
  })
  await table('idempotent_answers', 'slot', {
    person: 'text',
    key: 'text',
    operation: 'text',
    request_hash: 'text',
    created_at_ms: 'whole',
    status: 'whole?',
    body: 'text?',
  })
  await addIndexes(db)
  await forbidChanges(db, types)
}

async function addIndexes(db: Kysely<unknown>): Promise<void> {
  const unique: readonly (readonly [string, string])[] = [
    ['people', 'login'],
    ['login_sessions', 'hash'],
    ['api_tokens', 'hash'],
  ]
  for (const [table, column] of unique) {
    await db.schema.createIndex(`${table}_${column}`).on(table).column(column).unique().execute()
  }
  const found: readonly (readonly [string, string])[] = [
    ['login_links', 'person'],
    ['login_sessions', 'person'],
    ['api_tokens', 'person'],
    ['reveals', 'person'],
    ['saved_views', 'person'],
    ['audit_events', 'person'],
    ['audit_events', 'operation'],
    ['audit_events', 'target'],
  ]
  for (const [table, column] of found) {
    const columns = table === 'login_links' ? [column] : [column, 'id']
    await db.schema.createIndex(`${table}_${column}`).on(table).columns(columns).execute()
  }
  await db.schema
    .createIndex('idempotent_answers_age')
    .on('idempotent_answers')
    .column('created_at_ms')
    .execute()
}

/** Threat: whoever reaches the database through our own code, by a mistake or an injection, cannot rewrite the trail. */
async function forbidChanges(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  if (types.engine === 'sqlite') {
    for (const deed of ['update', 'delete']) {
      await sql`create trigger ${sql.ref(`audit_events_no_${deed}`)} before ${sql.raw(deed)} on audit_events
        begin select raise(abort, 'audit events are append-only'); end`.execute(db)
    }
    return
  }
  await sql`create function audit_events_refuse() returns trigger language plpgsql as
    ${sql.lit("begin raise exception 'audit events are append-only'; end")}`.execute(db)
  await sql`create trigger audit_events_no_change before update or delete on audit_events
    for each row execute function audit_events_refuse()`.execute(db)
  await sql`create trigger audit_events_no_truncate before truncate on audit_events
    for each statement execute function audit_events_refuse()`.execute(db)
}
