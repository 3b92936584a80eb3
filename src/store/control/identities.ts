/** Who people are at identity providers: one person for each issuer and subject. */
import type { Selectable } from 'kysely'
import type { IdentityRow, IdentityTable } from '../../model/login.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import type { ControlEngine } from './control-store.ts'
import { isUnstorable } from './stored-text.ts'

export function createIdentityTable(db: ControlDb, engine: ControlEngine): IdentityTable {
  const find: IdentityTable['find'] = async (issuer, subject) => {
    if (isUnstorable(issuer) || isUnstorable(subject)) return null
    const row = await db
      .selectFrom('identities')
      .selectAll()
      .where('issuer', '=', issuer)
      .where('subject', '=', subject)
      .executeTakeFirst()
    return row === undefined ? null : decode(row)
  }
  return {
    insert: async (row) => {
      if (isUnstorable(row.issuer) || isUnstorable(row.subject)) return false
      const result = await db
        .insertInto('identities')
        .values(encode(row))
        .onConflict((conflict) => conflict.columns(['issuer', 'subject']).doNothing())
        .executeTakeFirst()
      return (result.numInsertedOrUpdatedRows ?? 0n) > 0n
    },
    find,
    ofPerson: async (person) => {
      const rows = await db
        .selectFrom('identities')
        .selectAll()
        .where('person', '=', person)
        .orderBy('id')
        .execute()
      return rows.map(decode)
    },
    used: (id, atMs) =>
      engine.relaxed(async (relaxed) => {
        await relaxed
          .updateTable('identities')
          .set({ last_login_at_ms: atMs })
          .where('id', '=', id)
          .execute()
      }),
  }
}

type Stored = Selectable<ControlTables['identities']>

function encode(row: IdentityRow): Stored {
  return {
    id: row.id,
    person: row.person,
    provider: row.provider,
    issuer: row.issuer,
    subject: row.subject,
    created_at_ms: row.createdAtMs,
    last_login_at_ms: row.lastLoginAtMs,
  }
}

function decode(row: Stored): IdentityRow {
  return {
    id: row.id,
    person: row.person,
    provider: row.provider,
    issuer: row.issuer,
    subject: row.subject,
    createdAtMs: row.created_at_ms,
    lastLoginAtMs: row.last_login_at_ms,
  }
}
