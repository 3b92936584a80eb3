/** Events are read in the order in which they were written, by whoever passes them on. */
import type { Kysely } from 'kysely'

export async function eventsInOrder(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createIndex('events_place')
    .on('events')
    .columns(['instance', 'segment', 'byte_offset'])
    .execute()
}
