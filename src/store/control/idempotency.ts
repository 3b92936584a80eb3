/** Answers of creates by the key their caller chose, so that a repeated create does not create again. */
import type { IdempotencyTable } from '../../model/control.ts'
import type { ControlDb } from '../schema.ts'

export function createIdempotencyTable(db: ControlDb): IdempotencyTable {
  return {
    claim: async (row, keepSinceMs) => {
      const slot = slotOf(row.person, row.key)
      await db.deleteFrom('idempotent_answers').where('created_at_ms', '<', keepSinceMs).execute()
      const inserted = await db
        .insertInto('idempotent_answers')
        .values({
          slot,
          person: row.person,
          key: row.key,
          operation: row.operation,
          request_hash: row.requestHash,
          created_at_ms: row.createdAtMs,
          status: null,
          body: null,
        })
        .onConflict((conflict) => conflict.column('slot').doNothing())
        .executeTakeFirst()
      if ((inserted.numInsertedOrUpdatedRows ?? 0n) > 0n) return null
      const known = await db
        .selectFrom('idempotent_answers')
        .selectAll()
        .where('slot', '=', slot)
        .executeTakeFirst()
      // Released between the two statements: the caller may try again.
      if (known === undefined) return { ...row, answer: null }
      return {
        person: known.person,
        key: known.key,
        operation: known.operation,
        requestHash: known.request_hash,
        createdAtMs: known.created_at_ms,
        answer:
          known.status === null || known.body === null
            ? null
            : { status: known.status, body: known.body },
      }
    },
    complete: async (person, key, answer) => {
      await db
        .updateTable('idempotent_answers')
        .set({ status: answer.status, body: answer.body })
        .where('slot', '=', slotOf(person, key))
        .execute()
    },
    release: async (person, key) => {
      await db
        .deleteFrom('idempotent_answers')
        .where('slot', '=', slotOf(person, key))
        .where('status', 'is', null)
        .execute()
    },
  }
}

/** A person's id holds no space. */
function slotOf(person: string, key: string): string {
  return `${person} ${key}`
}
