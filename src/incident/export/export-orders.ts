/** Decides whether an export may leave: by itself, or once another person has approved exactly this one. */
import type { Clock } from '../../lib/clock.ts'
import { newControlId } from '../../lib/ids.ts'
import type {
  ExportApprovalRules,
  ExportOrderRow,
  ExportOrderTable,
  FrozenExport,
} from '../../model/export-orders.ts'
import type { Role } from '../../model/people.ts'
import type { EvidenceEvent, EventType } from '../../model/record.ts'
import type { Doer } from '../keeping/hold-desk.ts'

export type ExportOrderState = 'pending' | 'approved' | 'denied' | 'expired' | 'fetched'

export type ExportDeciding = 'decided' | 'not-found' | 'own' | 'not-open' | 'role'

export interface ExportOrderDesk {
  readonly isNeeded: (content: 'masked' | 'raw') => boolean
  /** Noted in evidence before it can be seen by those who decide. */
  readonly ask: (order: FrozenExport, reason: string, by: Doer) => Promise<ExportOrderRow>
  readonly decide: (
    id: string,
    decision: 'approved' | 'denied',
    reason: string,
    by: Doer & { readonly roles: readonly Role[] },
  ) => Promise<ExportDeciding>
  readonly mayDecide: (roles: readonly Role[]) => boolean
  /** The order, once, for the one who asked; null when there is none to take. */
  readonly take: (id: string, bundle: string, by: Doer) => Promise<ExportOrderRow | null>
  readonly byId: ExportOrderTable['byId']
  readonly list: ExportOrderTable['list']
  readonly stateOf: (row: ExportOrderRow) => ExportOrderState
}

export interface ExportOrderParts {
  readonly table: ExportOrderTable
  readonly clock: Clock
  readonly rules: () => ExportApprovalRules
  /** Resolves when durable. */
  readonly note: (event: EvidenceEvent) => Promise<void>
}

export function createExportOrderDesk(parts: ExportOrderParts): ExportOrderDesk {
  const { table, clock, rules, note } = parts
  const told = (
    type: Extract<EventType, `evidence.export-${string}`>,
    row: ExportOrderRow,
    said: { readonly actor: string; readonly details: EvidenceEvent['details'] },
  ): Promise<void> =>
    note({
      type,
      atMs: clock.nowMs(),
      actor: said.actor,
      details: { order: row.id, content: row.order.content, ...said.details },
      records: row.order.exchanges,
    })
  const mayDecide = (roles: readonly Role[]): boolean =>
    rules().approvers.some((role) => roles.includes(role))
  return {
    isNeeded: (content) => {
      const { approval } = rules()
      return approval === 'all' || (approval === 'raw' && content === 'raw')
    },
    ask: async (order, reason, by) => {
      const askedAtMs = clock.nowMs()
      const row: ExportOrderRow = {
        id: newControlId('xo', askedAtMs),
        order,
        reason,
        askedBy: by.person,
        askedByName: by.login,
        askedAtMs,
        expiresAtMs: askedAtMs + rules().expiresMs,
        decision: null,
        decidedBy: null,
        decidedByName: null,
        decidedAtMs: null,
        decisionReason: null,
        bundle: null,
      }
      const { length } = order.exchanges
      const details = { exchanges: length, recipients: order.recipients.length, reason }
      await told('evidence.export-requested', row, { actor: by.login, details })
      await table.insert(row)
      return row
    },
    mayDecide,
    decide: async (id, decision, reason, { person, login, roles }) => {
      const row = await table.byId(id)
      if (row === null) return 'not-found'
      // Whoever asked never decides, whatever their roles.
      if (row.askedBy === person) return 'own'
      if (!mayDecide(roles)) return 'role'
      const atMs = clock.nowMs()
      if (row.decision !== null || row.expiresAtMs <= atMs) return 'not-open'
      // Said first: nothing leaves on an approval that evidence does not know.
      await told('evidence.export-decided', row, { actor: login, details: { decision, reason } })
      const by = { decision, by: person, byName: login, atMs, reason }
      return (await table.decide(id, by)) ? 'decided' : 'not-open'
    },
    take: async (id, bundle, by) => {
      const taken = await table.take(id, { by: by.person, bundle, atMs: clock.nowMs() })
      return taken ? table.byId(id) : null
    },
    byId: (id) => table.byId(id),
    list: (page) => table.list(page),
    stateOf: (row) => {
      if (row.bundle !== null) return 'fetched'
      if (row.decision === 'denied') return 'denied'
      if (row.expiresAtMs <= clock.nowMs()) return 'expired'
      return row.decision ?? 'pending'
    },
  }
}
