/** The outbox of notices in the control database: several workers, each notice with one of them at a time. */
import type { Selectable } from 'kysely'
import type { Notice, NoticeTable } from '../../model/notice.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import { isUnstorable, storable } from './stored-text.ts'

const ERROR_CHARS_MAX = 300

export function createNoticeTable(db: ControlDb): NoticeTable {
  return {
    add: async (notices) => {
      if (notices.length === 0) return
      await db
        .insertInto('notices')
        .values(notices.map(encode))
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute()
    },
    take: async (nowMs, untilMs, limit) => {
      const due = await db
        .selectFrom('notices')
        .selectAll()
        .where('state', '=', 'due')
        .where('due_at_ms', '<=', nowMs)
        .orderBy('due_at_ms')
        .limit(limit)
        .execute()
      const taken: Notice[] = []
      for (const row of due) {
        const changed = await db
          .updateTable('notices')
          .set((set) => ({ due_at_ms: untilMs, attempts: set('attempts', '+', 1) }))
          .where('id', '=', row.id)
          .where('state', '=', 'due')
          .where('due_at_ms', '=', row.due_at_ms)
          .executeTakeFirst()
        if (changed.numUpdatedRows > 0n) taken.push({ ...decode(row), attempts: row.attempts + 1 })
      }
      return taken
    },
    sent: async (id, atMs, reference) => {
      await db
        .updateTable('notices')
        .set({ state: 'sent', sent_at_ms: atMs, reference: storable(reference), last_error: '' })
        .where('id', '=', id)
        .execute()
    },
    failed: async (id, error, dueAtMs) => {
      const last_error = storable(error.slice(0, ERROR_CHARS_MAX))
      await db
        .updateTable('notices')
        .set(dueAtMs === null ? { state: 'dead', last_error } : { due_at_ms: dueAtMs, last_error })
        .where('id', '=', id)
        .execute()
    },
    reference: async (approval, receiver) => {
      const row = await db
        .selectFrom('notices')
        .select('reference')
        .where('approval', '=', approval)
        .where('receiver', '=', receiver)
        .where('step', '=', 0)
        .where('state', '=', 'sent')
        .executeTakeFirst()
      return row?.reference ?? null
    },
    dead: async (limit) => {
      const rows = await db
        .selectFrom('notices')
        .selectAll()
        .where('state', '=', 'dead')
        .orderBy('created_at_ms', 'desc')
        .limit(limit)
        .execute()
      return rows.map(decode)
    },
    deadCount: async () => {
      const { count } = await db
        .selectFrom('notices')
        .select(({ fn }) => fn.countAll().as('count'))
        .where('state', '=', 'dead')
        .executeTakeFirstOrThrow()
      return Number(count)
    },
    settle: async (ids, next) => {
      const settled: string[] = []
      for (const id of ids.filter((one) => !isUnstorable(one))) {
        const changed = await db
          .updateTable('notices')
          .set(next.state === 'due' ? { state: 'due', due_at_ms: next.dueAtMs } : next)
          .where('id', '=', id)
          .where('state', '=', 'dead')
          .executeTakeFirst()
        if (changed.numUpdatedRows > 0n) settled.push(id)
      }
      return settled
    },
  }
}

type Stored = Selectable<ControlTables['notices']>

function encode(notice: Notice): Stored {
  return {
    id: notice.id,
    approval: notice.approval,
    step: notice.step,
    receiver: storable(notice.receiver),
    state: notice.state,
    attempts: notice.attempts,
    due_at_ms: notice.dueAtMs,
    created_at_ms: notice.createdAtMs,
    sent_at_ms: notice.sentAtMs,
    last_error: notice.lastError,
    reference: notice.reference,
  }
}

function decode(row: Stored): Notice {
  return {
    id: row.id,
    approval: row.approval,
    step: row.step,
    receiver: row.receiver,
    state: row.state,
    attempts: row.attempts,
    dueAtMs: row.due_at_ms,
    createdAtMs: row.created_at_ms,
    sentAtMs: row.sent_at_ms,
    lastError: row.last_error,
    reference: row.reference,
  }
}
