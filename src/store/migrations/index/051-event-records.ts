/** Which events speak of a record: the chain of custody of an exchange is read from here. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function eventRecords(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .createTable('event_records')
    .addColumn('record', types.text, (column) => column.notNull())
    .addColumn('event', types.text, (column) => column.notNull())
    .addPrimaryKeyConstraint('event_records_key', ['record', 'event'])
    .modifyEnd(types.clustered)
    .execute()
}
