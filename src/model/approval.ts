/** A request that waits for people: what was frozen, who decided what, and the grant that came of it. Never payload. */
import type { ExchangeId } from '../lib/ids.ts'

export const APPROVAL_STATES = [
  'pending',
  'approved',
  'approved-masked',
  'denied',
  'expired',
  'cancelled',
] as const
export type ApprovalState = (typeof APPROVAL_STATES)[number]

/** What an approver may say. `conversation`: for some minutes, for what follows in the same conversation. */
export const APPROVAL_CHOICES = ['once', 'masked', 'conversation', 'deny'] as const
export type ApprovalChoice = (typeof APPROVAL_CHOICES)[number]

/** One group of approvers that a person is in. */
export interface ApproverGroup {
  readonly name: string
  /** `custody.yaml`, `scim`, or the provider of the last login: `oidc:<provider>`, `saml:<provider>`. */
  readonly by: string
  /** Null: for as long as it is said there. */
  readonly untilMs: number | null
}

/** One rule that holds the request, and who may answer for it. */
export interface AskedRule {
  readonly rule: string
  readonly title: string
  readonly message: string
  /** Why it fired, in the words of the policy. */
  readonly reasons: readonly string[]
  /** Keyed fingerprints of all findings the rule speaks of, and of those that are new in this turn. */
  readonly findings: readonly string[]
  readonly newFindings: readonly string[]
  /** Groups, roles or logins; empty means everyone with the role `approver`. */
  readonly approvers: readonly string[]
  readonly quorum: number
  /** May decide too, once half of the time is over. */
  readonly escalateTo: readonly string[]
}

/** How the rules together want it decided: the strictest of each. */
export interface AskedTerms {
  readonly expiresInMs: number
  /** Null: the default of the route. */
  readonly holdBudgetMs: number | null
  readonly reasonRequired: boolean
  /** Decided only in the console, shortly after a login. */
  readonly highAssurance: boolean
  readonly grants: 'once' | 'conversation'
  readonly grantMs: number
}

/** Stands for the caller of a request that was erased. */
export const ERASED_CALLER = '(erased)'

export interface FindingKind {
  readonly entity: string
  readonly count: number
  readonly fresh: number
}

/** What the approver decides about; a request that differs in any of the digests is another one. */
export interface FrozenRequest {
  readonly exchange: ExchangeId
  /** SHA-256 of the body without its `stream` member, with where it goes: what "the same request" means. */
  readonly digest: string
  /** SHA-256 of the body as received. */
  readonly bodyDigest: string
  readonly policy: string
  readonly principal: string
  readonly principalKind: 'person' | 'service' | 'job'
  readonly proof: string
  readonly service: string
  readonly declaredService: string
  readonly keyId: string | null
  /** Owner of the credential and human behind the job, where the proof names them. */
  readonly people: readonly string[]
  /** Claims that say which job it is; empty for keys. */
  readonly claims: Readonly<Record<string, string>>
  readonly conversation: string | null
  readonly upstream: string
  readonly surface: string
  readonly model: string
  readonly stream: boolean
  readonly toolNames: readonly string[]
  readonly requestBytes: number
  readonly kinds: readonly FindingKind[]
}

export interface Vote {
  readonly person: string
  readonly login: string
  readonly choice: ApprovalChoice
  readonly reason: string
  readonly atMs: number
  /** Where it was given: `console`, `api`, `cli`, `slack`. */
  readonly surface: string
  readonly breakGlass: boolean
}

export type TransitionKind =
  | 'created'
  | 'voted'
  | 'escalated'
  | 'approved'
  | 'approved-masked'
  | 'denied'
  | 'expired'
  | 'cancelled'
  | 'reviewed'

/** One step of the state machine; each becomes evidence. */
export interface Transition {
  readonly kind: TransitionKind
  readonly atMs: number
  /** Login; empty when the gateway itself. */
  readonly actor: string
  readonly reason: string
  readonly surface: string
}

/** A break-glass approval waits until somebody else has looked at it. */
export interface Review {
  readonly by: string
  readonly atMs: number
  readonly note: string
}

export interface Approval {
  readonly id: string
  readonly state: ApprovalState
  /** Grows with every change. */
  readonly version: number
  /** Unique among those that are pending: identical findings of one principal share a card. */
  readonly coalesceKey: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly decidedAtMs: number | null
  readonly escalatedAtMs: number | null
  readonly request: FrozenRequest
  /** Everybody who stands behind the requests and therefore cannot approve them: logins, ids, addresses. */
  readonly requesters: readonly string[]
  /** Digests of all requests that wait for this decision; the first is `request.digest`. */
  readonly digests: readonly string[]
  readonly asks: readonly AskedRule[]
  readonly terms: AskedTerms
  readonly votes: readonly Vote[]
  readonly history: readonly Transition[]
  /** How many of `history` are evidence. */
  readonly noted: number
  readonly brokeGlass: boolean
  readonly review: Review | null
  /** Masked excerpts, encrypted; null once decided. */
  readonly sealedCard: string | null
  /** Names the page of the requester, which shows the rule and the state and no content; cannot be guessed. */
  readonly page: string
}

/** Who is waiting; kept apart from the approval, so that a caller who comes or goes never collides with a decision. */
export interface Attendance {
  readonly attempts: number
  readonly waiting: number
  readonly waitingUntilMs: number
}

export interface AttendedApproval extends Approval {
  readonly attendance: Attendance
}

export interface GrantedRule {
  readonly rule: string
  readonly findings: readonly string[]
}

