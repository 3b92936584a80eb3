/** What the control plane is given by the composition root, and what each call carries. */
import type { HttpBindings } from '@hono/node-server'
import type { KeyRules } from '../identity/key-ownership.ts'
import type { LinkRules } from '../identity/break-glass.ts'
import type { DeprovisionParts } from '../identity/deprovision.ts'
import type { ScimParts } from '../identity/scim/scim-users.ts'
import type { LoginDesk } from '../identity/login/login-desk.ts'
import type { CardSeal } from '../approvals/card-seal.ts'
import type { DecidingParts } from '../approvals/deciding.ts'
import type { Memberships } from '../approvals/roster.ts'
import type { LoginMethod } from '../identity/login-method.ts'
import type { Reach } from '../identity/permissions.ts'
import type { SignedIn } from '../identity/signed-in.ts'
import type { AccessDesk } from '../incident/restricted/access-desk.ts'
import type { CaseDesk } from '../incident/case-desk.ts'
import type { ChangeFeed } from '../incident/change-feed.ts'
import type { ExchangeDesk } from '../incident/exchange-desk.ts'
import type { HuntDesk } from '../incident/hunt/hunt-desk.ts'
import type { Keeping } from '../incident/keeping/keeping.ts'
import type { PolicyDesk } from '../incident/policy-desk.ts'
import type { TraceDesk } from '../incident/trace/trace-desk.ts'
import type { Clock } from '../lib/clock.ts'
import type { PriceList } from '../model/cost.ts'
import type { ControlStore } from '../model/control.ts'
import type { DeadLetterDesk } from '../model/dead-letter.ts'
import type { KeyTable } from '../model/keys.ts'
import type { EvidenceEvent, FrameAddress } from '../model/record.ts'
import type { Holdings } from '../identity/rule-ownership.ts'
import type { TrustRule } from '../model/trust.ts'
import type { Upstream } from '../model/upstream.ts'
import type { CallAudit } from './call-audit.ts'
import type { PartyStatus } from '../evidence/publish/publisher.ts'
import type { ReportJson } from '../evidence/verify/report-json.ts'
import type { z } from '@hono/zod-openapi'
import type { KeyringStatus, KeyringStep } from './contract/keyring.ts'
import type { Status } from './contract/operations.ts'

/** What the API needs of the approvals room. */
export interface ApprovalApi {
  readonly deciding: DecidingParts
  readonly memberships: () => Promise<Memberships>
  readonly seal: CardSeal
}

export type LogVerification =
  | { readonly state: 'never' }
  | { readonly state: 'running'; readonly leaves: number; readonly of: number }
  | { readonly state: 'failed'; readonly reason: string; readonly atMs: number }
  | {
      readonly state: 'done'
      readonly atMs: number
      readonly holds: boolean
      readonly records: ReportJson['records']
      readonly unclosed: number
      readonly gaps: number
      readonly problems: readonly string[]
      readonly problemCount: number
      readonly tookMs: number
    }

/** What the API needs of the transparency log. */
export interface LogDesk {
  readonly health: () => {
    readonly origin: string
    readonly keys: readonly string[]
    readonly size: number
    readonly root: string
    readonly checkpoint: string
    readonly waiting: number
    readonly isBehind: boolean
    readonly failure: string
    readonly parties: readonly PartyStatus[]
    readonly verification: LogVerification
  }
  /** Begins, unless it runs. */
  readonly verify: () => void
  /** Proofs of the leaves that speak of these frames. */
  readonly prove: (frames: readonly FrameAddress[]) => Promise<
    readonly {
      readonly index: number
      readonly kind: string
      readonly atMs: number
      readonly name: string
      readonly file: string
    }[]
  >
}

/** What the API needs of the keys of the evidence. */
export interface KeyringApi {
  readonly status: () => Promise<KeyringStatus>
  readonly step: (
    step: z.infer<typeof KeyringStep>['step'],
    actor: string,
    key?: string,
  ) => Promise<
    | { readonly kind: 'done'; readonly status: KeyringStatus }
    | { readonly kind: 'refused'; readonly reason: string }
  >
}

export interface ApiParts {
  readonly log: LogDesk
  readonly keyring: KeyringApi
  readonly clock: Clock
  readonly control: ControlStore
  readonly keys: KeyTable
  readonly desk: ExchangeDesk
  readonly cases: CaseDesk
  readonly accesses: AccessDesk
  readonly feed: ChangeFeed
  /** Those of custody.yaml. */
  readonly configuredTrust: () => readonly TrustRule[]
  /** What a person answers for or set off. */
  readonly holdings: (login: string) => Promise<Holdings>
  readonly containment: {
    /** Puts a lock that was set or released in force at this worker now; how many exchanges in flight it cut. */
    readonly applied: (lockId: string) => Promise<number>
  }
  readonly policy: PolicyDesk
  readonly trace: TraceDesk
  readonly hunts: HuntDesk
  /** Receivers that custody.yaml names. */
  readonly alertChannels: () => readonly string[]
  readonly deadLetters: DeadLetterDesk
  readonly keeping: Keeping
  readonly linkMethod: LoginMethod
  readonly login: LoginDesk
  /** For whom one-time links work, as configured now. */
  /** When keys count as left behind, as configured now. */
  readonly keyRules: () => KeyRules
  readonly linkRules: () => LinkRules
  /** An alert that operators must see: in the log too. */
  readonly alert: (what: string, details: Readonly<Record<string, string>>) => void
  readonly deprovision: DeprovisionParts
  readonly scim: ScimParts
  readonly approvals: ApprovalApi
  /** Resolves when durable. */
  readonly note: (event: EvidenceEvent) => Promise<void>
  readonly upstreams: () => readonly Upstream[]
  readonly prices: () => PriceList
  readonly status: () => Omit<Status, 'nowMs' | 'version'>
  /** Origin of the console, without a slash at its end. */
  readonly consoleUrl: () => string
  readonly version: string
  /** Folder of the built console; it may be missing. */
  readonly consoleFolder: string
  readonly onFault: (what: string, error: unknown) => void
}

export interface ApiEnv {
  Bindings: HttpBindings
  Variables: {
    requestId: string
    address: string
    /** Set behind the guard of every operation that is not public. */
    signedIn: SignedIn
    reach: Reach
    audit: CallAudit
  }
}
