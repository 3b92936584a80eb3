/** The answer of an open exchange, kept until its record is closed: the tap is then told it whole. */
import { ByteBlocks } from '../lib/byte-blocks.ts'
import type { AnswerHead } from '../model/record.ts'
import type { RecordTap, TappedAnswer } from './record-tap.ts'

/** A longer answer is read from the record. */
const BYTES_MAX = 128 * 1024

export class KeptAnswer {
  readonly #tap: Pick<RecordTap, 'keep' | 'release'>
  #head: AnswerHead | null = null
  #chunks: Buffer[] = []
  readonly #blocks = new ByteBlocks((chunk) => this.#chunks.push(chunk))
  #bytes = 0
  #isWhole = true

  constructor(tap: Pick<RecordTap, 'keep' | 'release'>) {
    this.#tap = tap
  }

  setHead(head: AnswerHead): void {
    this.#head = head
  }

  push(bytes: Buffer): void {
    if (!this.#isWhole) return
    const isKept = this.#bytes + bytes.length <= BYTES_MAX && this.#tap.keep(bytes.length)
    if (!isKept) {
      this.drop()
      return
    }
    this.#blocks.push(bytes)
    this.#bytes += bytes.length
  }

  /** Null where some of it was not kept, or there is none. Afterwards nothing is kept. */
  take(): TappedAnswer | null {
    this.#blocks.flush()
    const taken =
      this.#isWhole && this.#head !== null ? { head: this.#head, chunks: this.#chunks } : null
    this.drop()
    return taken
  }

  drop(): void {
    this.#isWhole = false
    this.#tap.release(this.#bytes)
    this.#chunks = []
    this.#bytes = 0
  }
}
