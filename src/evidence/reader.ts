/** Gives recorded exchanges back byte for byte, checked against their digests; also while they are being written. */
import { hash } from 'node:crypto'
import type { ExchangeId } from '../lib/ids.ts'
import type {
  AnswerHead,
  BlockRow,
  ClosingFacts,
  ExchangeRow,
  FrameAddress,
  OpeningFacts,
} from '../model/record.ts'
import type { ExchangeIndex } from '../store/exchange-index.ts'
import { rebuildBody, type RebuiltBlock } from './body-rebuild.ts'
import type { Disk } from './disk.ts'
import { nodeDisk } from './disk.ts'
import type { KeyProvider } from './key-provider.ts'
import {
  readChunks,
  readClosing,
  readOpening,
  readRefusal,
  splitChunks,
  type ChunksPayload,
  type ClosingPayload,
  type OpeningPayload,
  type StoredStream,
} from './payloads.ts'
import type { FrameType } from './segment-format.ts'
import { SegmentFiles, type OpenedFrame } from './segment-files.ts'
import { scanInstance } from './segment-scan.ts'
import { findInTail } from './tail-search.ts'

export interface RecordedChunk {
  readonly bytes: Buffer
  /** Milliseconds since the exchange arrived. */
  readonly atMs: number
}

export interface RecordedAnswerHead extends AnswerHead {
  readonly origin: 'upstream' | 'gateway'
  readonly atMs: number
}

export interface RecordedFrame {
  readonly address: FrameAddress
  readonly type: FrameType
  readonly bytes: number
}

export interface RecordedExchange {
  readonly row: ExchangeRow
  readonly facts: OpeningFacts
  /** Null while the exchange is open. */
  readonly closing: ClosingFacts | null
  /** Null when there was none, or when it cannot be rebuilt (then `problems` says why). */
  readonly requestBody: Buffer | null
  /** Blocks of the body in order; empty for streamed bodies. */
  readonly requestBlocks: readonly RebuiltBlock[]
  /** Pieces as they came; empty unless the body was streamed. */
  readonly requestChunks: readonly RecordedChunk[]
  readonly answerHead: RecordedAnswerHead | null
  readonly answerChunks: readonly RecordedChunk[]
  readonly frames: readonly RecordedFrame[]
  /** Everything that does not verify, one sentence each. Empty for a sound record. */
  readonly problems: readonly string[]
  /** Whether all that was recorded could be read; what could not be recorded is another thing. */
  readonly isWhole: boolean
}

export interface EvidenceReaderOptions {
  readonly folder: string
  readonly index: ExchangeIndex
  readonly keyProvider: KeyProvider
  readonly disk?: Disk
}

interface StreamReading {
  readonly chunks: RecordedChunk[]
  head: RecordedAnswerHead | null
}

export class EvidenceReader {
  readonly #options: EvidenceReaderOptions
  readonly #disk: Disk
  readonly #files: SegmentFiles

  constructor(options: EvidenceReaderOptions) {
    this.#options = options
    this.#disk = options.disk ?? nodeDisk
    this.#files = new SegmentFiles(this.#disk, options.folder, options.keyProvider)
  }

  /** Null when no such exchange is recorded. Throws when its opening cannot be read. */
  async readExchange(id: ExchangeId): Promise<RecordedExchange | null> {
    const row = (await this.#options.index.exchange(id)) ?? (await this.#searchTail(id))
    return row === null ? null : this.readRow(row)
  }

  /** The bytes of a stored block; null when they were erased. Throws when another frame lies there. */
  async readBlock(row: BlockRow): Promise<Buffer | null> {
    const frame = await this.#files.read(row)
    if (frame.head.type !== 'block' || frame.head.blockId !== row.id)
      throw new Error('another frame lies where the block should be')
    return frame.plain
  }

  async readRow(row: ExchangeRow): Promise<RecordedExchange> {
    const at = { instance: row.instance, segment: row.openSegment, offset: row.openOffset }
    const frame = await this.#files.read(at)
    if (frame.plain === null) throw new Error('the opening was erased')
    if (frame.head.record !== row.id) throw new Error('the opening belongs to another exchange')
    const frames: OpenedFrame[] = [frame]
    const problems: string[] = []
    const refusal = frame.head.type === 'refusal' ? readRefusal(frame.plain) : null
    const { head: opening, rest } = refusal ?? readOpening(frame.plain)
    const body = await this.#body(row, opening, rest, problems)
    const closing = refusal === null ? await this.#closing(row, frames, problems) : null
    const shift = opening.openedAtMs - opening.facts.receivedAtMs
    const request: StreamReading = { chunks: [], head: null }
    const answer: StreamReading = { chunks: [], head: null }
    if (closing !== null) {
      const tail = closing.rest
      await this.#listed(row, closing.head.request, { reading: request, shift, frames, problems })
      await this.#listed(row, closing.head.answer, { reading: answer, shift, frames, problems })
      if (closing.head.tail !== null) addChunks(answer, closing.head.tail, tail, shift)
      checkStream(request, closing.head.request, 'request', problems)
      checkStream(answer, closing.head.answer, 'answer', problems)
    } else if (refusal === null) await this.#followed(row, { request, answer }, shift, frames)
    const isStreamed = opening.body.kind === 'streamed'
    const isWhole = problems.length === 0
    const lostBytes = closing?.head.lostBytes ?? 0
    if (lostBytes > 0) problems.push(`${lostBytes} bytes could not be recorded`)
    return {
      row,
      facts: opening.facts,
      closing: closing?.head.facts ?? refusal?.head.closing ?? null,
      requestBody: isStreamed
        ? Buffer.concat(request.chunks.map((chunk) => chunk.bytes))
        : body.bytes,
      requestBlocks: body.blocks,
      requestChunks: request.chunks,
      answerHead: answer.head,
      answerChunks: answer.chunks,
      frames: frames.map(({ address, head }) => ({ address, type: head.type, bytes: head.length })),
      problems,
      isWhole,
    }
  }

  async #body(
    row: ExchangeRow,
    opening: OpeningPayload,
    layout: Buffer,
    problems: string[],
  ): Promise<{ readonly bytes: Buffer | null; readonly blocks: readonly RebuiltBlock[] }> {
    if (opening.body.kind !== 'whole') return { bytes: null, blocks: [] }
    const rebuilt = await rebuildBody(
      {
        ...this.#options,
        disk: this.#disk,
        files: this.#files,
        retentionClass: row.retentionClass,
      },
      layout,
    )
    problems.push(...rebuilt.problems)
    if (rebuilt.bytes === null) return { bytes: null, blocks: rebuilt.blocks }
    const isSame = hash('sha256', rebuilt.bytes, 'hex') === opening.body.sha256
    if (!isSame) problems.push('the request body does not match its digest')
    return { bytes: isSame ? rebuilt.bytes : null, blocks: rebuilt.blocks }
  }

