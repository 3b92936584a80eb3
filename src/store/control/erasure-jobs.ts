/** Erasures of a value, in the control database: how far they came, and what they found. */
import type { Selectable } from 'kysely'
import type { ErasureJobRow, ErasureJobTable } from '../../model/erasure-jobs.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import { isUnstorable, storable } from './stored-text.ts'

export function createErasureJobTable(db: ControlDb): ErasureJobTable {
  return {
    insert: async (row) => {
      await db.insertInto('erasure_jobs').values(encode(row)).execute()
    },
    byId: async (id) => {
      if (isUnstorable(id)) return null
      const row = await db
        .selectFrom('erasure_jobs')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst()
      return row === undefined ? null : decode(row)
    },
    list: async (limit) => {
      const rows = await db
        .selectFrom('erasure_jobs')
        .selectAll()
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return rows.map(decode)
    },
    update: async (row) => {
      const { id, ...columns } = encode(row)
      await db.updateTable('erasure_jobs').set(columns).where('id', '=', id).execute()
    },
  }
}

type Stored = Selectable<ControlTables['erasure_jobs']>

/** What is asked for by column; the rest is JSON in `body`. */
function encode(row: ErasureJobRow): Stored {
  const { id, state, createdAtMs, updatedAtMs, ...body } = row
  return {
    id,
    state,
    created_at_ms: createdAtMs,
    updated_at_ms: updatedAtMs,
    body: storable(JSON.stringify(body)),
  }
}

function decode(row: Stored): ErasureJobRow {
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: `encode` wrote it
    ...(JSON.parse(row.body) as ErasureJobRow),
    id: row.id,
    state: row.state,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  }
}
