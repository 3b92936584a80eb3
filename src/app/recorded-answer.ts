/** Reads the answer of a recorded exchange: undoes its content encoding and puts it together as its dialect says. */
import { dialectByName } from '../dialects/registry.ts'
import type { Answered, ReadableAnswer } from '../incident/answer-reading.ts'
import type { HeaderList } from '../model/record.ts'
import { DECODED_BYTES_MAX, decodePieces } from './decode-pieces.ts'
import { recordedSurface } from './recorded-surface.ts'

export interface RecordedAnswer extends ReadableAnswer {
  readonly contentType: string
}

export function headerOf(headers: HeaderList, name: string): string | null {
  return headers.find(([header]) => header.toLowerCase() === name)?.[1] ?? null
}

export async function recordedAnswer(exchange: Answered): Promise<RecordedAnswer> {
  const headers = exchange.answerHead?.headers ?? []
  const contentType = headerOf(headers, 'content-type') ?? ''
  const surface = recordedSurface(exchange.facts)
  const dialect = surface === null ? null : dialectByName(surface.dialect)
  const { pieces, problem } = await decodePieces(
    headerOf(headers, 'content-encoding'),
    exchange.answerChunks.map((chunk) => chunk.bytes),
    DECODED_BYTES_MAX,
  )
  return {
    contentType,
    pieces,
    problem,
    read: (body) =>
      surface === null || dialect === null ? null : dialect.readAnswer(surface, contentType, body),
  }
}
