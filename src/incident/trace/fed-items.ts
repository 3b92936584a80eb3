/** Reads a batch of the record feed as the texts and links that lie in it: the same that `record-items.ts` reads from frames. */
import { isExchangeId } from '../../lib/ids.ts'
import type { RecordHalf } from '../../store/schema.ts'
import { answerTexts } from './answer-texts.ts'
import type { FedBatch, FedEntry } from './fed-batch.ts'
import type { FrameItems, RecordItem, RecordItems, RecordItemsOptions } from './record-items.ts'
import { textOf } from './encoded-text.ts'
import { decodedText } from './texts-of.ts'

export interface FedItemsOptions extends Pick<RecordItemsOptions, 'readAnswer' | 'decode'> {
  /** For answers that were not kept. */
  readonly record: RecordItems
  /** Asked before a record is read. False: it is left out. */
  readonly enters: (record: string, half: RecordHalf) => boolean
}

export async function* fedItems(
  { instance, entries, bytes }: FedBatch,
  options: FedItemsOptions,
): AsyncGenerator<FrameItems, void> {
  const room = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const next = (length: number): Buffer => {
    at += length
    return room.subarray(at - length, at)
  }
  for (const line of entries === '' ? [] : entries.split('\n')) {
    const entry: FedEntry = JSON.parse(line)
    switch (entry.kind) {
      case 'opened': {
        if (!options.enters(entry.exchange, 'opening')) {
          for (const [, length] of entry.blocks) next(length)
          break
        }
        const found = openedItems(entry, next, options)
        yield found instanceof Promise ? await found : found
        break
      }
      case 'answered': {
        const answer = next(entry.bytes)
        if (options.enters(entry.exchange, 'closing'))
          yield await answeredItems(entry, answer, options)
        break
      }
      case 'closed': {
        if (!options.enters(entry.exchange, 'closing')) break
        const { segment, offset } = entry
        yield await options.record.at({ instance, segment, offset })
        break
      }
      case 'erased': {
        const exchanges = entry.exchanges.filter(isExchangeId)
        yield { retentionClass: '', items: [{ kind: 'erased', exchanges }] }
      }
    }
  }
}

type Opened = Extract<FedEntry, { kind: 'opened' }>
type Answered = Extract<FedEntry, { kind: 'answered' }>

/** A promise only where something must be decoded. */
function openedItems(
  entry: Opened,
  next: (length: number) => Buffer,
  options: FedItemsOptions,
): FrameItems | Promise<FrameItems> {
  const { exchange, retentionClass, encoding } = entry
  if (!isExchangeId(exchange)) return { retentionClass, items: [] }
  const items: RecordItem[] = []
  const encoded: { readonly id: string; readonly bytes: Buffer }[] = []
  for (const [id, length] of entry.blocks) {
    const bytes = next(length)
    const text = textOf(bytes)
    if (text !== null) items.push({ kind: 'block', exchange, id, text })
    else if (encoding !== null) encoded.push({ id, bytes })
  }
  for (const [list, children] of entry.lists) {
    for (const child of children) items.push({ kind: 'holds', exchange, list, child })
  }
  for (const child of entry.holds) items.push({ kind: 'holds', exchange, list: null, child })
  if (encoded.length === 0 || encoding === null) return { retentionClass, items }
  return withDecoded()

  async function withDecoded(): Promise<FrameItems> {
    for (const { id, bytes } of encoded) {
      const text = await decodedText(options.decode, encoding, bytes)
      if (text !== null && isExchangeId(exchange)) items.push({ kind: 'block', exchange, id, text })
    }
    return { retentionClass, items }
  }
}

async function answeredItems(
  entry: Answered,
  bytes: Buffer,
  { readAnswer }: FedItemsOptions,
): Promise<FrameItems> {
  const { exchange, retentionClass, facts, headers } = entry
  if (!isExchangeId(exchange)) return { retentionClass, items: [] }
  const reading = await readAnswer({
    facts,
    answerHead: { headers },
    answerChunks: [{ bytes, atMs: 0 }],
  })
  const texts = answerTexts(reading)
  return {
    retentionClass,
    items: texts.map((text) => ({
      kind: 'part' as const,
      exchange,
      part: 'answer' as const,
      text,
    })),
  }
}
