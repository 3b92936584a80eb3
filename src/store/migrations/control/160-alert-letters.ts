/** What an alert had to tell and its receiver did not take: one row for each batch that was given up. */
import { type Kysely, sql } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function alertLetters(
  db: Kysely<unknown>,
  { text, whole, clustered }: EngineTypes,
): Promise<void> {
  await db.schema
    .createTable('search_alert_letters')
    .addColumn('batch', text, (column) => column.primaryKey().notNull())
    .addColumn('alert', text, (column) => column.notNull())
    .addColumn('channel', text, (column) => column.notNull())
    .addColumn('state', text, (column) => column.notNull())
    .addColumn('attempts', whole, (column) => column.notNull())
    .addColumn('error', text, (column) => column.notNull())
    .addColumn('since_ms', whole, (column) => column.notNull())
    .addColumn('due_at_ms', whole, (column) => column.notNull())
    .modifyEnd(clustered)
    .execute()
  // Those of earlier versions: eight attempts make a day.
  await sql`insert into search_alert_letters
    select m.batch, m.alert, a.channel, 'dead', 8, a.last_error, min(m.at_ms), 0
    from search_alert_matches m join search_alerts a on a.id = m.alert
    where m.state = 'dead'
    group by m.batch, m.alert, a.channel, a.last_error`.execute(db)
}
