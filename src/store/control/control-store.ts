/** Puts the tables of the control plane together over either engine. */
import type { ControlStore } from '../../model/control.ts'
import type { ControlDb } from '../schema.ts'
import { createApiTokenTable } from './api-tokens.ts'
import type { ApprovalEngine } from './approvals.ts'
import { createApprovalTable } from './approvals.ts'
import { createAuditTable } from './audit.ts'
import { createAccessTable } from './accesses.ts'
import { createCaseTable } from './cases.ts'
import { createExportOrderTable } from './export-orders.ts'
import { createHoldTable } from './holds.ts'
import { createErasureJobTable } from './erasure-jobs.ts'
import { createHuntTable } from './hunts.ts'
import { createIdempotencyTable } from './idempotency.ts'
import { createIdentityTable } from './identities.ts'
import { createLoginGroupsTable } from './login-groups.ts'
import {
  createLoginAttemptTable,
  createLoginSessionHintTable,
  createOnceTable,
} from './login-attempts.ts'
import { createExchangedTokenTable } from './exchanged-tokens.ts'
import { createLockTable } from './locks.ts'
import { createTrustRuleTable } from './trust-rules.ts'
import { createTrustRuleTermTable } from './trust-rule-terms.ts'
import { createTrustRuleUseTable } from './trust-rule-uses.ts'
import type { ChangeEngine } from '../key-table.ts'
import { createDeviceTable } from './devices.ts'
import { createScimTables } from './scim.ts'
import { createLoginLinkTable } from './login-links.ts'
import { createLoginSessionTable } from './login-sessions.ts'
import { createMaskTokenTable } from './mask-tokens.ts'
import { createNoticeTable } from './notices.ts'
import { createPeopleTable } from './people.ts'
import { createPolicyVersionTable } from './policy-versions.ts'
import { createRevealTable } from './reveals.ts'
import { createSavedViewTable } from './saved-views.ts'
import { createSearchAlertTable } from './search-alerts.ts'

/** What the engines do differently for these tables. */
export interface ControlEngine {
  readonly changes: ChangeEngine
  /** Makes the running transaction the only one that changes people until it ends. */
  readonly lockPeople: (transaction: ControlDb) => Promise<void>
  /** Runs writes that a power cut (not a crash) may undo. */
  readonly relaxed: (work: (db: ControlDb) => Promise<void>) => Promise<void>
  readonly approvals: ApprovalEngine
  /** Makes deleted rows leave the files of an embedded database. */
  readonly scrub: () => Promise<void>
}

export function createControlStore(db: ControlDb, engine: ControlEngine): ControlStore {
  return {
    people: createPeopleTable(db, engine),
    loginLinks: createLoginLinkTable(db),
    loginSessions: createLoginSessionTable(db, engine),
    tokens: createApiTokenTable(db, engine),
    identities: createIdentityTable(db, engine),
    loginGroups: createLoginGroupsTable(db),
    loginAttempts: createLoginAttemptTable(db),
    loginHints: createLoginSessionHintTable(db),
    once: createOnceTable(db),
    scim: createScimTables(db, engine),
    devices: createDeviceTable(db),
    audit: createAuditTable(db, engine),
    reveals: createRevealTable(db),
    views: createSavedViewTable(db),
    cases: createCaseTable(db, engine),
    accesses: createAccessTable(db),
    maskTokens: createMaskTokenTable(db, engine),
    approvals: createApprovalTable(db, engine.approvals),
    holds: createHoldTable(db),
    exportOrders: createExportOrderTable(db),
    policyVersions: createPolicyVersionTable(db),
    trustRules: createTrustRuleTable(db, engine.changes),
    trustRuleUses: createTrustRuleUseTable(db, engine),
    trustRuleTerms: createTrustRuleTermTable(db, engine.changes),
    exchangedTokens: createExchangedTokenTable(db, engine),
    notices: createNoticeTable(db),
    locks: createLockTable(db, engine.changes),
    idempotency: createIdempotencyTable(db),
    hunts: createHuntTable(db),
    erasureJobs: createErasureJobTable(db),
    searchAlerts: createSearchAlertTable(db),
    scrub: engine.scrub,
  }
}
