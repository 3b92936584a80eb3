/** What the control plane keeps beside people: the audit trail, reveals, saved views, answers of repeated creates. */
import type { PolicyVersionTable } from './policy-version.ts'
import type { ApprovalTable } from './approval.ts'
import type { LockTable } from './containment.ts'
import type { AccessTable } from './restricted.ts'
import type { CaseTable } from './cases.ts'
import type { NoticeTable } from './notice.ts'
import type { ExchangeQuery } from './exchange-query.ts'
import type { ErasureJobTable } from './erasure-jobs.ts'
import type { HuntTable } from './hunts.ts'
import type { SearchAlertTable } from './search-alerts.ts'
import type {
  IdentityTable,
  LoginAttemptTable,
  LoginGroupsTable,
  LoginSessionHintTable,
  OnceTable,
} from './login.ts'
import type { DeviceTable } from './devices.ts'
import type { ScimTables } from './scim.ts'
import type { ExportOrderTable } from './export-orders.ts'
import type { HoldTable } from './holds.ts'
import type { ExchangedTokenTable } from './exchanged-token.ts'
import type { TrustRuleTable, TrustRuleTermTable, TrustRuleUseTable } from './trust.ts'
import type { MaskTokenTable } from './masking.ts'
import type { ApiTokenTable, LoginLinkTable, LoginSessionTable, PeopleTable } from './people.ts'

export type AuditOutcome = 'allowed' | 'done' | 'denied' | 'failed'

/** Who did what to what, why, from where, when, and how they were known. Never payload. */
export interface AuditRow {
  readonly id: string
  readonly atMs: number
  /** Empty when nobody was known. */
  readonly person: string
  readonly personName: string
  readonly operation: string
  readonly target: string
  readonly outcome: AuditOutcome
  readonly reason: string
  readonly address: string
  readonly authentication: string
  readonly details: Readonly<Record<string, string | number | boolean | null>>
}

export interface AuditFilter {
  readonly person?: string
  readonly operation?: string
  readonly target?: string
  readonly outcome?: AuditOutcome
  readonly sinceMs?: number
  readonly untilMs?: number
  /** Rows strictly older than this id. */
  readonly before?: string
  readonly limit: number
}

/** Append-only: the database itself refuses to change or delete a row. */
export interface AuditTable {
  readonly append: (row: AuditRow) => Promise<void>
  /** Newest first. */
  readonly list: (filter: AuditFilter) => Promise<readonly AuditRow[]>
}

export type RevealScope =
  | { readonly kind: 'exchange'; readonly exchangeId: string }
  | { readonly kind: 'query'; readonly query: ExchangeQuery }

export interface RevealRow {
  readonly id: string
  readonly person: string
  readonly scope: RevealScope
  readonly reason: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly endedAtMs: number | null
}

export interface RevealTable {
  readonly insert: (row: RevealRow) => Promise<void>
  /** Newest first. */
  readonly list: (filter: {
    readonly person?: string
    /** Only those that are open at this time. */
    readonly activeAtMs?: number
    readonly before?: string
    readonly limit: number
  }) => Promise<readonly RevealRow[]>
  /** False when there is none of this person, or it had ended. */
  readonly end: (id: string, person: string, atMs: number) => Promise<boolean>
}

export interface SavedViewRow {
  readonly id: string
  readonly person: string
  readonly name: string
  readonly page: string
  readonly query: string
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly version: number
}

export interface SavedViewTable {
  readonly insert: (row: SavedViewRow) => Promise<void>
  /** Oldest first. */
  readonly ofPerson: (person: string) => Promise<readonly SavedViewRow[]>
  readonly byId: (id: string) => Promise<SavedViewRow | null>
  /**
   * Writes all but `id`, `person` and `createdAtMs`, where id, person and `version - 1` match. Alerts that hang on it follow in
   * the same transaction: its name, and `q` as what they watch.
   */
  readonly update: (row: SavedViewRow, q: string) => Promise<boolean>
  /** With the alerts that hang on it. */
  readonly remove: (id: string, person: string) => Promise<boolean>
}

/** The first answer to a create, kept so that a repeated one does not create again. Holds no secret. */
export interface IdempotentAnswer {
  readonly person: string
  readonly key: string
  readonly operation: string
  /** SHA-256 of path and body. */
  readonly requestHash: string
  readonly createdAtMs: number
  /** Null while the first one is still running. */
  readonly answer: { readonly status: number; readonly body: string } | null
}

export interface IdempotencyTable {
  /** Null when the claim is ours; else what is there. Answers older than `keepSinceMs` are forgotten first. */
  readonly claim: (row: IdempotentAnswer, keepSinceMs: number) => Promise<IdempotentAnswer | null>
  readonly complete: (
    person: string,
    key: string,
    answer: { readonly status: number; readonly body: string },
  ) => Promise<void>
  readonly release: (person: string, key: string) => Promise<void>
}

export interface ControlStore {
  readonly people: PeopleTable
  readonly loginLinks: LoginLinkTable
  readonly loginSessions: LoginSessionTable
  readonly tokens: ApiTokenTable
  readonly identities: IdentityTable
  readonly loginGroups: LoginGroupsTable
  readonly loginAttempts: LoginAttemptTable
  readonly loginHints: LoginSessionHintTable
  readonly once: OnceTable
  readonly scim: ScimTables
  readonly devices: DeviceTable
  readonly audit: AuditTable
  readonly reveals: RevealTable
  readonly views: SavedViewTable
  readonly cases: CaseTable
  readonly accesses: AccessTable
  readonly maskTokens: MaskTokenTable
  readonly holds: HoldTable
  readonly exportOrders: ExportOrderTable
  readonly approvals: ApprovalTable
  readonly policyVersions: PolicyVersionTable
  readonly notices: NoticeTable
  readonly locks: LockTable
  readonly trustRules: TrustRuleTable
  readonly trustRuleUses: TrustRuleUseTable
  readonly trustRuleTerms: TrustRuleTermTable
  readonly exchangedTokens: ExchangedTokenTable
  readonly idempotency: IdempotencyTable
  readonly hunts: HuntTable
  readonly erasureJobs: ErasureJobTable
  readonly searchAlerts: SearchAlertTable
  /** Makes deleted rows leave the files of an embedded database, its write-ahead log included. */
  readonly scrub: () => Promise<void>
}
