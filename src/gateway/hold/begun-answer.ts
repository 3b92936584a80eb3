/** An answer that was begun before anybody decided: how it may go on, how it ends when nothing follows, how it is recorded. */
import { mediaType } from '../../dialects/media-type.ts'
import type { GatewayError } from '../../model/errors.ts'
import type { Splice } from '../../model/record.ts'
import type { Recording } from '../../model/recorder.ts'
import { isClaudeCode, lastEvent } from '../claude-code.ts'
import type { Exchange } from '../exchange.ts'
import { recordableHeaders } from '../headers.ts'

export interface BegunAnswer {
  readonly kind: 'stream' | 'whole'
  readonly status: 200
  readonly contentType: string
  /** As sent. */
  readonly headers: readonly string[]
  /** Sent each time. */
  readonly beat: Buffer
  /** When; monotonic. */
  readonly beatsAt: number[]
}

export function begunBytes({ beat, beatsAt }: BegunAnswer): number {
  return beat.length * beatsAt.length
}

/** What the caller was sent before the first byte of the provider. */
export function begunSplice({ beat, beatsAt }: BegunAnswer): Splice {
  return { start: 0, end: 0, with: beat.toString().repeat(beatsAt.length), masks: 0 }
}

export interface ProviderHead {
  readonly status: number
  readonly contentType: string
  readonly contentEncoding: string | null
}

/** The caller has read status and type already: another status, type or coding cannot be shown to it any more. */
export function isContinuedBy(begun: BegunAnswer, head: ProviderHead): boolean {
  return (
    head.status === begun.status &&
    mediaType(head.contentType) === begun.contentType &&
    (head.contentEncoding ?? 'identity').trim().toLowerCase() === 'identity'
  )
}

/** Bytes that end it with the reason; null where no client would read one, so that the connection has to break. */
export function endOfBegun(exchange: Exchange, error: GatewayError): Buffer | null {
  const { begun, routing } = exchange
  if (begun?.kind !== 'stream' || routing === null) return null
  const { dialect, surface } = routing
  const spoken = isClaudeCode(exchange) ? (dialect.spokenEnding?.(surface) ?? null) : null
  return lastEvent(exchange, routing, spoken, error)
}

/** Where the provider added nothing: what the caller was given is all there is. */
export function recordBegun(
  recording: Recording,
  exchange: Exchange,
  error: GatewayError | null,
  atMs: number,
): void {
  const { begun, caller } = exchange
  if (begun === null) return
  const { status, headers, beat, beatsAt } = begun
  const head = { status, headers: recordableHeaders(headers) }
  recording.answerHead(head, 'gateway', beatsAt[0] ?? atMs)
  for (const beatAt of beatsAt) recording.answerChunk(Buffer.from(beat), beatAt)
  const last = error === null || caller.gone ? null : endOfBegun(exchange, error)
  if (last !== null) recording.answerChunk(last, atMs)
}
