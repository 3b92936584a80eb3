/** What evidence holds of an exchange: the payload shapes inside frames, and the index row derived from them. */
import type { ExchangeId, InstanceId, KeyId } from '../lib/ids.ts'
import type { Decision, Verdict } from './decision.ts'
import type { ApprovalState } from './approval.ts'
import type { DialectName, TokenUsage } from './dialect.ts'
import type { FindingDirection, FindingRecord, UninspectedRecord } from './masking.ts'
import type { KeptAlive } from './keepalive.ts'
import type { DeclaredTags, Principal } from './principal.ts'
import type { RecordingMode } from './upstream.ts'

/** Header list in wire order; credentials and cookies are replaced by `REMOVED` before it is made. */
export type HeaderList = readonly (readonly [name: string, value: string])[]

export const REMOVED = '(removed)'

export interface RequestHead {
  readonly method: string
  /** Path and query as on the wire; secret query values replaced by `REMOVED`. */
  readonly target: string
  readonly httpVersion: '1.0' | '1.1' | '2'
  readonly headers: HeaderList
}

export interface AnswerHead {
  readonly status: number
  readonly headers: HeaderList
}

/** One replacement on the way through: bytes `[start, end)` of the received body became `with`. */
export interface Splice {
  readonly start: number
  readonly end: number
  readonly with: string
  /** `with` is base64 of bytes that are no text (messages of binary streams); absent where it is text. */
  readonly encoding?: 'base64'
  /** Values that it hides; absent: one. In a stream text also moves from one event to another while it is held. */
  readonly masks?: number
}

/** How many values the replacements hide. */
export function maskCount(splices: readonly Splice[]): number {
  return splices.reduce((sum, { masks = 1 }) => sum + masks, 0)
}

/** The state every list shows. `complete`: the caller was given a whole answer, whatever it said. */
export type ExchangeState = 'open' | 'complete' | 'interrupted' | 'refused'

/**
 * How it ended.
 * - `answered`: the provider's answer was relayed to its end (an HTTP error of the provider included)
 * - `gateway-error`: the gateway answered in the provider's place (upstream refused, timed out …)
 * - `refused`: answered by the gateway, nothing was sent upstream
 * - `caller-aborted`, `upstream-failed`, `evidence-failed`, `contained` (by a lock): cut in the middle
 * - `crashed`: found without an end after a restart
 */
export const OUTCOMES = [
  'answered',
  'gateway-error',
  'refused',
  'caller-aborted',
  'upstream-failed',
  'evidence-failed',
  'contained',
  'crashed',
] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Everything known when the upstream call is about to start. */
export interface OpeningFacts {
  readonly id: ExchangeId
  readonly receivedAtMs: number
  /** Null only in refusals before a caller was known. */
  readonly principal: Principal | null
  readonly tags: DeclaredTags
  readonly remoteAddress: string
  readonly upstream: string
  readonly dialect: DialectName | null
  readonly surface: string
  readonly route: string
  readonly mode: RecordingMode
  readonly retentionClass: string
  readonly model: string | null
  readonly stream: boolean
  readonly toolNames: readonly string[]
  readonly links: Readonly<Record<string, string>>
  readonly received: RequestHead
  /** Null until something is about to be sent. */
  readonly sent: RequestHead | null
  /** Offsets count in the body as received; in its decoded form when it was content-encoded. */
  readonly requestSplices: readonly Splice[]
  /** Absent where nothing was looked for. */
  readonly findings?: readonly FindingRecord[]
  readonly uninspected?: readonly UninspectedRecord[]
  /** Hash of the masking plan in force; empty while there is none. */
  readonly policy: string
  /** Absent where no policy is in force. */
  readonly decision?: Decision
  /** How much of it this conversation had neither sent nor been answered; absent where no policy is in force. */
  readonly novelty?: { readonly blocks: number; readonly bytes: number }
  /** Absent where no blocks are known. */
  readonly context?: ContextLinks
}

/** Keyed digests that link the requests of a conversation whose caller declares none. */
export interface ContextLinks {
  /** Of everything said up to this request. */
  readonly end: string
  /** What `end` of the request before it was; null for a first request. */
  readonly parent: string | null
  /** Of the answer to that request, as the caller sent it back. */
  readonly answer: string | null
}

export interface ClosingFacts {
  readonly endedAtMs: number
  readonly state: Exclude<ExchangeState, 'open'>
  readonly outcome: Outcome
  /** Code of `model/errors.ts` when the gateway made or cut the answer; else null. */
  readonly errorCode: string | null
  /** Id of the lock that refused or cut it. */
  readonly lock?: string
  /** Status the caller was given; null when none was. */
  readonly status: number | null
  readonly upstreamStatus: number | null
  readonly upstreamAddress: string | null
  /** Bytes received from the provider, and released to the caller. */
  readonly answerBytes: number
  readonly releasedBytes: number
  /** Milliseconds since arrival; null when it never came to that. */
  readonly firstByteMs: number | null
  readonly durationMs: number
  readonly finishReason: string | null
  readonly responseId: string | null
  readonly responseModel: string | null
  readonly usage: TokenUsage
  /** Offsets count in the answer as received. */
  readonly answerSplices: readonly Splice[]
  /** What was sent in the end, where people approved it masked only: replaces what the opening says. */
  readonly sentSplices?: readonly Splice[]
  /** Absent where no rule held it. */
  readonly approval?: ApprovalFacts
  /** Absent where nothing was looked for. */
  readonly findings?: readonly FindingRecord[]
  /** Bytes of the answer at which each found value that was left as it was had come whole; absent for none. */
  readonly keptAt?: readonly number[]
  readonly uninspected?: readonly UninspectedRecord[]
  /** What `context.answer` of the next request will be; absent when the answer was not read whole. */
  readonly answerDigest?: string
  /** What rules on the answer decided; absent where there are none. */
  readonly decision?: Decision
}

