/** One-time login links: taken out by whoever comes first, and by nobody after that. */
import type { LoginLinkTable } from '../../model/people.ts'
import type { ControlDb } from '../schema.ts'

export function createLoginLinkTable(db: ControlDb): LoginLinkTable {
  return {
    replace: (row) =>
      db.transaction().execute(async (transaction) => {
        await transaction.deleteFrom('login_links').where('person', '=', row.person).execute()
        await transaction
          .insertInto('login_links')
          .values({
            hash: row.hash,
            person: row.person,
            created_at_ms: row.createdAtMs,
            expires_at_ms: row.expiresAtMs,
          })
          .execute()
      }),
    // One statement that deletes and returns: of two callers at once the database gives the row to one.
    take: async (hash, nowMs) => {
      const row = await db
        .deleteFrom('login_links')
        .where('hash', '=', hash)
        .returningAll()
        .executeTakeFirst()
      if (row === undefined || row.expires_at_ms <= nowMs) return null
      return {
        hash: row.hash,
        person: row.person,
        createdAtMs: row.created_at_ms,
        expiresAtMs: row.expires_at_ms,
      }
    },
  }
}
