/** Legal holds in the control database. */
import type { Selectable } from 'kysely'
import type { HoldRow, HoldTable } from '../../model/holds.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import { rowsById } from './rows-by-id.ts'
import { isUnstorable, storable } from './stored-text.ts'

export function createHoldTable(db: ControlDb): HoldTable {
  return {
    insert: async (row) => {
      await db.insertInto('legal_holds').values(encode(row)).execute()
    },
    ...rowsById(() => db.selectFrom('legal_holds').selectAll(), decode),
    active: async () => {
      const rows = await db
        .selectFrom('legal_holds')
        .selectAll()
        .where('released_at_ms', 'is', null)
        .orderBy('id')
        .execute()
      return rows.map(decode)
    },
    release: async (id, { by, byName, atMs, reason }) => {
      if (isUnstorable(id)) return false
      const changed = await db
        .updateTable('legal_holds')
        .set({
          released_by: by,
          released_by_name: storable(byName),
          released_at_ms: atMs,
          release_reason: storable(reason),
        })
        .where('id', '=', id)
        .where('released_at_ms', 'is', null)
        .where('set_by', '<>', by)
        .executeTakeFirst()
      return changed.numUpdatedRows > 0n
    },
  }
}

type Stored = Selectable<ControlTables['legal_holds']>

function encode(row: HoldRow): Stored {
  return {
    id: row.id,
    scope: storable(JSON.stringify(row.scope)),
    reason: storable(row.reason),
    set_by: row.setBy,
    set_by_name: storable(row.setByName),
    set_at_ms: row.setAtMs,
    released_by: row.releasedBy,
    released_by_name: row.releasedByName,
    released_at_ms: row.releasedAtMs,
    release_reason: row.releaseReason,
  }
}

function decode(row: Stored): HoldRow {
  return {
    id: row.id,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: `encode` wrote it
    scope: JSON.parse(row.scope) as HoldRow['scope'],
    reason: row.reason,
    setBy: row.set_by,
    setByName: row.set_by_name,
    setAtMs: row.set_at_ms,
    releasedBy: row.released_by,
    releasedByName: row.released_by_name,
    releasedAtMs: row.released_at_ms,
    releaseReason: row.release_reason,
  }
}
