/** Grants in the control database: used at most as often as they permit, and not at all once revoked. */
import type { Selectable } from 'kysely'
import type { ApprovalTable, Grant } from '../../model/approval.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import { isUnstorable } from './stored-text.ts'

type GrantTable = Pick<ApprovalTable, 'grants' | 'grant' | 'useGrant' | 'revokeGrant'>

export function createGrantTable(
  db: ControlDb,
  change: <Result>(work: (db: ControlDb) => Promise<Result>) => Promise<Result>,
): GrantTable {
  return {
    grants: async ({ principal, activeAtMs, before, limit }) => {
      if (isUnstorable(before ?? '')) return []
      let query = db.selectFrom('approval_grants').selectAll().orderBy('id', 'desc').limit(limit)
      if (principal !== undefined) query = query.where('principal', '=', principal.toWellFormed())
      if (activeAtMs !== undefined)
        query = query.where('carry_until_ms', '>', activeAtMs).where('revoked_at_ms', 'is', null)
      if (before !== undefined) query = query.where('id', '<', before)
      return (await query.execute()).map(decodeGrant)
    },
    grant: async (id) => {
      if (isUnstorable(id)) return null
      const row = await db
        .selectFrom('approval_grants')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst()
      return row === undefined ? null : decodeGrant(row)
    },
    useGrant: async (id, nowMs) => {
      const changed = await db
        .updateTable('approval_grants')
        .set((set) => ({ uses: set('uses', '+', 1) }))
        .where('id', '=', id)
        .where('revoked_at_ms', 'is', null)
        .where('expires_at_ms', '>', nowMs)
        .where((where) =>
          where.or([where('uses_max', 'is', null), where('uses', '<', where.ref('uses_max'))]),
        )
        .executeTakeFirst()
      return changed.numUpdatedRows > 0n
    },
    revokeGrant: async (id, by, atMs) => {
      if (isUnstorable(id)) return false
      return change(async (transaction) => {
        const changed = await transaction
          .updateTable('approval_grants')
          .set({ revoked_at_ms: atMs, revoked_by: by })
          .where('id', '=', id)
          .where('revoked_at_ms', 'is', null)
          .executeTakeFirst()
        return changed.numUpdatedRows > 0n
      })
    },
  }
}

export async function insertGrant(transaction: ControlDb, grant: Grant): Promise<void> {
  await transaction.insertInto('approval_grants').values(encodeGrant(grant)).execute()
}

type Stored = Selectable<ControlTables['approval_grants']>

export function encodeGrant(grant: Grant): Stored {
  const { id, approval, principal, expiresAtMs, carryUntilMs, usesMax, uses, ...rest } = grant
  const { revokedAtMs, revokedBy, ...body } = rest
  return {
    id,
    approval,
    principal: principal.toWellFormed(),
    expires_at_ms: expiresAtMs,
    carry_until_ms: carryUntilMs,
    uses_max: usesMax,
    uses,
    revoked_at_ms: revokedAtMs,
    revoked_by: revokedBy,
    body: JSON.stringify(body),
  }
}

export function decodeGrant(row: Stored): Grant {
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: `encode` wrote it
    ...(JSON.parse(row.body) as Grant),
    id: row.id,
    approval: row.approval,
    principal: row.principal,
    expiresAtMs: row.expires_at_ms,
    carryUntilMs: row.carry_until_ms,
    usesMax: row.uses_max,
    uses: row.uses,
    revokedAtMs: row.revoked_at_ms,
    revokedBy: row.revoked_by,
  }
}
