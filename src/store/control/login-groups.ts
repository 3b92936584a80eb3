/** Groups of people's last logins: one row for each person, replaced at every login. */
import type { LoginGroupsTable } from '../../model/login.ts'
import type { ControlDb } from '../schema.ts'
import { decodeTexts, isUnstorable } from './stored-text.ts'

export function createLoginGroupsTable(db: ControlDb): LoginGroupsTable {
  return {
    keep: async ({ person, provider, groups, atMs }) => {
      const stored = {
        provider,
        groups: JSON.stringify(groups.filter((group) => !isUnstorable(group))),
        at_ms: atMs,
      }
      await db
        .insertInto('login_groups')
        .values({ person, ...stored })
        .onConflict((conflict) => conflict.column('person').doUpdateSet(stored))
        .execute()
    },
    list: async () => {
      const rows = await db.selectFrom('login_groups').selectAll().orderBy('person').execute()
      return rows.map(({ person, provider, groups, at_ms: atMs }) => ({
        person,
        provider,
        groups: decodeTexts(groups),
        atMs,
      }))
    },
  }
}
