/** The one place where people's questions about recorded exchanges meet the index and the evidence. */
import type { EvidenceReader, RecordedExchange } from '../evidence/reader.ts'
import type { ExchangeId } from '../lib/ids.ts'
import type { ExchangeQuery, ExchangeSearch } from '../model/exchange-query.ts'
import type { ExchangeRow } from '../model/record.ts'
import type { ExchangeIndex } from '../store/exchange-index.ts'
import type { AnswerReading } from './answer-reading.ts'
import type { ContentMode } from './content-view.ts'
import { contentView } from './content-view.ts'
import { maskBytes } from './masking.ts'
import { isOwn } from './matches-query.ts'
import { replaySteps } from './replay-steps.ts'
import type { ReplayPage } from './replay-steps.ts'
import { declaredThread, threadOf } from './thread.ts'

/** Null sees everything. */
export type Owner = ExchangeQuery['owner'] | null

export interface DeskParts {
  readonly index: ExchangeIndex
  readonly search: ExchangeSearch
  readonly reader: EvidenceReader
  readonly readAnswer: AnswerReading
  /** With the masks carried out, and no more of the answer than the caller was given. */
  readonly asSent: (recorded: RecordedExchange) => Promise<RecordedExchange>
}

export type Reading =
  | { readonly kind: 'recorded'; readonly recorded: RecordedExchange }
  | { readonly kind: 'unreadable' }

export interface RawPage {
  readonly part: 'request' | 'answer'
  readonly mode: ContentMode
  readonly decoded: boolean
  readonly offset: number
  readonly length: number
}

export type ExchangeDesk = ReturnType<typeof createExchangeDesk>

export function createExchangeDesk(parts: DeskParts) {
  const { index, search, reader, readAnswer } = parts
  const isVisible =
    (owner: Owner) =>
    (row: ExchangeRow): boolean =>
      owner === null || owner === undefined || isOwn(row, owner)
  return {
    index,
    search,
    /** Null when there is none, or none that this owner may see: the two look the same from outside. */
    row: async (id: ExchangeId, owner: Owner): Promise<ExchangeRow | null> => {
      const row = await rowOf(index, reader, id)
      return row !== null && isVisible(owner)(row) ? row : null
    },
    recorded: async (row: ExchangeRow): Promise<Reading> => {
      try {
        return { kind: 'recorded', recorded: await reader.readRow(row) }
      } catch {
        // Erased, damaged or missing: the proof of the exchange says which.
        return { kind: 'unreadable' }
      }
    },
    asSent: parts.asSent,
    content: (recorded: RecordedExchange, mode: ContentMode, owner: Owner) =>
      contentView(recorded, mode, {
        readAnswer,
        blocks: (ids, retentionClass) => index.findBlocks(ids, retentionClass, null),
        exchange: (id) => index.exchange(id),
        mayKnow: isVisible(owner),
        knowsAll: owner === null,
      }),
    replay: (recorded: RecordedExchange, page: ReplayPage) =>
      replaySteps(recorded, readAnswer, page),
    raw: async (recorded: RecordedExchange, page: RawPage) => {
      const whole = await rawBytes(recorded, page, readAnswer)
      const bytes = whole.subarray(page.offset, page.offset + page.length)
      return {
        total: whole.length,
        bytes: page.mode === 'masked' ? maskBytes(bytes) : bytes,
      }
    },
    conversation: (id: string, owner: Owner) => declaredThread(search, id, owner ?? undefined),
    thread: (row: ExchangeRow, owner: Owner) =>
      threadOf(search, row, isVisible(owner), owner ?? undefined),
  }
}

/** Also of one that was opened a moment ago and is not indexed yet. */
export async function rowOf(
  index: Pick<ExchangeIndex, 'exchange'>,
  reader: EvidenceReader,
  id: ExchangeId,
): Promise<ExchangeRow | null> {
  return (await index.exchange(id)) ?? (await tailRow(reader, id))
}

async function tailRow(reader: EvidenceReader, id: ExchangeId): Promise<ExchangeRow | null> {
  try {
    return (await reader.readExchange(id))?.row ?? null
  } catch {
    return null
  }
}

async function rawBytes(
  recorded: RecordedExchange,
  page: RawPage,
  readAnswer: AnswerReading,
): Promise<Buffer> {
  if (page.part === 'request') return recorded.requestBody ?? Buffer.alloc(0)
  if (page.decoded) return Buffer.concat((await readAnswer(recorded)).pieces)
  return Buffer.concat(recorded.answerChunks.map((chunk) => chunk.bytes))
}
