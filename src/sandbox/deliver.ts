/** Sends an answer the way the script wants it: paced, chopped, stalled, cut off, garbled or compressed. */
import type { Clock } from '../lib/clock.ts'
import type { Answer, Piece } from './answer.ts'
import { gzipPieces } from './gzip-pieces.ts'
import type { Outlet } from './outlet.ts'
import type { Entry, HeaderPair } from './received-log.ts'
import type { Script } from './script.ts'

const STALL_MS = 60_000

export interface Delivery {
  readonly outlet: Outlet
  readonly answer: Answer
  readonly script: Script
  /** Where the sent bytes are remembered; null when recording is off. */
  readonly entry: Entry | null
  readonly clock: Clock
  readonly requestIdHeader: HeaderPair | null
}

/** Resolves when all is handed over, the script cut it off, or the peer went away. */
export async function deliver(delivery: Delivery): Promise<void> {
  const { outlet, answer, script, entry } = delivery
  const wholeDelayMs = answer.kind === 'whole' ? answer.delayMs : 0
  await outlet.sleep((script.delayMs ?? 0) + wholeDelayMs)
  if (outlet.isClosed) return
  if (script.cutBeforeHeaders === true) {
    markAborted(entry)
    await outlet.cut()
    return
  }
  const pieces = await piecesFor(delivery)
  const status = answer.status === 200 ? (script.status ?? 200) : answer.status
  const headers = headersFor(delivery, pieces)
  if (entry !== null) {
    entry.status = status
    entry.answerHeaders = Object.entries(headers)
  }
  outlet.head(status, headers)
  if (isPlain(script) && answer.kind === 'whole') {
    const body = Buffer.concat(pieces.map(bufferOf))
    entry?.answer.add(body)
    outlet.end(body)
    return
  }
  if (!isPlain(script)) outlet.flush()
  const sender = new Sender(delivery)
  const intervalMs = answer.kind === 'stream' ? answer.intervalMs : 0
  for await (const batch of batches(pieces, intervalMs, delivery)) {
    await sender.send(batch)
    if (sender.isOver) return
  }
  await sender.flush()
  if (!sender.isOver) outlet.end()
}

function isPlain(script: Script): boolean {
  return (
    script.chunkBytes === undefined &&
    script.cutAfterBytes === undefined &&
    script.stallAfterBytes === undefined
  )
}

function bufferOf(piece: Piece): Buffer {
  return typeof piece.bytes === 'string' ? Buffer.from(piece.bytes) : piece.bytes
}

function markAborted(entry: Entry | null): void {
  if (entry !== null) entry.isAborted = true
}

async function piecesFor({ answer, script }: Delivery): Promise<readonly Piece[]> {
  let pieces: readonly Piece[]
  if (answer.kind === 'whole') {
    const bytes =
      script.malformed === true ? answer.body.subarray(0, answer.body.length >> 1) : answer.body
    pieces = [{ bytes, paced: false }]
  } else if (script.failMidway === true) {
    const failure = { bytes: answer.failure, paced: false }
    pieces = [...answer.pieces.slice(0, answer.pieces.length >> 1), failure]
  } else if (script.malformed === true) {
    const garbage = { bytes: answer.garbage, paced: false }
    pieces = answer.pieces.toSpliced(answer.pieces.length >> 1, 0, garbage)
  } else {
    pieces = answer.pieces
  }
  return script.encoding === 'gzip' ? gzipPieces(pieces) : pieces
}

function headersFor({ answer, script, requestIdHeader }: Delivery, pieces: readonly Piece[]) {
  const headers: Record<string, string> = { ...answer.headers }
  if (requestIdHeader !== null) headers[requestIdHeader[0]] = requestIdHeader[1]
  if (script.encoding !== undefined) headers['content-encoding'] = script.encoding
  if (answer.kind === 'whole') {
    let length = 0
    for (const piece of pieces) length += bufferOf(piece).length
    headers['content-length'] = String(length)
  }
  for (const [name, value] of Object.entries(script.headers ?? {})) {
    headers[name.toLowerCase()] = value
  }
  return headers
}

/** Joins pieces that leave at the same moment; waits, by an absolute timetable, before each paced one. */
async function* batches(
  pieces: readonly Piece[],
  intervalMs: number,
  { outlet, clock }: Delivery,
): AsyncGenerator<Buffer> {
  const startedMs = clock.monotonicMs()
  let paced = 0
  let batch: Buffer[] = []
  for (const piece of pieces) {
    if (piece.paced && intervalMs > 0) {
      if (batch.length > 0) yield Buffer.concat(batch)
      batch = []
      await outlet.sleep(startedMs + paced * intervalMs - clock.monotonicMs())
      paced += 1
    }
    batch.push(bufferOf(piece))
  }
  if (batch.length > 0) yield Buffer.concat(batch)
}

/** Counts answer bytes as they leave and acts at the offsets the script names. */
class Sender {
  readonly #delivery: Delivery
  readonly #chunkBytes: number | null
  #rest: Buffer = Buffer.alloc(0)
  #sent = 0
  #hasStalled = false
  #isCut = false

  constructor(delivery: Delivery) {
    this.#delivery = delivery
    this.#chunkBytes = delivery.script.chunkBytes ?? null
  }

  /** Nothing more can be sent. */
  get isOver(): boolean {
    return this.#isCut || this.#delivery.outlet.isClosed
  }

  async send(bytes: Buffer): Promise<void> {
    const size = this.#chunkBytes
    if (size === null) {
      await this.#pass(bytes)
      return
    }
    this.#rest = Buffer.concat([this.#rest, bytes])
    let start = 0
    while (this.#rest.length - start >= size && !this.isOver) {
      await this.#pass(this.#rest.subarray(start, start + size))
      start += size
      // Lets this chunk leave before the next one, so that the peer may see them apart.
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.#rest = this.#rest.subarray(start)
  }

  async flush(): Promise<void> {
    await this.#pass(this.#rest)
    this.#rest = Buffer.alloc(0)
  }

  async #pass(bytes: Buffer): Promise<void> {
    const { script, outlet } = this.#delivery
    let rest = bytes
    const stallAt = script.stallAfterBytes
    if (stallAt !== undefined && !this.#hasStalled && this.#sent + rest.length >= stallAt) {
      const first = stallAt - this.#sent
      await this.#upToCut(rest.subarray(0, first))
      rest = rest.subarray(first)
      this.#hasStalled = true
      if (!this.isOver) await outlet.sleep(script.stallMs ?? STALL_MS)
    }
    await this.#upToCut(rest)
  }

  async #upToCut(bytes: Buffer): Promise<void> {
    const { script, outlet, entry } = this.#delivery
    const cutAt = script.cutAfterBytes ?? Infinity
    const some = this.#sent + bytes.length >= cutAt ? bytes.subarray(0, cutAt - this.#sent) : bytes
    if (this.isOver) return
    if (some.length > 0) {
      entry?.answer.add(some)
      this.#sent += some.length
      await outlet.write(some)
    }
    if (this.#sent >= cutAt) {
      this.#isCut = true
      markAborted(entry)
      await outlet.cut()
    }
  }
}
