/** What the data plane needs to know of a provider's wire format; every dialect is one pure object of this shape. */
import type { JsonScan } from '../lib/json/scan.ts'
import type { StreamShape } from './stream-shape.ts'

export type DialectName = 'openai' | 'anthropic' | 'gemini' | 'bedrock' | 'ollama'

/**
 * What kind of call a path names.
 * - `generate`: a model writes an answer (chat, messages, converse, completions …)
 * - `embed`, `count`: the prompt is in the body, the answer is numbers
 * - `manage`: lists and objects without prompt (models, batches, files metadata)
 * - `opaque`: bytes we record and do not read (audio, images, file uploads)
 */
export type SurfaceKind = 'generate' | 'embed' | 'count' | 'manage' | 'opaque'

/** How the answer body of a stream is framed. */
export type StreamFraming = 'sse' | 'ndjson' | 'aws-eventstream' | 'none'

export interface Surface {
  /** Dotted name, e.g. `openai.chat-completions`, `bedrock.converse-stream`. */
  readonly name: string
  readonly dialect: DialectName
  readonly kind: SurfaceKind
  /** True where the request body is JSON that holds a prompt to be cut into blocks. */
  readonly readsBody: boolean
  /** From the path, where the wire puts them there (Gemini, Bedrock, Azure); else null. */
  readonly modelInPath: string | null
  readonly streamInPath: boolean | null
  /** Path to send upstream below the upstream's base URL, with query, starting with `/`. */
  readonly upstreamPath: string
}

/** Roles a block can play in a context window. */
export type BlockRole = 'system' | 'user' | 'assistant' | 'tool' | 'tool-definition' | 'other'

/** A half-open byte range of the decoded request body that becomes one block. Spans never overlap and ascend. */
export interface BlockSpan {
  readonly start: number
  readonly end: number
  readonly role: BlockRole
}

export interface RequestView {
  readonly model: string | null
  readonly stream: boolean
  readonly blocks: readonly BlockSpan[]
  readonly toolNames: readonly string[]
  /** Ids a client or the API gives to link exchanges, e.g. `previous_response_id`; lower-case keys. */
  readonly links: Readonly<Record<string, string>>
}

export type RequestReading =
  | { readonly kind: 'view'; readonly view: RequestView }
  | { readonly kind: 'problem'; readonly problem: JsonProblem }

/** Where and why a body was refused. `message` never quotes the body. */
export interface JsonProblem {
  readonly code:
    | 'malformed'
    | 'duplicate-key'
    | 'too-deep'
    | 'too-many-elements'
    | 'not-utf8'
    | 'wrong-shape'
  readonly offset: number
  readonly message: string
}

export interface JsonLimits {
  readonly depthMax: number
  readonly elementsMax: number
}

export interface TokenUsage {
  readonly inputTokens: number | null
  readonly outputTokens: number | null
  readonly cachedInputTokens: number | null
  readonly reasoningTokens: number | null
}

export const EMPTY_USAGE: TokenUsage = {
  inputTokens: null,
  outputTokens: null,
  cachedInputTokens: null,
  reasoningTokens: null,
}

export interface ToolCall {
  readonly id: string
  readonly name: string
  /** JSON text as the model wrote it. */
  readonly arguments: string
}

/** What a reader of the record sees as the answer, put together from the stream or the JSON body. */
export interface AnswerView {
  readonly text: string
  readonly reasoning: string
  readonly refusal: string
  readonly toolCalls: readonly ToolCall[]
  readonly finishReason: string | null
  readonly model: string | null
  readonly responseId: string | null
  readonly usage: TokenUsage
  /** The provider's own error text when the answer is one; else null. */
  readonly error: string | null
  readonly events: number
}

/** Puts an answer together as its bytes come, so that nothing of it is left to be read when it ends. */
export interface AnswerReading {
  readonly push: (bytes: Buffer) => void
  /** Of everything pushed; nothing is pushed afterwards. */
  readonly view: () => AnswerView
}

/**
 * Follows the raw bytes of one answer stream. `push` returns how many bytes, counted from the start of the stream,
 * may be released to the caller: everything before the terminal event (all, while none was seen).
 * A framing violation (bad CRC, over-long event) is reported by `problem` and freezes `push`.
 */
export interface StreamFollower {
  readonly push: (chunk: Buffer) => number
  /** True once the terminal event has begun. */
  readonly terminal: boolean
  /** True when the terminal event reports an error of the provider. */
  readonly failed: boolean
  readonly problem: string | null
  /** True when the stream stopped between events (nothing half-sent). */
  readonly atBoundary: boolean
}

/** An error as the gateway means it, before it is put into the dialect's own shape. */
export interface CallerError {
  /** Stable code of `model/errors.ts`, e.g. `upstream.timeout`. */
  readonly code: string
  readonly status: number
  /** One readable line; never quotes content. */
  readonly message: string
  readonly exchangeId: string
}

export interface RenderedError {
  readonly status: number
  /** Lower-case names, includes content-type; not content-length. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Follows what a caller was shown of a stream, to end it in the voice of the model. */
export interface SpokenEnding {
  readonly passed: (bytes: Buffer) => void
  /** Null where the caller was shown something that must not look finished. */
  readonly end: (error: CallerError) => Buffer | null
}

/** A stream that has begun and says nothing yet. */
export interface IdleStream {
  readonly contentType: string
  /** Bytes that the framing ignores. */
  readonly comment: string
  /** An event of the dialect that means nothing; null where it has none. */
  readonly ping: string | null
}

export interface PathMatch {
  readonly method: string
  /** Path below the upstream's prefix, percent-encoding as received, starts with `/`, no query. */
  readonly path: string
  /** Query with its `?`, or empty. */
  readonly query: string
}

export interface Dialect {
  readonly name: DialectName
  /** Names the surface of a call, or null when this dialect does not know the path. */
  readonly recognise: (request: PathMatch) => Surface | null
  /** True when `path` alone (single-origin layout, no prefix) can only be this dialect's. */
  readonly claims: (request: PathMatch) => boolean
  /** Reads a decoded (not content-encoded) request body that was scanned. Never changes or re-serialises it. */
  readonly readRequest: (surface: Surface, scan: JsonScan) => RequestReading
  readonly framing: (surface: Surface, contentType: string) => StreamFraming
  /** Null when the answer is not a stream that this dialect can follow. */
  readonly follow: (surface: Surface, contentType: string) => StreamFollower | null
  /** Null for surfaces whose streams nothing is known of: they cannot be masked. */
  readonly streamShape: (surface: Surface) => StreamShape | null
  /** Puts the answer together from decoded (not content-encoded) body bytes, stream or not. Total: never throws. */
  readonly readAnswer: (surface: Surface, contentType: string, body: Buffer) => AnswerView
  /** Gives what `readAnswer` would of the same bytes; null, or absent, where an answer is only read whole. */
  readonly readAsItComes?: (surface: Surface, contentType: string) => AnswerReading | null
  readonly renderError: (surface: Surface | null, error: CallerError) => RenderedError
  /** Bytes that end a stream already begun with an error the client's SDK raises; null when the socket must be cut. */
  readonly renderStreamError: (surface: Surface, error: CallerError) => Buffer | null
  /** Null where a stream of this surface has no room for it, or how it is framed is not known before it comes. */
  readonly idleStream: (surface: Surface) => IdleStream | null
  /** For clients that read no error in a stream; absent where there is none, null for other surfaces. */
  readonly spokenEnding?: (surface: Surface) => SpokenEnding | null
}