/** What an approval permits: to one principal, for these rules and findings, towards one upstream, for a while. */
export interface Grant {
  readonly id: string
  readonly approval: string
  readonly principal: string
  readonly upstream: string
  readonly kind: 'once' | 'conversation'
  readonly masked: boolean
  readonly conversation: string | null
  readonly rules: readonly GrantedRule[]
  readonly digests: readonly string[]
  readonly createdAtMs: number
  readonly expiresAtMs: number
  /** Until then, what was sent under the grant may stay in the context of its conversation. */
  readonly carryUntilMs: number
  readonly usesMax: number | null
  readonly uses: number
  readonly grantedBy: string
  readonly revokedAtMs: number | null
  readonly revokedBy: string
}

export interface ApprovalFilter {
  readonly states?: readonly ApprovalState[]
  readonly principal?: string
  /** Break-glass approvals that nobody has looked at. */
  readonly unreviewed?: boolean
  readonly before?: string
  readonly limit: number
}

export interface GrantFilter {
  readonly principal?: string
  /** Only those that still permit something at this time. */
  readonly activeAtMs?: number
  readonly before?: string
  readonly limit: number
}

export interface ApprovalTable {
  /** The one that is there when its coalesce key is pending already; else the given one. */
  readonly open: (approval: Approval) => Promise<AttendedApproval>
  readonly byId: (id: string) => Promise<AttendedApproval | null>
  readonly byPage: (page: string) => Promise<AttendedApproval | null>
  /** Newest first. */
  readonly list: (filter: ApprovalFilter) => Promise<readonly AttendedApproval[]>
  /** The newest that knows this digest, decided after `sinceMs` or pending. */
  readonly latestOf: (digest: string, sinceMs: number) => Promise<AttendedApproval | null>
  /** Writes when `version - 1` is what is there; a grant is made in the same transaction. False: somebody else won. */
  readonly change: (approval: Approval, grant: Grant | null) => Promise<boolean>
  /** Says that the first `count` steps are evidence; false when that was said before. */
  readonly noted: (id: string, count: number) => Promise<boolean>
  /** Those with steps that are not evidence yet. */
  readonly unnoted: (limit: number) => Promise<readonly AttendedApproval[]>
  /** Counts an attempt that begins to wait until `untilMs`; gives its number, from 1. */
  readonly arrive: (
    id: string,
    untilMs: number,
    request: Pick<FrozenRequest, 'exchange' | 'digest'>,
  ) => Promise<number>
  readonly leave: (id: string) => Promise<void>
  readonly grants: (filter: GrantFilter) => Promise<readonly Grant[]>
  readonly grant: (id: string) => Promise<Grant | null>
  /** False when it has no use left, has expired or was revoked. */
  readonly useGrant: (id: string, nowMs: number) => Promise<boolean>
  /** False when it was revoked before, or there is none. */
  readonly revokeGrant: (id: string, by: string, atMs: number) => Promise<boolean>
  /** The approvals that requests of these exchanges waited for. */
  readonly ofExchanges: (exchanges: readonly ExchangeId[]) => Promise<readonly string[]>
  /** The digests that other exchanges brought to it. */
  readonly digestsBeside: (
    id: string,
    exchanges: readonly ExchangeId[],
  ) => Promise<readonly string[]>
  /** As `change`; what does not stand in the approval any more goes from its requests and grants too. */
  readonly forget: (approval: Approval, exchanges: readonly ExchangeId[]) => Promise<boolean>
  /** Changes with every change of any process, and only grows. */
  readonly version: () => number
}

/** A stretch of the request around a finding, with every finding in it replaced by its kind. */
export interface Excerpt {
  readonly entity: string
  readonly rule: string
  readonly fresh: boolean
  readonly text: string
}

export interface HoldQuestion {
  readonly request: FrozenRequest
  readonly asks: readonly AskedRule[]
  readonly terms: AskedTerms
  readonly excerpts: readonly Excerpt[]
  /** Wall clock at which the caller is answered, whatever happened. */
  readonly waitUntilMs: number
}

/** What was decided before about a request like this. */
export type Foreknown =
  | { readonly kind: 'ask' }
  | { readonly kind: 'granted'; readonly grant: Grant; readonly carried: boolean }
  | { readonly kind: 'refused'; readonly approval: Approval }

export type HoldEnding =
  /** Evidence of the release is durable; the grant has been used. */
  | { readonly kind: 'go'; readonly approval: Approval; readonly grant: Grant }
  | { readonly kind: 'refused'; readonly approval: Approval }
  | { readonly kind: 'pending'; readonly approval: Approval }
  | { readonly kind: 'gone'; readonly approval: Approval }

export interface HoldTicket {
  readonly approval: Approval
  /** Counts the requests that joined the approval, from 1. */
  readonly attempt: number
  /** Waits for people. Resolves at `waitUntilMs` at the latest, and soon after `isGone` says that nobody waits. */
  readonly wait: (isGone: () => boolean) => Promise<HoldEnding>
}

/** The approval desk as the data plane sees it. */
export interface ApprovalDesk {
  /** Looks before anything is recorded: is it covered by a grant, or was it refused a short time ago? */
  readonly known: (
    request: FrozenRequest,
    asks: readonly AskedRule[],
    /** Fingerprints of values that its conversation has sent masked only. */
    sentMasked: ReadonlySet<string>,
  ) => Promise<Foreknown>
  /** Uses a grant that covers, with evidence; false when it does not permit it any more. */
  readonly release: (grant: Grant, carried: boolean, exchange: ExchangeId) => Promise<boolean>
  /** Joins the approval that is pending, or opens one. Approval and its evidence are durable when it resolves. */
  readonly ask: (question: HoldQuestion) => Promise<HoldTicket>
  /** Where the requester sees the state of the own request. */
  readonly pageUrl: (approval: Approval) => string
}
