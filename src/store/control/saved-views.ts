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
    byId: async (id) => {
      if (isUnstorable(id)) return null
      const row = await db
        .selectFrom('saved_views')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst()
      return row === undefined ? null : decode(row)
    },
    update: async (row, q) => {
      if (isUnstorable(row.id)) return false
      const { id, person, created_at_ms: _created, ...columns } = encode(row)
      return db.transaction().execute(async (transaction) => {
        const changed = await transaction
          .updateTable('saved_views')
          .set(columns)
          .where('id', '=', id)
          .where('person', '=', person)
          .where('version', '=', row.version - 1)
          .executeTakeFirst()
        if (changed.numUpdatedRows === 0n) return false
        await transaction
          .updateTable('search_alerts')
          .set(({ eb }) => ({ name: columns.name, q: storable(q), version: eb('version', '+', 1) }))
          .where('view', '=', id)
          .execute()
        return true
      })
    },
    remove: async (id, person) => {
      if (isUnstorable(id)) return false
      return db.transaction().execute(async (transaction) => {
        const removed = await transaction
          .deleteFrom('saved_views')
          .where('id', '=', id)
          .where('person', '=', person)
          .executeTakeFirst()
        if (removed.numDeletedRows === 0n) return false
        const alerts = transaction.selectFrom('search_alerts').select('id').where('view', '=', id)
        await transaction.deleteFrom('search_alert_letters').where('alert', 'in', alerts).execute()
        await transaction.deleteFrom('search_alert_matches').where('alert', 'in', alerts).execute()
        await transaction.deleteFrom('search_alerts').where('view', '=', id).execute()
        return true
      })
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
