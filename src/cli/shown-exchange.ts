/** What is shown of one exchange, wherever it was read: in the data folder or through the API. */
import type { BlockPart } from '../incident/block-parts.ts'
import type { ApprovalFacts } from '../model/record.ts'
import type { AnswerView, BlockRole, TokenUsage } from '../model/dialect.ts'

export interface ShownExchange {
  readonly head: ShownHead
  /** Null when one may not read it. */
  readonly request: ShownRequest | null
  readonly answer: ShownAnswer | 'none' | null
}

export interface ShownHead {
  readonly id: string
  readonly state: string
  readonly receivedAtMs: number
  /** Null when nobody was identified. */
  readonly principal: {
    readonly id: string
    readonly kind: string
    readonly method: string
    readonly keyId: string | null
    readonly service: string
    readonly issuer: string
    readonly groups: readonly string[]
    readonly claims: Readonly<Record<string, string>>
    /** Empty or absent where nobody is known. */
    readonly owner?: string
    readonly actor?: string
    readonly rule?: string
  } | null
  readonly remoteAddress: string
  readonly declared: {
    readonly service: string
    readonly headers: Readonly<Record<string, string>>
  }
  readonly links: Readonly<Record<string, string>>
  /** The conversation it was linked to by what was said; null for none. */
  readonly linked: string | null
  readonly upstream: string
  readonly surface: string
  readonly route: string
  readonly model: string | null
  readonly stream: boolean
  readonly received: RequestLine | null
  readonly sent: RequestLine | null
  readonly mode: string
  readonly retentionClass: string
  /** Legal holds in force on it. */
  readonly holds: readonly string[]
  /** How people were waited for; null where no rule held it. */
  readonly waited: Waited | null
  /** Null while the exchange is open. */
  readonly closing: ShownClosing | null
}

export type Waited = Pick<ApprovalFacts, 'approval' | 'state' | 'waitedMs'> & {
  readonly keptAlive?: ApprovalFacts['keptAlive'] | null
}

export interface RequestLine {
  readonly method: string
  readonly target: string
  readonly httpVersion: string
}

export interface ShownClosing {
  readonly endedAtMs: number
  readonly durationMs: number
  readonly firstByteMs: number | null
  readonly outcome: string
  readonly errorCode: string | null
  readonly status: number | null
  readonly upstreamStatus: number | null
  readonly upstreamAddress: string | null
  readonly responseModel: string | null
  readonly usage: TokenUsage
}

export type ShownRequest =
  | { readonly kind: 'none' | 'unreadable' }
  | {
      readonly kind: 'blocks'
      readonly bytes: number
      readonly blocks: readonly {
        readonly role: BlockRole
        readonly bytes: number
        readonly parts: readonly BlockPart[]
      }[]
    }
  /** `text` is null when it is not text. */
  | { readonly kind: 'opaque'; readonly bytes: number; readonly text: string | null }

export type AnsweredParts = Pick<
  AnswerView,
  'reasoning' | 'text' | 'refusal' | 'toolCalls' | 'error' | 'finishReason'
>

export interface ShownAnswer {
  readonly status: number
  readonly origin: 'upstream' | 'gateway'
  readonly contentType: string
  readonly bytes: number
  readonly chunks: number
  /** Why it could not be decoded to its end; empty when it could. */
  readonly problem: string
  readonly view: AnsweredParts | null
  /** Decoded; asked for when the view is null or empty. */
  readonly body: () => Promise<Buffer>
}
