/** Alerts hang on saved searches: each one that is there is given the search that it had, saved under its name. */
import { type Kysely, sql } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

interface Alert {
  readonly id: string
  readonly person: string
  readonly name: string
  readonly q: string
  readonly created_at_ms: number
}

export async function alertViews(db: Kysely<unknown>, { text }: EngineTypes): Promise<void> {
  await db.schema
    .alterTable('search_alerts')
    .addColumn('view', text, (column) => column.notNull().defaultTo(''))
    .execute()
  await db.schema.createIndex('search_alerts_view').on('search_alerts').column('view').execute()
  const { rows } = await sql<Alert>`
    select id, person, name, q, created_at_ms from search_alerts`.execute(db)
  for (const { id, person, name, q, created_at_ms: atMs } of rows) {
    const view = id.replace(/^al_/, 'sv_')
    const query = new URLSearchParams({ q }).toString()
    await sql`insert into saved_views
      (id, person, name, page, query, created_at_ms, updated_at_ms, version)
      values (${view}, ${person}, ${name}, 'exchanges', ${query}, ${atMs}, ${atMs}, 1)`.execute(db)
    await sql`update search_alerts set view = ${view} where id = ${id}`.execute(db)
  }
}
