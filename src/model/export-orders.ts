/** An export that waits for another person: what exactly is to leave, who asked, who decided; one row for its whole life. */
import type { ExchangeQuery } from './exchange-query.ts'
import type { Role } from './people.ts'

export interface ExportApprovalRules {
  readonly approval: 'none' | 'raw' | 'all'
  readonly approvers: readonly Role[]
  readonly expiresMs: number
}

/** Frozen when it is asked for: what is approved is what leaves. */
export interface FrozenExport {
  readonly kind: 'exchanges' | 'query' | 'case'
  readonly exchanges: readonly string[]
  readonly query: ExchangeQuery | null
  readonly case: string | null
  readonly exhibit: string
  readonly content: 'masked' | 'raw'
  readonly formats: readonly string[]
  readonly recipients: readonly string[]
}

export interface ExportOrderRow {
  readonly id: string
  readonly order: FrozenExport
  readonly reason: string
  readonly askedBy: string
  readonly askedByName: string
  readonly askedAtMs: number
  readonly expiresAtMs: number
  readonly decision: 'approved' | 'denied' | null
  readonly decidedBy: string | null
  readonly decidedByName: string | null
  readonly decidedAtMs: number | null
  readonly decisionReason: string | null
  /** The bundle that was made of it; an approval is good for one. */
  readonly bundle: string | null
}

export interface ExportDecision {
  readonly decision: 'approved' | 'denied'
  readonly by: string
  readonly byName: string
  readonly atMs: number
  readonly reason: string
}

export interface ExportOrderTable {
  readonly insert: (row: ExportOrderRow) => Promise<void>
  readonly byId: (id: string) => Promise<ExportOrderRow | null>
  /** Newest first. */
  readonly list: (page: {
    readonly before?: string
    readonly limit: number
  }) => Promise<readonly ExportOrderRow[]>
  /** False when it was decided before, has expired, or was asked for by the same person. */
  readonly decide: (id: string, decision: ExportDecision) => Promise<boolean>
  /** Takes the approval for one bundle. False when it is not there to take, or not for this person. */
  readonly take: (
    id: string,
    taking: { readonly by: string; readonly bundle: string; readonly atMs: number },
  ) => Promise<boolean>
}
