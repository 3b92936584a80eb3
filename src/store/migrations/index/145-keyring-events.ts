/** The few events that say who rotated which key, found among all others. */
import { sql } from 'kysely'
import type { Kysely } from 'kysely'

export async function keyringEvents(db: Kysely<unknown>): Promise<void> {
  await sql`create index events_keyring on events (id) where type like 'keyring.%'`.execute(db)
}
