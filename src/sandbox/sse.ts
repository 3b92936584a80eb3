/** Renders server-sent events the way the providers write them, and the answer that carries them. */
import type { Piece, StreamedAnswer } from './answer.ts'

const GARBAGE = Buffer.from('data: {"sandbox":"malformed\n\n')

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

export function sseAnswer(
  pieces: readonly Piece[],
  intervalMs: number,
  contentType = 'text/event-stream; charset=utf-8',
): StreamedAnswer {
  return {
    kind: 'stream',
    status: 200,
    headers: { 'content-type': contentType, 'cache-control': 'no-cache' },
    pieces,
    intervalMs,
    garbage: GARBAGE,
  }
}
