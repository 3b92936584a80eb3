/** Reads the text that a posting points at and sees whether the question stands in it: nothing is shown that was not read. */
import type { EvidenceReader, RecordedExchange } from '../../evidence/reader.ts'
import type { ExchangeId } from '../../lib/ids.ts'
import type { BlockRow } from '../../model/record.ts'
import type { ExchangeIndex } from '../../store/exchange-index.ts'
import type { TraceStore } from '../../store/trace/trace-store.ts'
import type { AnswerReading } from '../answer-reading.ts'
import { answerTexts } from './answer-texts.ts'
import { readDocument } from './documents.ts'
import { coverage, spansIn, type Question } from './match.ts'
import { textOf } from './encoded-text.ts'
import type { Hit } from './trace-result.ts'

export interface ConfirmParts {
  readonly store: TraceStore
  readonly index: ExchangeIndex
  readonly reader: EvidenceReader
  readonly readAnswer: AnswerReading
  readonly decode: (encoding: string, bytes: Buffer) => Promise<Buffer | null>
}

export type Confirmed =
  | { readonly kind: 'hit'; readonly hit: Hit; readonly document: number }
  /** Fingerprints agreed, the text does not. */
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable' }

export async function confirm(
  parts: ConfirmParts,
  document: number,
  question: Question,
): Promise<Confirmed> {
  try {
    const meant = readDocument(document)
    if (meant.kind === 'block') return await confirmBlock(parts, document, meant.prefix, question)
    const ids = await parts.store.exchanges([meant.number])
    const id = ids.get(meant.number)
    const recorded = id === undefined ? null : await parts.reader.readExchange(id)
    if (recorded === null) return { kind: 'unreadable' }
    const texts =
      meant.part === 'answer'
        ? answerTexts(await parts.readAnswer(recorded))
        : await uploadTexts(parts, recorded)
    return judged(document, meant.part, recorded.row.id, texts, question)
  } catch {
    // Erased or damaged: the proof of the exchange says which.
    return { kind: 'unreadable' }
  }
}

async function confirmBlock(
  parts: ConfirmParts,
  document: number,
  prefix: string,
  question: Question,
): Promise<Confirmed> {
  let isUnreadable = true
  for (const row of await parts.index.blocksLike(prefix)) {
    const text = await blockText(parts, row)
    if (text === null) continue
    isUnreadable = false
    const found = judged(document, 'block', row.id, [text], question)
    if (found.kind === 'hit') return found
  }
  return { kind: isUnreadable ? 'unreadable' : 'none' }
}

async function blockText(parts: ConfirmParts, row: BlockRow): Promise<string | null> {
  let bytes: Buffer | null
  try {
    bytes = await parts.reader.readBlock(row)
  } catch {
    // Stored by another gateway, or damaged; the same block may lie elsewhere too.
    return null
  }
  if (bytes === null) return null
  const text = textOf(bytes)
  if (text !== null) return text
  const first = await parts.reader.readExchange(row.firstExchange)
  return first === null ? null : decodedText(parts, first, bytes)
}

async function decodedText(
  parts: ConfirmParts,
  { facts }: RecordedExchange,
  bytes: Buffer,
): Promise<string | null> {
  const encoding = facts.received.headers.find(
    ([name]) => name.toLowerCase() === 'content-encoding',
  )?.[1]
  if (encoding === undefined || encoding === 'identity') return textOf(bytes)
  const decoded = await parts.decode(encoding, bytes)
  return decoded === null ? null : textOf(decoded)
}

async function uploadTexts(
  parts: ConfirmParts,
  recorded: RecordedExchange,
): Promise<readonly string[]> {
  if (recorded.requestBody === null) return []
  const text = await decodedText(parts, recorded, recorded.requestBody)
  return text === null ? [] : [text]
}

function judged(
  document: number,
  place: Hit['place'],
  id: string | ExchangeId,
  texts: readonly string[],
  question: Question,
): Confirmed {
  const spans = texts.flatMap((text) => spansIn(text, question))
  if (spans.length === 0) return { kind: 'none' }
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  return {
    kind: 'hit',
    document,
    hit: { place, id, entity: '', bytes, spans, coverage: coverage(spans, question) },
  }
}
