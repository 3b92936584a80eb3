/** Reads the answer of a recorded exchange: undoes its content encoding and puts it together as its dialect says. */
import { dialectByName } from '../dialects/registry.ts'
import type { RecordedExchange } from '../evidence/reader.ts'
import type { AnswerView } from '../model/dialect.ts'
import type { HeaderList } from '../model/record.ts'
import { decodePieces } from './decode-pieces.ts'
import { recordedSurface } from './recorded-surface.ts'

export const DECODED_BYTES_MAX = 256 * 1024 * 1024

export interface RecordedAnswer {
  readonly contentType: string
  /** Decoded body, one piece for each recorded chunk that decodes. */
  readonly pieces: readonly Buffer[]
  /** Why it could not be decoded to its end; empty when it could. */
  readonly problem: string
  /** Puts the first bytes of the decoded body together; null when no dialect was known. */
  readonly read: (body: Buffer) => AnswerView | null
}

export function headerOf(headers: HeaderList, name: string): string | null {
  return headers.find(([header]) => header.toLowerCase() === name)?.[1] ?? null
}

export async function recordedAnswer(exchange: RecordedExchange): Promise<RecordedAnswer> {
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
