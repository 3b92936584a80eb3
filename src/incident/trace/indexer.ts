/** Reads what the recorder stored, frame by frame, and adds it to the trace index; goes on where it stopped. */
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
import { decodeRope } from '../../evidence/rope.ts'
import { SegmentFiles } from '../../evidence/segment-files.ts'
import { listInstances, scanInstance, type ScannedFrame } from '../../evidence/segment-scan.ts'
import type { RecordedAnswerHead, RecordedChunk } from '../../evidence/reader.ts'
import { idTimeMs, isExchangeId, type ExchangeId, type InstanceId } from '../../lib/ids.ts'
import type { OpeningFacts } from '../../model/record.ts'
import type { TracePlace, TraceStore } from '../../store/trace/trace-store.ts'
import type { AnswerReading } from '../answer-reading.ts'
import { answerTexts } from './answer-texts.ts'
import { blockDocument, type ExchangePart } from './documents.ts'
import { EpochRing, type OpenEpoch } from './epoch-ring.ts'
import { NORMALISATION } from './normalise.ts'
import { PendingPostings } from './pending-postings.ts'
import { textKeys } from './text-postings.ts'
import { textOf } from './texts-of.ts'
import { selectionKey } from './trace-keys.ts'
import type { SelectionKey } from './winnow.ts'

export interface TraceIndexerOptions {
  readonly disk: Disk
  readonly folder: string
  readonly store: TraceStore
  readonly keyProvider: KeyProvider
  /** From `openTraceSecret`. */
  readonly secret: Buffer
  readonly readAnswer: AnswerReading
  /** Undoes a content encoding; null when it cannot be undone. */
  readonly decode: (encoding: string, bytes: Buffer) => Promise<Buffer | null>
  /** The normalisation in force; tests take another. */
  readonly version?: number
}

/** Postings that are gathered before they are written. */
const COMMIT_POSTINGS = 250_000
/** Openings remembered for their closings. */
const OPENINGS_MAX = 1_000
/** Of an upload or an answer, text beyond this is found by scanning alone. */
const TEXT_BYTES_MAX = 32 * 1024 * 1024

export class TraceIndexer {
  readonly #options: TraceIndexerOptions
  readonly #files: SegmentFiles
  readonly #epochs: EpochRing
  readonly #selection: SelectionKey
  readonly #version: number
  readonly #pending = new PendingPostings()
  readonly #openings = new Map<string, OpeningFacts>()
  /** Erased exchanges met since the last commit. */
  #erased: ExchangeId[] = []
  /** Blocks of the running ticket that are no text: perhaps encoded. */
  #encoded: { readonly record: string; readonly id: string; readonly bytes: Buffer }[] = []
  /** Instances that ended and were read to their end. */
  readonly #done = new Set<InstanceId>()
  #places: Map<InstanceId, TracePlace> | null = null

  constructor(options: TraceIndexerOptions) {
    const { disk, folder, keyProvider, store, secret } = options
    this.#options = options
    this.#files = new SegmentFiles(disk, folder, keyProvider)
    this.#epochs = new EpochRing(store, keyProvider)
    this.#selection = selectionKey(secret)
    this.#version = options.version ?? NORMALISATION
  }

  /**
   * Indexes everything that is stored now, or until `isOver` says so between two tickets. True when nothing was left.
   */
  async run(isOver: () => boolean): Promise<boolean> {
    const { disk, folder } = this.#options
    const instances = await listInstances(disk, folder)
    const newest = instances.at(-1)
    for (const instance of instances) {
      if (this.#done.has(instance)) continue
      const isWhole = await this.#instance(instance, isOver)
      if (!isWhole) return false
      if (instance !== newest) this.#done.add(instance)
    }
    return true
  }

  async #instance(instance: InstanceId, isOver: () => boolean): Promise<boolean> {
    const { disk, folder, store } = this.#options
    this.#places ??= new Map(
      (await store.positions(this.#version)).map((place) => [place.instance, place]),
    )
    const from = this.#places.get(instance) ?? null
    for await (const found of scanInstance(disk, folder, instance, from)) {
      if (found.kind === 'end') {
        await this.#commit(found.address)
        return true
      }
      if (found.kind !== 'frame') continue
      // Between tickets only: an opening must be read together with the blocks before it.
      if (found.head.startsGroup) {
        const stops = isOver()
        if (stops || this.#pending.length >= COMMIT_POSTINGS) await this.#commit(found.address)
        if (stops) return false
      }
      await this.#frame(found)
    }
    return true
  }

  async #commit(place: TracePlace): Promise<void> {
    const known = this.#places?.get(place.instance)
    const isSame = known?.segment === place.segment && known.offset === place.offset
    if (this.#pending.length === 0 && this.#erased.length === 0 && isSame) return
    const { store } = this.#options
    const { instance, segment, offset } = place
    const runs = await this.#pending.take(store)
    await store.commit(this.#version, runs, { instance, segment, offset }, this.#erased)
    this.#erased = []
    this.#places?.set(instance, { instance, segment, offset })
  }

  async #frame(frame: ScannedFrame): Promise<void> {
    const { head, address, header } = frame
    if (head.type === 'event' && !head.erased) await this.#event(frame)
    if (!isExchangeId(head.record) || head.erased) return
    if (head.type === 'event' || head.type === 'request' || head.type === 'answer') return
    let plain: Buffer | null
    let retentionClass: string
    try {
      // The scan's bytes are good until the next frame only.
      const opened = await this.#files.open(address, head, Buffer.from(frame.bytes), header)
      plain = opened.plain
      retentionClass = opened.retentionClass
    } catch {
      // Damaged: verification tells; there is nothing to index.
      return
    }
    if (plain === null) return
    const epoch = await this.#epochs.for(retentionClass, idTimeMs(head.record))
    switch (head.type) {
      case 'block':
        this.#block(epoch, head.record, head.blockId, plain)
        return
      case 'list':
        for (const { id } of decodeRope(plain).entries) {
          this.#pending.add(
            epoch.epoch,
            'edge',
            blockDocument(id.toString('hex')),
            blockDocument(head.blockId),
          )
        }
        return
      case 'opening':
      case 'refusal':
        await this.#opening(epoch, head.record, plain)
        return
      case 'closing':
        await this.#closing(epoch, head.record, address.instance, plain)
    }
  }

  async #event({ head, address, header, bytes }: ScannedFrame): Promise<void> {
    try {
      const { plain } = await this.#files.open(address, head, Buffer.from(bytes), header)
      if (plain === null) return
      const { event } = readEvent(plain).head
      if (event.type === 'record.erased')
        this.#erased.push(...(event.records ?? []).filter(isExchangeId))
    } catch {
      // Damaged: verification tells.
    }
  }

