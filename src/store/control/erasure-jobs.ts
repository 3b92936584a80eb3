/** Erasures of a value, in the control database: how far they came, and what they found. */
import type { Selectable } from 'kysely'
import type { ErasureJobRow, ErasureJobTable } from '../../model/erasure-jobs.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import { rowsById } from './rows-by-id.ts'
import { storable } from './stored-text.ts'

export function createErasureJobTable(db: ControlDb): ErasureJobTable {
  const rows = rowsById(() => db.selectFrom('erasure_jobs').selectAll(), decode)
  return {
    insert: async (row) => {
      await db.insertInto('erasure_jobs').values(encode(row)).execute()
    },
    byId: rows.byId,
    list: (limit) => rows.list({ limit }),
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
