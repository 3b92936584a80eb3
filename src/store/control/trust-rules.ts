/** Trust rules that were made in the console; every process learns of a change as it does of a changed key. */
import type { TrustRuleTable } from '../../model/trust.ts'
import type { ChangeEngine } from '../key-table.ts'
import { announcedChange } from '../key-table.ts'
import type { ControlDb } from '../schema.ts'
import { isUnstorable, storable } from './stored-text.ts'

export function createTrustRuleTable(db: ControlDb, engine: ChangeEngine): TrustRuleTable {
  const change = announcedChange(db, engine)
  return {
    insert: (row) =>
      change(async (transaction) => {
        const inserted = await transaction
          .insertInto('trust_rules')
          .values({
            name: row.name,
            written: storable(row.written),
            created_by: storable(row.createdBy),
            created_at_ms: row.createdAtMs,
            updated_at_ms: row.updatedAtMs,
            version: row.version,
          })
          .onConflict((conflict) => conflict.column('name').doNothing())
          .executeTakeFirst()
        return (inserted.numInsertedOrUpdatedRows ?? 0n) > 0n
      }),
    list: async () => {
      const rows = await db.selectFrom('trust_rules').selectAll().orderBy('name').execute()
      return rows.map((row) => ({
        name: row.name,
        written: row.written,
        createdBy: row.created_by,
        createdAtMs: row.created_at_ms,
        updatedAtMs: row.updated_at_ms,
        version: row.version,
      }))
    },
    update: (row) =>
      change(async (transaction) => {
        const known = await transaction
          .selectFrom('trust_rules')
          .select('version')
          .where('name', '=', row.name)
          .executeTakeFirst()
        if (known === undefined) return 'not-found'
        const changed = await transaction
          .updateTable('trust_rules')
          .set({
            written: storable(row.written),
            updated_at_ms: row.updatedAtMs,
            version: row.version,
          })
          .where('name', '=', row.name)
          .where('version', '=', row.version - 1)
          .executeTakeFirst()
        return changed.numUpdatedRows > 0n ? 'updated' : 'conflict'
      }),
    remove: async (name) => {
      if (isUnstorable(name)) return false
      return change(async (transaction) => {
        const removed = await transaction
          .deleteFrom('trust_rules')
          .where('name', '=', name)
          .executeTakeFirst()
        return removed.numDeletedRows > 0n
      })
    },
    version: engine.version,
  }
}