  #block(epoch: OpenEpoch, record: string, id: string, plain: Buffer): void {
    const text = textOf(plain)
    if (text === null) {
      this.#encoded = this.#encoded.filter((one) => one.record === record)
      this.#encoded.push({ record, id, bytes: plain })
      return
    }
    this.#blockText(epoch, id, text)
  }

  #blockText(epoch: OpenEpoch, id: string, text: string): void {
    const { passages, values } = textKeys(text, this.#selection, epoch.digests)
    const document = blockDocument(id)
    for (const key of passages) this.#pending.add(epoch.epoch, 'passage', key, document)
    for (const key of values) this.#pending.add(epoch.epoch, 'value', key, document)
  }

  async #opening(epoch: OpenEpoch, exchange: ExchangeId, plain: Buffer): Promise<void> {
    const { head, rest } = readOpening(plain)
    if (head.body.kind === 'whole') {
      for (const { id } of decodeRope(rest).entries) {
        const key = blockDocument(id.toString('hex'))
        this.#pending.addOf(epoch.epoch, 'edge', key, exchange, 'answer')
      }
    }
    const encoding = encodingOf(head.facts)
    const encoded = this.#encoded.filter(({ record }) => record === exchange)
    this.#encoded = []
    if (encoding !== null) {
      for (const { id, bytes } of encoded) {
        const decoded = await this.#options.decode(encoding, bytes)
        const text = decoded === null ? null : textOf(decoded.subarray(0, TEXT_BYTES_MAX))
        if (text !== null) this.#blockText(epoch, id, text)
      }
    }
    this.#openings.set(exchange, head.facts)
    for (const oldest of this.#openings.keys()) {
      if (this.#openings.size <= OPENINGS_MAX) break
      this.#openings.delete(oldest)
    }
  }

  async #closing(
    epoch: OpenEpoch,
    exchange: ExchangeId,
    instance: InstanceId,
    plain: Buffer,
  ): Promise<void> {
    const { head, rest } = readClosing(plain)
    const facts = this.#openings.get(exchange) ?? (await this.#factsAt(instance, head.opening))
    this.#openings.delete(exchange)
    if (facts === null) return
    const upload = await this.#stream(instance, head.request.frames)
    if (upload.chunks.length > 0) {
      const bytes = Buffer.concat(upload.chunks.map((chunk) => chunk.bytes))
      const encoding = encodingOf(facts)
      const decoded = encoding === null ? bytes : await this.#options.decode(encoding, bytes)
      const text = decoded === null ? null : textOf(decoded.subarray(0, TEXT_BYTES_MAX))
      if (text !== null) this.#exchangeText(epoch, exchange, 'upload', text)
    }
    const answer = await this.#stream(instance, head.answer.frames)
    addTail(answer, head, rest)
    if (answer.head === null || answer.chunks.length === 0) return
    const reading = await this.#options.readAnswer({
      facts,
      answerHead: answer.head,
      answerChunks: answer.chunks,
    })
    for (const text of answerTexts(reading)) this.#exchangeText(epoch, exchange, 'answer', text)
  }

  #exchangeText(epoch: OpenEpoch, exchange: ExchangeId, part: ExchangePart, text: string): void {
    const { passages, values } = textKeys(text, this.#selection, epoch.digests)
    for (const key of passages) this.#pending.addOf(epoch.epoch, 'passage', key, exchange, part)
    for (const key of values) this.#pending.addOf(epoch.epoch, 'value', key, exchange, part)
  }

  async #factsAt(
    instance: InstanceId,
    [segment, offset]: readonly [number, number],
  ): Promise<OpeningFacts | null> {
    try {
      const { plain } = await this.#files.read({ instance, segment, offset })
      return plain === null ? null : readOpening(plain).head.facts
    } catch {
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
      } catch {
        // What is missing is told by verification; the rest is indexed.
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

function encodingOf(facts: OpeningFacts): string | null {
  const found = facts.received.headers.find(([name]) => name.toLowerCase() === 'content-encoding')
  return found === undefined || found[1] === 'identity' ? null : found[1]
}