/** How a hold ended, or which grant made one needless. */
export interface ApprovalFacts {
  readonly approval: string
  /** As it was when the exchange went on or was answered. */
  readonly state: ApprovalState
  /** Null where nothing was let go. */
  readonly grant: string | null
  /** Which of the requests that waited for it this was, from 1; 0 where it did not wait. */
  readonly attempt: number
  readonly waitedMs: number
  /** Absent where it waited in silence. */
  readonly keptAlive?: KeptAlive
}

export interface FrameAddress {
  readonly instance: InstanceId
  readonly segment: number
  readonly offset: number
}

/** One row of the exchange index. Derived from segments alone; `custody reindex` makes it again. */
export interface ExchangeRow {
  readonly id: ExchangeId
  readonly state: ExchangeState
  readonly outcome: Outcome | null
  readonly receivedAtMs: number
  readonly endedAtMs: number | null
  readonly principal: string
  readonly principalKind: string
  readonly keyId: KeyId | null
  readonly service: string
  readonly declaredService: string
  readonly remoteAddress: string
  readonly userAgent: string
  readonly upstream: string
  readonly dialect: DialectName | null
  readonly surface: string
  readonly route: string
  readonly mode: RecordingMode
  readonly retentionClass: string
  readonly method: string
  readonly path: string
  readonly model: string | null
  readonly stream: boolean
  readonly status: number | null
  readonly errorCode: string | null
  readonly finishReason: string | null
  readonly inputTokens: number | null
  readonly outputTokens: number | null
  readonly requestBytes: number
  readonly answerBytes: number
  /** Bytes this exchange added to segments (shared blocks count where they were first stored). */
  readonly storedBytes: number
  readonly firstByteMs: number | null
  readonly durationMs: number | null
  /** `cv_` id of the conversation that the caller declared, told apart by principal; null when it declared none. */
  readonly conversation: string | null
  /** Where the declared id was found, e.g. `header x-claude-code-session-id`. */
  readonly conversationBy: string | null
  /** The provider's id of the answer. */
  readonly responseId: string | null
  /** The answer that the request says it continues. */
  readonly previousResponse: string | null
  /** Tools that the request offers to the model. */
  readonly tools: readonly string[]
  /** What detection saw, each value once, sorted: where, which entities, by which rules, with which fingerprints. */
  readonly findingsIn: readonly FindingDirection[]
  readonly entities: readonly string[]
  readonly rules: readonly string[]
  /** The first 16 digits of each. */
  readonly fingerprints: readonly string[]
  /** What the policy decided; null where none was in force. */
  readonly verdict: Verdict | null
  readonly policyHash: string | null
  readonly decidingRule: string | null
  /** Ids of the rules that fired, in force or not. */
  readonly policyRules: readonly string[]
  /** Tags that rules in force gave it. */
  readonly tags: readonly string[]
  readonly contextEnd: string | null
  readonly contextParent: string | null
  readonly contextAnswer: string | null
  readonly answerDigest: string | null
  readonly instance: InstanceId
  readonly openSegment: number
  readonly openOffset: number
  readonly closeSegment: number | null
  readonly closeOffset: number | null
}

/** Where a stored block lies. `id` is 64 hex digits: HMAC-SHA-256 under the tenant's block key. */
export interface BlockRow {
  readonly id: string
  readonly instance: InstanceId
  readonly segment: number
  readonly offset: number
  readonly bytes: number
  readonly retentionClass: string
  readonly firstExchange: ExchangeId
}

/**
 * Every kind of thing that happens to the gateway, its keys and its evidence. Each is a kind of leaf in the transparency log
 * too: a verifier refuses kinds that are not here, so names are never used again for something else.
 */
export const EVENT_TYPES = [
  'gateway.started',
  'gateway.stopped',
  'gateway.recovered',
  'key.created',
  'key.revoked',
  'config.reloaded',
  'config.refused',
  'recording.gap',
  'evidence.read',
  'control.changed',
  'person.disabled',
  'person.enabled',
  'person.broke-glass',
  'key.handed-over',
  'key.ended',
  'token.issued',
  'token.refused',
  'lock.set',
  'lock.released',
  'trace.searched',
  'search.alerted',
  'policy.changed',
  'policy.refused',
  'approval.created',
  'approval.voted',
  'approval.escalated',
  'approval.decided',
  'approval.expired',
  'approval.cancelled',
  'approval.reviewed',
  'approval.released',
  'grant.revoked',
  'record.erased',
  'record.erasure-finished',
  'hold.set',
  'hold.released',
  'hold.extended',
  'hold.kept',
  'evidence.exported',
  'content.asked',
  'content.decided',
  'case.changed',
  'evidence.export-requested',
  'evidence.export-decided',
  'keyring.prepared',
  'keyring.rewrapped',
  'keyring.retired',
  'keyring.turned-back',
  'keyring.log-key-rotated',
  'keyring.log-key-revoked',
  'trust-rule.created',
  'trust-rule.changed',
  'trust-rule.removed',
  'trust-rule.ended',
  'trust-rule.renewed',
] as const

export type EventType = (typeof EVENT_TYPES)[number]

/** A thing that happened to the gateway or its keys, without payload. */
export interface EvidenceEvent {
  readonly type: EventType
  readonly atMs: number
  /** Who did it; empty when the gateway itself. */
  readonly actor: string
  readonly details: Readonly<Record<string, string | number | boolean | null>>
  /**
   * Ids of the records that it speaks of, at most 1000. They stand in the transparency log in the clear: a verifier without
   * keys sees from them that a record was erased or is held.
   */
  readonly records?: readonly string[]
}
