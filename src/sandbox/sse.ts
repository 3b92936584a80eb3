/** Renders server-sent events the way the providers write them, and the answer that carries them. */
import type { Piece, StreamedAnswer } from './answer.ts'

const GARBAGE = 'data: {"sandbox":"malformed\n\n'

/** An event with data only. */
export function dataEvent(value: unknown, paced = false): Piece {
  return { bytes: `data: ${JSON.stringify(value)}\n\n`, paced }
}

export interface TypedEvent {
  readonly type: string
  readonly [field: string]: unknown
}

/** An event whose name repeats the `type` of its data. */
export function typedEvent(value: TypedEvent, paced = false): Piece {
  return { bytes: `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`, paced }
}

export interface SseStream {
  readonly pieces: readonly Piece[]
  readonly intervalMs: number
  /** The event that tells of a failure in the middle. */
  readonly failure: Piece
  readonly contentType?: string
  /** True where readers ignore events without a name. */
  readonly isNamed?: boolean
}

export function sseAnswer(stream: SseStream): StreamedAnswer {
  const { pieces, intervalMs, failure } = stream
  const contentType = stream.contentType ?? 'text/event-stream; charset=utf-8'
  return {
    kind: 'stream',
    status: 200,
    headers: { 'content-type': contentType, 'cache-control': 'no-cache' },
    pieces,
    intervalMs,
    garbage: Buffer.from(stream.isNamed === true ? `event: malformed\n${GARBAGE}` : GARBAGE),
    failure: Buffer.from(failure.bytes),
  }
}
