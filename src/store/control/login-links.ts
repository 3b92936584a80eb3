/** One-time login links: taken out by whoever comes first, and by nobody after that. */
import type { LoginLinkTable } from '../../model/people.ts'
import type { ControlDb } from '../schema.ts'
import { takeOnce } from './take-once.ts'

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
    take: async (hash, nowMs) => {
      const taking = db.deleteFrom('login_links').where('hash', '=', hash).returningAll()
      const row = await takeOnce(taking, nowMs)
      return (
        row && {
          hash: row.hash,
          person: row.person,
          createdAtMs: row.created_at_ms,
          expiresAtMs: row.expires_at_ms,
        }
      )
    },
  }
}
