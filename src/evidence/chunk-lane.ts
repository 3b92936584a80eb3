/** Chunks of one direction of an exchange: those that wait to become a frame, and the frames they became. */
import { createHash, hash, type Hash } from 'node:crypto'
import type { FrameDraft } from './journal.ts'
import type { ChunksPayload, ChunkTiming, StoredAnswerHead, StoredStream } from './payloads.ts'

export interface TakenChunks {
  readonly payload: ChunksPayload
  readonly sections: readonly Buffer[]
  readonly bytes: number
}

const EMPTY_SHA256 = hash('sha256', '', 'hex')

export class ChunkLane {
  readonly type: 'request' | 'answer'
  readonly #frames: FrameDraft[] = []
  /** The only chunk so far: most answers have one, and one is hashed without a native object. */
  #only: Buffer | null = null
  #digest: Hash | null = null
  #waiting: Buffer[] = []
  #timings: ChunkTiming[] = []
  #head: StoredAnswerHead | null = null
  #seq = 0
  #waitingBytes = 0
  #bytes = 0

  constructor(type: 'request' | 'answer') {
    this.type = type
  }

  /** Of all chunks so far. */
  get bytes(): number {
    return this.#bytes
  }

  get waitingBytes(): number {
    return this.#waitingBytes
  }

  get isWaiting(): boolean {
    return this.#timings.length > 0 || this.#head !== null
  }

  setHead(head: StoredAnswerHead): void {
    this.#head = head
  }

  push(bytes: Buffer, atUs: number): void {
    this.#waiting.push(bytes)
    this.#timings.push([bytes.length, atUs])
    this.#waitingBytes += bytes.length
    this.#bytes += bytes.length
    this.#hash(bytes)
  }

  #hash(bytes: Buffer): void {
    if (this.#digest !== null) this.#digest.update(bytes)
    else if (this.#only === null) this.#only = bytes
    else this.#digest = createHash('sha256').update(this.#only).update(bytes)
  }

  #sha256(): string {
    if (this.#digest !== null) return this.#digest.copy().digest('hex')
    return this.#only === null ? EMPTY_SHA256 : hash('sha256', this.#only, 'hex')
  }

  addFrame(draft: FrameDraft): void {
    this.#frames.push(draft)
  }

  /** Takes what waits; null when nothing does. */
  take(): TakenChunks | null {
    if (!this.isWaiting) return null
    const payload: ChunksPayload = {
      seq: this.#seq,
      ...(this.#head === null ? {} : { head: this.#head }),
      chunks: this.#timings,
    }
    const taken = { payload, sections: this.#waiting, bytes: this.#waitingBytes }
    this.#seq += 1
    this.#head = null
    this.#waiting = []
    this.#timings = []
    this.#waitingBytes = 0
    return taken
  }

  /** Call when every frame has its place. */
  stored(): StoredStream {
    const frames = this.#frames.map((draft): readonly [number, number] => {
      if (draft.address === null) throw new Error('a frame before the closing has no place')
      return [draft.address.segment, draft.address.offset]
    })
    return { bytes: this.#bytes, sha256: this.#sha256(), frames }
  }
}
