/** One caller's request and reply as the pipeline sees them, whatever protocol carries it: raw headers, bytes, backpressure. */
import type { Readable } from 'node:stream'
import { fail } from '../model/errors.ts'
import type { PeerCertificate } from '../model/principal.ts'

export interface Caller {
  readonly method: string
  /** As on the request line or in `:path`. */
  readonly rawTarget: string
  readonly httpVersion: '1.0' | '1.1' | '2'
  /** Names and values alternating, in wire order, pseudo-headers included on HTTP/2. */
  readonly rawHeaders: readonly string[]
  readonly remoteAddress: string
  /** Of the connection; null where the caller sent none, or was asked for none. */
  readonly certificate: PeerCertificate | null
  /** Emits `error` with a `GatewayError` when the framing of the body turns out malformed. */
  readonly body: Readable
  /** True once all of the body has arrived, as its framing said it would. */
  readonly bodyIsWhole: boolean
  /** True once the answer's head was written. */
  readonly answered: boolean
  /** True once the caller is gone. */
  readonly gone: boolean
  /** `isAlone`: the body comes later, and the head does not wait for it. */
  readonly head: (status: number, flatHeaders: readonly string[], isAlone?: boolean) => void
  /** An informational answer (103) with this `Link`, before the head. */
  readonly hint: (link: string) => void
  /** False when the caller should be given time (`onDrain`). */
  readonly write: (bytes: Buffer) => boolean
  readonly end: (bytes?: Buffer) => void
  /** Ends the connection so that the caller sees a broken answer, never a short one that looks whole. */
  readonly cut: () => void
  readonly onDrain: (listener: () => void) => void
  /** Called at most once, when the caller leaves (or has left) before its answer was finished. */
  readonly onGone: (listener: () => void) => void
  /** Resolves when all of the answer has left this process, or nobody is there to take it. */
  readonly sent: () => Promise<void>
  /**
   * Takes in and drops what is left of the body, for a short time: closing at once would reset the connection before the
   * caller has read its answer (RFC 9112 9.6).
   */
  readonly dropBody: () => void
}

/** What is left of a body that nobody wants is taken in for this long; then the connection is closed. */
export const DROP_BODY_MS = 2_000

/** Tells an upload that still waits for bytes that its exchange is over; the connection may never say so itself. */
export function stopReading(body: Readable, error = fail('request.aborted')): void {
  if (body.listenerCount('error') > 0) body.emit('error', error)
}
