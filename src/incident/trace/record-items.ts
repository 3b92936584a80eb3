/** Reads frames of the record as the texts and links that lie in them: what the trace index is made of and a scan looks into. */
import type { Disk } from '../../evidence/disk.ts'
import type { KeyProvider } from '../../evidence/key-provider.ts'
import {
  readChunks,
  readClosing,
  readEvent,
  readOpening,
  splitChunks,
  type ClosingPayload,
} from '../../evidence/payloads.ts'
import type { RecordedAnswerHead, RecordedChunk } from '../../evidence/reader.ts'
import { decodeRope } from '../../evidence/rope.ts'
import { SegmentFiles, type OpenedFrame } from '../../evidence/segment-files.ts'
import type { ScannedFrame } from '../../evidence/segment-scan.ts'
import { isExchangeId, type ExchangeId, type InstanceId } from '../../lib/ids.ts'
import { isPassingFault } from '../../lib/passing-fault.ts'
import type { FrameAddress, OpeningFacts } from '../../model/record.ts'
import type { RecordHalf } from '../../store/schema.ts'
import type { AnswerReading } from '../answer-reading.ts'
import { answerTexts } from './answer-texts.ts'
import type { ExchangePart } from './documents.ts'
import { encodingOf } from './record-feed.ts'
import { textOf } from './encoded-text.ts'
import { decodedText, type Decoding } from './texts-of.ts'

export interface RecordItemsOptions {
  readonly disk: Disk
  readonly folder: string
  readonly keyProvider: KeyProvider
  readonly readAnswer: AnswerReading
  readonly decode: Decoding
}

/** `exchange`: the one whose frame it is; of a block the first that held it. */
export type RecordItem =
  | {
      readonly kind: 'block'
      readonly exchange: ExchangeId
      readonly id: string
      readonly text: string
    }
  | {
      readonly kind: 'part'
      readonly exchange: ExchangeId
      readonly part: ExchangePart
      readonly text: string
    }
  /** The child is held by the list, or by the exchange when there is none. */
  | {
      readonly kind: 'holds'
      readonly exchange: ExchangeId
      readonly list: string | null
      readonly child: string
    }
  | { readonly kind: 'erased'; readonly exchanges: readonly ExchangeId[] }

export interface FrameItems {
  readonly retentionClass: string
  readonly items: readonly RecordItem[]
}

/** Of the frame's record; null where nothing is read from such a frame. */
export function halfOf(type: ScannedFrame['head']['type']): RecordHalf | null {
  if (type === 'closing') return type
  return type === 'request' || type === 'answer' || type === 'event' ? null : 'opening'
}

/** Openings remembered for their closings. */
const OPENINGS_MAX = 1_000
const NOTHING: FrameItems = { retentionClass: '', items: [] }

/** A disk that fails for a moment has damaged nothing: whoever reads tries again. */
function checkDamage(error: unknown): void {
  if (isPassingFault(error)) throw error
}

/** Frames must come in the order of the record: an opening together with the blocks before it. */
export class RecordItems {
  readonly #options: RecordItemsOptions
  readonly #files: SegmentFiles
  readonly #openings = new Map<string, OpeningFacts>()
  /** Blocks of the running ticket that are no text: perhaps encoded. */
  #encoded: { readonly record: string; readonly id: string; readonly bytes: Buffer }[] = []

  constructor(options: RecordItemsOptions) {
    this.#options = options
    this.#files = new SegmentFiles(options.disk, options.folder, options.keyProvider)
  }

  /** Nothing for frames that are erased or damaged: verification tells of them. */
  async of(frame: ScannedFrame): Promise<FrameItems> {
    const { head, address, header } = frame
    if (head.erased || head.type === 'request' || head.type === 'answer') return NOTHING
    let opened: OpenedFrame
    try {
      // The scan's bytes are good until the next frame only.
      opened = await this.#files.open(address, head, Buffer.from(frame.bytes), header)
    } catch (error) {
      checkDamage(error)
      return NOTHING
    }
    const { plain, retentionClass } = opened
    if (plain === null) return NOTHING
    if (head.type === 'event') return { retentionClass, items: eventItems(plain) }
    if (!isExchangeId(head.record)) return NOTHING
    return { retentionClass, items: await this.#items(head, head.record, address.instance, plain) }
  }

  /** Of the closing at this address; nothing where it is none, erased or damaged. */
  async at(address: FrameAddress): Promise<FrameItems> {
    try {
      const { head, plain, retentionClass } = await this.#files.read(address)
      if (plain === null || head.type !== 'closing' || !isExchangeId(head.record)) return NOTHING
      return { retentionClass, items: await this.#closing(head.record, address.instance, plain) }
    } catch (error) {
      checkDamage(error)
      return NOTHING
    }
  }

  async #items(
    head: ScannedFrame['head'],
    exchange: ExchangeId,
    instance: InstanceId,
    plain: Buffer,
  ): Promise<readonly RecordItem[]> {
    switch (head.type) {
      case 'block':
        return this.#block(exchange, head.blockId, plain)
      case 'list':
        return decodeRope(plain).entries.map(({ id }) => ({
          kind: 'holds' as const,
          exchange,
          list: head.blockId,
          child: id.toString('hex'),
        }))
      case 'opening':
      case 'refusal':
        return this.#opening(exchange, plain)
      case 'closing':
        return this.#closing(exchange, instance, plain)
      case 'request':
      case 'answer':
      case 'event':
        return []
    }
  }

  #block(exchange: ExchangeId, id: string, plain: Buffer): readonly RecordItem[] {
    const text = textOf(plain)
    if (text !== null) return [{ kind: 'block', exchange, id, text }]
    this.#encoded = this.#encoded.filter((one) => one.record === exchange)
    this.#encoded.push({ record: exchange, id, bytes: plain })
    return []
  }

