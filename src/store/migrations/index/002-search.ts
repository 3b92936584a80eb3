/** What searching needs: declared conversations, response ids, and the order in which rows changed. */
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function search(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  for (const column of ['conversation', 'conversation_by', 'response_id', 'previous_response']) {
    await db.schema.alterTable('exchanges').addColumn(column, types.text).execute()
  }
  await db.schema
    .alterTable('exchanges')
    .addColumn('change_seq', types.whole, (column) => column.notNull().defaultTo(0))
    .execute()
  await db.schema
    .createIndex('exchanges_change')
    .on('exchanges')
    .columns(['change_seq', 'id'])
    .execute()
  for (const column of ['conversation', 'response_id', 'previous_response']) {
    await db.schema
      .createIndex(`exchanges_${column}`)
      .on('exchanges')
      .columns([column, 'id'])
      .where(sql.ref(column), 'is not', null)
      .execute()
  }
}
