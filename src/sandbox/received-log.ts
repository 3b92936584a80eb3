/** Remembers what the sandbox received and what it answered, within fixed bounds, for tests to compare byte for byte. */
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'

const REQUESTS_MAX = 1000
const BYTES_MAX = 64 * 1024 * 1024
/** A body longer than this is counted and hashed, but not kept. */
const BODY_KEPT_MAX = 32 * 1024 * 1024

export type HeaderPair = readonly [name: string, value: string]

/** One request and its answer as `GET /__received` lists it. */
export interface ReceivedRequest {
  /** Counts from 1 in the order in which requests began to arrive. */
  readonly seq: number
  readonly method: string
  /** Path and query as on the wire. */
  readonly path: string
  readonly httpVersion: string
  /** In wire order; HTTP/2 pseudo headers included. */
  readonly headers: readonly HeaderPair[]
  readonly bodyBytes: number
  readonly bodySha256: string
  /** Base64; empty when `bodyKept` is false. */
  readonly body: string
  readonly bodyKept: boolean
  /** Monotonic milliseconds at which the request began to arrive. */
  readonly startedAt: number
  /** The peer went away before it had the whole answer, or the script cut it off. */
  readonly aborted: boolean
  /** The whole answer was handed to the connection. */
  readonly finished: boolean
  /** Null while no answer has begun. */
  readonly status: number | null
  readonly answerHeaders: readonly HeaderPair[]
  /** Answer body bytes handed over so far: content, without transfer framing. */
  readonly answerBytes: number
  readonly answerSha256: string
}

export interface RequestStart {
  readonly method: string
  readonly path: string
  readonly httpVersion: string
  readonly headers: readonly HeaderPair[]
  readonly startedAt: number
}

/** Bytes that are counted and hashed whole, and kept as long as they are not too many. */
class Tape {
  readonly #hash: Hash = createHash('sha256')
  #kept: Buffer[] = []
  bytes = 0
  isKept = true

  add(chunk: Buffer): void {
    this.#hash.update(chunk)
    this.bytes += chunk.length
    if (this.bytes > BODY_KEPT_MAX) this.forget()
    if (this.isKept) this.#kept.push(chunk)
  }

  forget(): void {
    this.isKept = false
    this.#kept = []
  }

  sha256(): string {
    return this.#hash.copy().digest('hex')
  }

  content(): Buffer {
    return Buffer.concat(this.#kept)
  }
}

/** What the server writes into while one request runs. */
export class Entry {
  readonly seq: number
  readonly start: RequestStart
  readonly request = new Tape()
  readonly answer = new Tape()
  status: number | null = null
  answerHeaders: readonly HeaderPair[] = []
  isAborted = false
  isFinished = false

  constructor(seq: number, start: RequestStart) {
    this.seq = seq
    this.start = start
  }

  get keptBytes(): number {
    return (
      (this.request.isKept ? this.request.bytes : 0) + (this.answer.isKept ? this.answer.bytes : 0)
    )
  }

  view(): ReceivedRequest {
    return {
      seq: this.seq,
      ...this.start,
      bodyBytes: this.request.bytes,
      bodySha256: this.request.sha256(),
      body: this.request.content().toString('base64'),
      bodyKept: this.request.isKept,
      aborted: this.isAborted,
      finished: this.isFinished,
      status: this.status,
      answerHeaders: this.answerHeaders,
      answerBytes: this.answer.bytes,
      answerSha256: this.answer.sha256(),
    }
  }
}

export class ReceivedLog {
  #entries: Entry[] = []
  #next = 1
  #dropped = 0

  /** Entries that fell out of the bounds since the last `clear`. */
  get dropped(): number {
    return this.#dropped
  }

  nextSeq(): number {
    const seq = this.#next
    this.#next += 1
    return seq
  }

  begin(seq: number, start: RequestStart): Entry {
    const entry = new Entry(seq, start)
    this.#entries.push(entry)
    this.#trim()
    return entry
  }

  /** Newest last; only those after `since`. */
  list(since = 0): readonly ReceivedRequest[] {
    this.#trim()
    return this.#entries.filter((entry) => entry.seq > since).map((entry) => entry.view())
  }

  find(seq: number): Entry | null {
    return this.#entries.find((entry) => entry.seq === seq) ?? null
  }

  clear(): void {
    this.#entries = []
    this.#dropped = 0
  }

  #trim(): void {
    let bytes = 0
    for (const entry of this.#entries) bytes += entry.keptBytes
    while (this.#entries.length > REQUESTS_MAX || (bytes > BYTES_MAX && this.#entries.length > 1)) {
      bytes -= this.#entries.shift()?.keptBytes ?? 0
      this.#dropped += 1
    }
  }
}
