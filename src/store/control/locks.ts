/** Locks of containment in the control database; every process learns of a change as it does of a changed key. */
import type { Selectable } from 'kysely'
import type { LockRow, LockTable } from '../../model/containment.ts'
import { isLockKind } from '../../model/containment.ts'
import type { ChangeEngine } from '../key-table.ts'
import { announcedChange } from '../key-table.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import { rowsById } from './rows-by-id.ts'
import { isUnstorable, storable } from './stored-text.ts'

export function createLockTable(db: ControlDb, engine: ChangeEngine): LockTable {
  const change = announcedChange(db, engine)
  return {
    insert: (row) =>
      change(async (transaction) => {
        await transaction.insertInto('locks').values(encode(row)).execute()
      }),
    ...rowsById(() => db.selectFrom('locks').selectAll(), decode),
    active: async (nowMs) => {
      const rows = await db
        .selectFrom('locks')
        .selectAll()
        .where('released_at_ms', 'is', null)
        .where((where) =>
          where.or([where('expires_at_ms', 'is', null), where('expires_at_ms', '>', nowMs)]),
        )
        .orderBy('id')
        .execute()
      return rows.map(decode)
    },
    release: async (id, { atMs, by, reason }) => {
      if (isUnstorable(id)) return false
      return change(async (transaction) => {
        const changed = await transaction
          .updateTable('locks')
          .set({
            released_at_ms: atMs,
            released_by: storable(by),
            release_reason: storable(reason),
          })
          .where('id', '=', id)
          .where('released_at_ms', 'is', null)
          .executeTakeFirst()
        return changed.numUpdatedRows > 0n
      })
    },
    version: engine.version,
  }
}

type Stored = Selectable<ControlTables['locks']>

function encode(row: LockRow): Stored {
  return {
    id: row.id,
    kind: row.kind,
    value: storable(row.value),
    reason: storable(row.reason),
    owner: storable(row.owner),
    created_at_ms: row.createdAtMs,
    expires_at_ms: row.expiresAtMs,
    released_at_ms: row.releasedAtMs,
    released_by: row.releasedBy,
    release_reason: row.releaseReason,
  }
}

function decode(row: Stored): LockRow {
  const { kind } = row
  // A lock that is not understood must not silently hold nothing.
  if (!isLockKind(kind)) throw new Error('A lock is on something this version does not know.')
  return {
    id: row.id,
    kind,
    value: row.value,
    reason: row.reason,
    owner: row.owner,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    releasedAtMs: row.released_at_ms,
    releasedBy: row.released_by,
    releaseReason: row.release_reason,
  }
}
