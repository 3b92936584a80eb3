/** Approvals in the control database: of several writers one wins, whatever engine and however many processes. */
import type { Selectable } from 'kysely'
import type { ExchangeId } from '../../lib/ids.ts'
import type { Approval, ApprovalTable, AttendedApproval } from '../../model/approval.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import { createForgetting } from './approvals-forgotten.ts'
import { createGrantTable, insertGrant } from './approval-grants.ts'
import { isUnstorable } from './stored-text.ts'

/** What the engines do differently: how a change is told to every process. */
export interface ApprovalEngine {
  readonly version: () => number
  /** Inside the changing transaction: other processes learn of it when it commits. */
  readonly announce: (transaction: ControlDb) => Promise<void>
  /** After the commit: this process learns of it. */
  readonly committed: () => void
}

export function createApprovalTable(db: ControlDb, engine: ApprovalEngine): ApprovalTable {
  const change = async <Result>(work: (db: ControlDb) => Promise<Result>): Promise<Result> => {
    const result = await db.transaction().execute(async (transaction) => {
      const value = await work(transaction)
      await engine.announce(transaction)
      return value
    })
    engine.committed()
    return result
  }
  const replaced = async (from: ControlDb, approval: Approval): Promise<boolean> => {
    const {
      id,
      attempts: _a,
      waiting: _w,
      waiting_until_ms: _u,
      noted: _n,
      ...columns
    } = encode(approval)
    const changed = await from
      .updateTable('approvals')
      .set(columns)
      .where('id', '=', id)
      .where('version', '=', approval.version - 1)
      .executeTakeFirst()
    return changed.numUpdatedRows > 0n
  }
  const one = async (
    from: ControlDb,
    column: 'id' | 'page',
    value: string,
  ): Promise<AttendedApproval | null> => {
    if (isUnstorable(value)) return null
    const row = await from
      .selectFrom('approvals')
      .selectAll()
      .where(column, '=', value)
      .executeTakeFirst()
    return row === undefined ? null : decode(row)
  }
  const pendingOf = (from: ControlDb, coalesceKey: string) =>
    from
      .selectFrom('approvals')
      .selectAll()
      .where('coalesce_key', '=', coalesceKey)
      .where('state', '=', 'pending')
      .executeTakeFirst()
  return {
    open: (approval) => change((transaction) => opened(transaction, approval, pendingOf)),
    byId: (id) => one(db, 'id', id),
    byPage: (page) => one(db, 'page', page),
    list: async ({ states, principal, unreviewed, before, limit }) => {
      if (isUnstorable(principal ?? '') || isUnstorable(before ?? '')) return []
      let query = db.selectFrom('approvals').selectAll().orderBy('id', 'desc').limit(limit)
      if (states !== undefined) query = query.where('state', 'in', [...states])
      if (principal !== undefined) query = query.where('principal', '=', principal)
      if (unreviewed === true) query = query.where('unreviewed', '=', 1)
      if (before !== undefined) query = query.where('id', '<', before)
      return (await query.execute()).map(decode)
    },
    latestOf: async (digest, sinceMs) => {
      const row = await db
        .selectFrom('approvals')
        .innerJoin('approval_requests', 'approval_requests.approval', 'approvals.id')
        .selectAll('approvals')
        .where('approval_requests.digest', '=', digest)
        .where((where) =>
          where.or([where('decided_at_ms', 'is', null), where('decided_at_ms', '>', sinceMs)]),
        )
        .orderBy('id', 'desc')
        .executeTakeFirst()
      return row === undefined ? null : decode(row)
    },
    change: (approval, grant) =>
      change(async (transaction) => {
        if (!(await replaced(transaction, approval))) return false
        await rememberRequests(transaction, approval)
        if (grant !== null) await insertGrant(transaction, grant)
        return true
      }),
    noted: async (id, count) => {
      const changed = await db
        .updateTable('approvals')
        .set((set) => ({
          noted: count,
          unnoted: set.case().when('steps', '>', count).then(1).else(0).end(),
        }))
        .where('id', '=', id)
        .where('noted', '<', count)
        .executeTakeFirst()
      return changed.numUpdatedRows > 0n
    },
    unnoted: async (limit) => {
      const rows = await db
        .selectFrom('approvals')
        .selectAll()
        .where('unnoted', '=', 1)
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map(decode)
    },
    arrive: (id, untilMs, { exchange, digest }) =>
      change(async (transaction) => {
        await rememberExchange(transaction, id, exchange, digest)
        const row = await transaction
          .updateTable('approvals')
          .set((set) => ({
            attempts: set('attempts', '+', 1),
            waiting: set('waiting', '+', 1),
            waiting_until_ms: set
              .case()
              .when('waiting_until_ms', '>', untilMs)
              .then(set.ref('waiting_until_ms'))
              .else(untilMs)
              .end(),
          }))
          .where('id', '=', id)
          .returning('attempts')
          .executeTakeFirst()
        return row?.attempts ?? 1
      }),
    leave: (id) =>
      change(async (transaction) => {
        await transaction
          .updateTable('approvals')
          .set((set) => ({ waiting: set('waiting', '-', 1) }))
          .where('id', '=', id)
          .where('waiting', '>', 0)
          .execute()
      }),
    ...createForgetting(db, (work) => change(work), replaced),
    ...createGrantTable(db, change),
    version: engine.version,
  }
}

