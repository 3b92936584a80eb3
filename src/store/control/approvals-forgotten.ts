/** Finds the approvals that erased exchanges waited for, and takes away what was kept of their requests. */
import {
  ERASED_CALLER,
  type Approval,
  type ApprovalTable,
  type Grant,
} from '../../model/approval.ts'
import type { ControlDb } from '../schema.ts'
import { decodeGrant, encodeGrant } from './approval-grants.ts'

type Forgetting = Pick<ApprovalTable, 'ofExchanges' | 'digestsBeside' | 'forget'>

export function createForgetting(
  db: ControlDb,
  change: (work: (db: ControlDb) => Promise<boolean>) => Promise<boolean>,
  replaced: (db: ControlDb, approval: Approval) => Promise<boolean>,
): Forgetting {
  return {
    ofExchanges: async (exchanges) => {
      if (exchanges.length === 0) return []
      const rows = await db
        .selectFrom('approval_exchanges')
        .select('approval')
        .distinct()
        .where('exchange', 'in', exchanges)
        .orderBy('approval')
        .execute()
      return rows.map(({ approval }) => approval)
    },
    digestsBeside: async (id, exchanges) => {
      const rows = await db
        .selectFrom('approval_exchanges')
        .select('digest')
        .distinct()
        .where('approval', '=', id)
        .where('exchange', 'not in', exchanges)
        .execute()
      return rows.map(({ digest }) => digest)
    },
    forget: (approval, exchanges) =>
      change(async (transaction) => {
        if (!(await replaced(transaction, approval))) return false
        const { id, digests } = approval
        await transaction
          .deleteFrom('approval_exchanges')
          .where('approval', '=', id)
          .where('exchange', 'in', exchanges)
          .execute()
        let requests = transaction.deleteFrom('approval_requests').where('approval', '=', id)
        if (digests.length > 0) requests = requests.where('digest', 'not in', digests)
        await requests.execute()
        await forgetGrants(transaction, approval)
        return true
      }),
  }
}

/** A grant for what nobody knows any more permits nothing any more. */
async function forgetGrants(transaction: ControlDb, approval: Approval): Promise<void> {
  const { digests, decidedAtMs } = approval
  const kept = new Set(digests)
  const rows = await transaction
    .selectFrom('approval_grants')
    .selectAll()
    .where('approval', '=', approval.id)
    .execute()
  for (const row of rows) {
    const grant = decodeGrant(row)
    const left: Grant = { ...grant, digests: grant.digests.filter((digest) => kept.has(digest)) }
    const { id, ...columns } = encodeGrant(
      digests.length > 0 ? left : ended(left, decidedAtMs ?? 0),
    )
    await transaction.updateTable('approval_grants').set(columns).where('id', '=', id).execute()
  }
}

function ended(grant: Grant, decidedAtMs: number): Grant {
  return {
    ...grant,
    principal: ERASED_CALLER,
    conversation: null,
    rules: grant.rules.map(({ rule }) => ({ rule, findings: [] })),
    revokedAtMs: grant.revokedAtMs ?? decidedAtMs,
  }
}
