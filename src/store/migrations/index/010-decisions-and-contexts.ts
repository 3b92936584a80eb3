/** What a policy decided on each exchange, and the digests that link contexts. */
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function decisionsAndContexts(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  const plain = ['verdict', 'policy_hash', 'deciding_rule']
  const digests = ['context_end', 'context_parent', 'context_answer', 'answer_digest']
  for (const column of [...plain, ...digests])
    await db.schema.alterTable('exchanges').addColumn(column, types.text).execute()
  for (const column of ['policy_rules', 'tags']) {
    await db.schema
      .alterTable('exchanges')
      .addColumn(column, types.text, (added) => added.notNull().defaultTo(''))
      .execute()
  }
  for (const column of ['context_end', 'context_parent']) {
    await db.schema
      .createIndex(`exchanges_${column}`)
      .on('exchanges')
      .columns([column, 'id'])
      .where(sql.ref(column), 'is not', null)
      .execute()
  }
}
