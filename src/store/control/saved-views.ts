/** Saved views of each person. */
import type { Selectable } from 'kysely'
import type { SavedViewRow, SavedViewTable } from '../../model/control.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import { isUnstorable, storable } from './stored-text.ts'

export function createSavedViewTable(db: ControlDb): SavedViewTable {
  return {
    insert: async (row) => {
      await db.insertInto('saved_views').values(encode(row)).execute()
    },
    ofPerson: async (person) => {
      const rows = await db
        .selectFrom('saved_views')
        .selectAll()
        .where('person', '=', person)
        .orderBy('id')
        .execute()
      return rows.map(decode)
    },
    update: async (row) => {
      if (isUnstorable(row.id)) return false
      const { id, person, created_at_ms: _created, ...columns } = encode(row)
      const changed = await db
        .updateTable('saved_views')
        .set(columns)
        .where('id', '=', id)
        .where('person', '=', person)
        .where('version', '=', row.version - 1)
        .executeTakeFirst()
      return changed.numUpdatedRows > 0n
    },
    remove: async (id, person) => {
      if (isUnstorable(id)) return false
      const removed = await db
        .deleteFrom('saved_views')
        .where('id', '=', id)
        .where('person', '=', person)
        .executeTakeFirst()
      return removed.numDeletedRows > 0n
    },
  }
}

type Stored = Selectable<ControlTables['saved_views']>

function encode(row: SavedViewRow): Stored {
  return {
    id: row.id,
    person: row.person,
    name: storable(row.name),
    page: row.page,
    query: storable(row.query),
    created_at_ms: row.createdAtMs,
    updated_at_ms: row.updatedAtMs,
    version: row.version,
  }
}

function decode(row: Stored): SavedViewRow {
  return {
    id: row.id,
    person: row.person,
    name: row.name,
    page: row.page,
    query: row.query,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    version: row.version,
  }
}
