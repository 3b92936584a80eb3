/** Everything a rule may look at: facts of one exchange at one moment, gathered by whoever asks. */
import type { Principal } from '../model/principal.ts'

/** A value that was found. */
export interface SeenFinding {
  /** Id of the detector, or of a rule's keyword or pattern. */
  readonly rule: string
  readonly entity: string
  readonly fingerprint: string
  /** False for a value that this conversation has sent before. */
  readonly isNew: boolean
  /** Role of the block it stands in; `other` outside of blocks and in answers. */
  readonly role: string
}

export interface SizeFacts {
  readonly bytes: number
  readonly newBytes: number
  /** Estimated. */
  readonly tokens: number
  readonly newTokens: number
}

export interface PolicyFacts {
  /** A request, with the tool results in it; the text of an answer; one tool call of an answer. */
  readonly moment: 'request' | 'response' | 'tool_call'
  readonly atMs: number
  /** Keyed digest of the conversation (of the exchange, where none is known): draws the share of a canary. */
  readonly lot: string
  readonly caller: {
    readonly id: string
    readonly kind: string
    readonly method: string
    readonly key: string
    readonly service: string
    readonly groups: readonly string[]
    readonly claims: Readonly<Record<string, string>>
  }
  /** What the caller says about itself; it excuses nothing. */
  readonly declaredService: string
  readonly upstream: string
  readonly dialect: string
  readonly surface: string
  readonly route: string
  readonly model: string
  readonly stream: boolean
  readonly size: SizeFacts
  readonly counts: {
    readonly blocks: number
    readonly newBlocks: number
    readonly toolResults: number
  }
  /** Names of the tools a request offers; the one name of a tool call. */
  readonly tools: readonly string[]
  readonly conversation: string
  readonly findings: readonly SeenFinding[]
  /** `failed`: it should have been looked into and could not be. `unread`: nobody reads bodies of this kind. */
  readonly inspection: 'done' | 'unread' | 'failed'
}

export type CallerFacts = PolicyFacts['caller']

/** Of nobody where the caller is not known. */
export function callerFacts(principal: Principal | null): CallerFacts {
  return {
    id: principal?.id ?? '',
    kind: principal?.kind ?? '',
    method: principal?.method ?? '',
    key: principal?.keyId ?? '',
    service: principal?.service ?? '',
    groups: principal?.groups ?? [],
    claims: principal?.claims ?? {},
  }
}

export function sizeFacts(bytes: number, newBytes: number): SizeFacts {
  return {
    bytes,
    newBytes,
    tokens: estimatedTokens(bytes),
    newTokens: estimatedTokens(newBytes),
  }
}

/** Characters of a token on average; an estimate for thresholds. */
const BYTES_PER_TOKEN = 4

export function estimatedTokens(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN)
}