  async #closing(
    row: ExchangeRow,
    frames: OpenedFrame[],
    problems: string[],
  ): Promise<{ readonly head: ClosingPayload; readonly rest: Buffer } | null> {
    if (row.closeSegment === null || row.closeOffset === null) return null
    const address = { instance: row.instance, segment: row.closeSegment, offset: row.closeOffset }
    const frame = await this.#tryRead(address, problems)
    if (frame === null || frame.plain === null) return null
    if (frame.head.type !== 'closing' || frame.head.record !== row.id) {
      problems.push('the closing belongs to another exchange')
      return null
    }
    frames.push(frame)
    return readClosing(frame.plain)
  }

  async #tryRead(address: FrameAddress, problems: string[]): Promise<OpenedFrame | null> {
    const where = `frame ${address.segment}:${address.offset}`
    try {
      const frame = await this.#files.read(address)
      if (frame.plain === null) problems.push(`${where} was erased`)
      return frame
    } catch (error) {
      problems.push(`${where}: ${error instanceof Error ? error.message : String(error)}`)
      return null
    }
  }

  async #listed(
    row: ExchangeRow,
    stream: StoredStream,
    into: {
      readonly reading: StreamReading
      readonly shift: number
      readonly frames: OpenedFrame[]
      readonly problems: string[]
    },
  ): Promise<void> {
    for (const [segment, offset] of stream.frames) {
      const frame = await this.#tryRead({ instance: row.instance, segment, offset }, into.problems)
      if (frame === null || frame.plain === null) continue
      if (frame.head.record !== row.id) {
        into.problems.push('a frame belongs to another exchange')
        continue
      }
      into.frames.push(frame)
      const { head, rest } = readChunks(frame.plain)
      addChunks(into.reading, head, rest, into.shift)
    }
  }

  /** An open exchange: everything of it that lies after its opening. */
  async #followed(
    row: ExchangeRow,
    lanes: { readonly request: StreamReading; readonly answer: StreamReading },
    shift: number,
    frames: OpenedFrame[],
  ): Promise<void> {
    const from = { segment: row.openSegment, offset: row.openOffset }
    for await (const found of scanInstance(this.#disk, this.#options.folder, row.instance, from)) {
      if (found.kind !== 'frame' || found.head.record !== row.id) continue
      if (found.head.type !== 'request' && found.head.type !== 'answer') continue
      const { address, head, header } = found
      const frame = await this.#files.open(address, head, Buffer.from(found.bytes), header)
      if (frame.plain === null) continue
      frames.push(frame)
      const chunks = readChunks(frame.plain)
      addChunks(
        head.type === 'request' ? lanes.request : lanes.answer,
        chunks.head,
        chunks.rest,
        shift,
      )
    }
  }

  async #searchTail(id: ExchangeId): Promise<ExchangeRow | null> {
    const tail = await findInTail(
      { ...this.#options, disk: this.#disk, files: this.#files },
      (batch) => batch.exchanges.some((row) => row.id === id),
    )
    return tail?.exchanges.findLast((row) => row.id === id) ?? null
  }
}

function addChunks(
  reading: StreamReading,
  payload: ChunksPayload,
  section: Buffer,
  shift: number,
): void {
  if (payload.head !== undefined) {
    const { status, headers, origin, atUs } = payload.head
    reading.head = { status, headers, origin, atMs: shift + atUs / 1000 }
  }
  for (const { bytes, atUs } of splitChunks(payload.chunks, section)) {
    reading.chunks.push({ bytes, atMs: shift + atUs / 1000 })
  }
}

function checkStream(
  reading: StreamReading,
  stored: StoredStream,
  name: string,
  problems: string[],
): void {
  const whole = Buffer.concat(reading.chunks.map((chunk) => chunk.bytes))
  if (whole.length !== stored.bytes || hash('sha256', whole, 'hex') !== stored.sha256) {
    problems.push(`the ${name} bytes do not match their digest`)
  }
}
