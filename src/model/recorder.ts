/** The recorder as the data plane sees it; `evidence/` keeps the promises, `app.ts` wires them together. */
import type { AnswerHead, ClosingFacts, EvidenceEvent, OpeningFacts } from './record.ts'
import type { BlockSpan } from './dialect.ts'

/** The request body as received from the caller. */
export type RecordedBody =
  | { readonly kind: 'none' }
  /** Whole body in memory. `spans` is empty for bodies nothing could be read from (opaque, content-encoded). */
  | { readonly kind: 'whole'; readonly bytes: Buffer; readonly spans: readonly BlockSpan[] }
  /** Comes later, piece by piece, through `requestChunk`. */
  | { readonly kind: 'streamed' }

export interface Opening {
  readonly facts: OpeningFacts
  readonly body: RecordedBody
}

export interface RecorderHealth {
  readonly ready: boolean
  /** Operator-readable; empty when ready. */
  readonly reason: string
  /** Free bytes on the evidence disk at the last look; null when unknown. */
  readonly freeBytes: number | null
}

export interface Recorder {
  readonly health: () => RecorderHealth
  /**
   * Resolves when the opening record is durable (fdatasync returned). Rejects with `evidence.unavailable` when it is
   * not durable within the deadline; then nothing may be forwarded. In `best-effort` mode it never rejects: it
   * resolves to a recording whose `gap` is true, and the gap becomes a record once the disk answers again.
   */
  readonly open: (opening: Opening) => Promise<Recording>
  /** Records a refusal made before anything was opened. Accepted, durable soon; never throws. */
  readonly refuse: (opening: Opening, closing: ClosingFacts) => void
  /** Accepted, durable soon; the promise resolves when durable. */
  readonly note: (event: EvidenceEvent) => Promise<void>
}

/** One open exchange. Every recording is closed exactly once, on every path. */
export interface Recording {
  readonly gap: boolean
  /** Streamed uploads, in order. Await `durable()` before forwarding in strict modes. */
  readonly requestChunk: (bytes: Buffer, atMs: number) => void
  /** Call once, before the first `answerChunk`. */
  readonly answerHead: (head: AnswerHead, origin: 'upstream' | 'gateway', atMs: number) => void
  /** Takes ownership of `bytes`. Becomes durable within 50 ms by itself. `atMs` is monotonic (Clock.monotonicMs). */
  readonly answerChunk: (bytes: Buffer, atMs: number) => void
  /** Resolves when all that was handed over so far is durable; rejects with `evidence.failed`. */
  readonly durable: () => Promise<void>
  /** Bytes handed over and not yet durable: the relay slows down by it. */
  readonly pendingBytes: () => number
  /** Called at most once, when recording of this exchange can no longer be kept: stop releasing bytes. */
  readonly onFailure: (listener: (error: Error) => void) => void
  /** Resolves when the close record is durable; rejects with `evidence.failed` (the record will be closed as interrupted). */
  readonly close: (facts: ClosingFacts) => Promise<void>
}
