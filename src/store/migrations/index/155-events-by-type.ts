/** Each journal of the gateway reads events of its own types at a start, among many others. */
import type { Kysely } from 'kysely'

export async function eventsByType(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex('events_by_type').on('events').columns(['type', 'id']).execute()
}