  async #opening(exchange: ExchangeId, plain: Buffer): Promise<readonly RecordItem[]> {
    const { head, rest } = readOpening(plain)
    const items: RecordItem[] = []
    if (head.body.kind === 'whole') {
      for (const { id } of decodeRope(rest).entries) {
        items.push({ kind: 'holds', exchange, list: null, child: id.toString('hex') })
      }
    }
    const encoding = encodingOf(head.facts.received.headers)
    const encoded = this.#encoded.filter(({ record }) => record === exchange)
    this.#encoded = []
    for (const { id, bytes } of encoding === null ? [] : encoded) {
      const text = await decodedText(this.#options.decode, encoding, bytes)
      if (text !== null) items.push({ kind: 'block', exchange, id, text })
    }
    this.#openings.set(exchange, head.facts)
    for (const oldest of this.#openings.keys()) {
      if (this.#openings.size <= OPENINGS_MAX) break
      this.#openings.delete(oldest)
    }
    return items
  }

  async #closing(
    exchange: ExchangeId,
    instance: InstanceId,
    plain: Buffer,
  ): Promise<readonly RecordItem[]> {
    const { head, rest } = readClosing(plain)
    const facts = this.#openings.get(exchange) ?? (await this.#factsAt(instance, head.opening))
    this.#openings.delete(exchange)
    if (facts === null) return []
    const items: RecordItem[] = []
    const upload = await this.#stream(instance, head.request.frames)
    if (upload.chunks.length > 0) {
      const bytes = Buffer.concat(upload.chunks.map((chunk) => chunk.bytes))
      const encoding = encodingOf(facts.received.headers)
      const text = await decodedText(this.#options.decode, encoding, bytes)
      if (text !== null) items.push({ kind: 'part', exchange, part: 'upload', text })
    }
    const answer = await this.#stream(instance, head.answer.frames)
    addTail(answer, head, rest)
    if (answer.head === null || answer.chunks.length === 0) return items
    const reading = await this.#options.readAnswer({
      facts,
      answerHead: answer.head,
      answerChunks: answer.chunks,
    })
    for (const text of answerTexts(reading)) {
      items.push({ kind: 'part', exchange, part: 'answer', text })
    }
    return items
  }

  async #factsAt(
    instance: InstanceId,
    [segment, offset]: readonly [number, number],
  ): Promise<OpeningFacts | null> {
    try {
      const { plain } = await this.#files.read({ instance, segment, offset })
      return plain === null ? null : readOpening(plain).head.facts
    } catch (error) {
      checkDamage(error)
      return null
    }
  }

  async #stream(
    instance: InstanceId,
    frames: readonly (readonly [segment: number, offset: number])[],
  ): Promise<ReadStream> {
    const stream: ReadStream = { head: null, chunks: [] }
    for (const [segment, offset] of frames) {
      try {
        const { plain } = await this.#files.read({ instance, segment, offset })
        if (plain === null) continue
        const { head, rest } = readChunks(plain)
        if (head.head !== undefined) stream.head = { ...head.head, atMs: 0 }
        for (const { bytes } of splitChunks(head.chunks, rest))
          stream.chunks.push({ bytes, atMs: 0 })
      } catch (error) {
        // What is missing is told by verification; the rest is indexed.
        checkDamage(error)
      }
    }
    return stream
  }
}

interface ReadStream {
  head: RecordedAnswerHead | null
  readonly chunks: RecordedChunk[]
}

function addTail(stream: ReadStream, { tail }: ClosingPayload, section: Buffer): void {
  if (tail === null) return
  if (tail.head !== undefined) stream.head = { ...tail.head, atMs: 0 }
  for (const { bytes } of splitChunks(tail.chunks, section)) stream.chunks.push({ bytes, atMs: 0 })
}

function eventItems(plain: Buffer): readonly RecordItem[] {
  const { event } = readEvent(plain).head
  if (event.type !== 'record.erased') return []
  return [{ kind: 'erased', exchanges: (event.records ?? []).filter(isExchangeId) }]
}
