/** Exports that wait for another person, in the control database. */
import type { Selectable } from 'kysely'
import type { ExportOrderRow, ExportOrderTable } from '../../model/export-orders.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import { rowsById } from './rows-by-id.ts'
import { isUnstorable, storable } from './stored-text.ts'

export function createExportOrderTable(db: ControlDb): ExportOrderTable {
  return {
    insert: async (row) => {
      await db.insertInto('export_orders').values(encode(row)).execute()
    },
    ...rowsById(() => db.selectFrom('export_orders').selectAll(), decode),
    decide: async (id, { decision, by, byName, atMs, reason }) => {
      if (isUnstorable(id)) return false
      const changed = await db
        .updateTable('export_orders')
        .set({
          decision,
          decided_by: by,
          decided_by_name: storable(byName),
          decided_at_ms: atMs,
          decision_reason: storable(reason),
        })
        .where('id', '=', id)
        .where('decision', 'is', null)
        .where('expires_at_ms', '>', atMs)
        .where('asked_by', '<>', by)
        .executeTakeFirst()
      return changed.numUpdatedRows > 0n
    },
    take: async (id, { by, bundle, atMs }) => {
      if (isUnstorable(id)) return false
      const changed = await db
        .updateTable('export_orders')
        .set({ bundle })
        .where('id', '=', id)
        .where('decision', '=', 'approved')
        .where('bundle', 'is', null)
        .where('expires_at_ms', '>', atMs)
        .where('asked_by', '=', by)
        .executeTakeFirst()
      return changed.numUpdatedRows > 0n
    },
  }
}

type Stored = Selectable<ControlTables['export_orders']>

function encode(row: ExportOrderRow): Stored {
  return {
    id: row.id,
    frozen: storable(JSON.stringify(row.order)),
    reason: storable(row.reason),
    asked_by: row.askedBy,
    asked_by_name: storable(row.askedByName),
    asked_at_ms: row.askedAtMs,
    expires_at_ms: row.expiresAtMs,
    decision: row.decision,
    decided_by: row.decidedBy,
    decided_by_name: row.decidedByName,
    decided_at_ms: row.decidedAtMs,
    decision_reason: row.decisionReason,
    bundle: row.bundle,
  }
}

function decode(row: Stored): ExportOrderRow {
  return {
    id: row.id,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: `encode` wrote it
    order: JSON.parse(row.frozen) as ExportOrderRow['order'],
    reason: row.reason,
    askedBy: row.asked_by,
    askedByName: row.asked_by_name,
    askedAtMs: row.asked_at_ms,
    expiresAtMs: row.expires_at_ms,
    decision: row.decision,
    decidedBy: row.decided_by,
    decidedByName: row.decided_by_name,
    decidedAtMs: row.decided_at_ms,
    decisionReason: row.decision_reason,
    bundle: row.bundle,
  }
}