async function opened(
  transaction: ControlDb,
  approval: Approval,
  pendingOf: (from: ControlDb, key: string) => Promise<Stored | undefined>,
): Promise<AttendedApproval> {
  const inserted = await transaction
    .insertInto('approvals')
    .values(encode(approval))
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  if ((inserted.numInsertedOrUpdatedRows ?? 0n) > 0n) {
    await rememberRequests(transaction, approval)
    const { exchange, digest } = approval.request
    await rememberExchange(transaction, approval.id, exchange, digest)
    return { ...approval, attendance: { attempts: 0, waiting: 0, waitingUntilMs: 0 } }
  }
  const known = await pendingOf(transaction, approval.coalesceKey)
  // Decided between the two statements: the caller looks again.
  if (known === undefined) throw new Error('the approval was decided while it was joined')
  return decode(known)
}

async function rememberRequests(transaction: ControlDb, approval: Approval): Promise<void> {
  await transaction
    .insertInto('approval_requests')
    .values(approval.digests.map((digest) => ({ digest, approval: approval.id })))
    .onConflict((conflict) => conflict.columns(['digest', 'approval']).doNothing())
    .execute()
}

async function rememberExchange(
  transaction: ControlDb,
  approval: string,
  exchange: ExchangeId,
  digest: string,
): Promise<void> {
  await transaction
    .insertInto('approval_exchanges')
    .values({ exchange, approval, digest })
    .onConflict((conflict) => conflict.columns(['exchange', 'approval']).doNothing())
    .execute()
}

type Stored = Selectable<ControlTables['approvals']>

function encode(approval: Approval): Stored {
  const { id, state, version, coalesceKey, page, noted, decidedAtMs, ...rest } = approval
  return {
    id,
    state,
    version,
    coalesce_key: coalesceKey,
    page,
    principal: approval.request.principal.toWellFormed(),
    unreviewed: approval.brokeGlass && approval.review === null ? 1 : 0,
    unnoted: approval.history.length > noted ? 1 : 0,
    noted,
    steps: approval.history.length,
    decided_at_ms: decidedAtMs,
    attempts: 0,
    waiting: 0,
    waiting_until_ms: 0,
    // JSON spells NUL and lone surrogates as escapes, so both engines take any text.
    body: JSON.stringify(rest),
  }
}

function decode(row: Stored): AttendedApproval {
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: `encode` wrote it
    ...(JSON.parse(row.body) as Approval),
    id: row.id,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: `encode` wrote it
    state: row.state as Approval['state'],
    version: row.version,
    coalesceKey: row.coalesce_key,
    page: row.page,
    noted: row.noted,
    decidedAtMs: row.decided_at_ms,
    attendance: {
      attempts: row.attempts,
      waiting: row.waiting,
      waitingUntilMs: row.waiting_until_ms,
    },
  }
}
