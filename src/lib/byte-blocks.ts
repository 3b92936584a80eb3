/** Gathers small pieces of bytes that are kept for long: each kept by itself costs a collector of garbage more than its bytes. */

const BLOCK_BYTES = 4096
/** A longer piece is given on as it is. */
const SMALL_MAX = 1024

export class ByteBlocks {
  readonly #keep: (bytes: Buffer) => void
  #room: Buffer = Buffer.alloc(0)
  #used = 0
  /** Most answers come in one piece, which is not copied. */
  #isFirst = true

  /** `keep` is given everything that is pushed, in order. */
  constructor(keep: (bytes: Buffer) => void) {
    this.#keep = keep
  }

  push(bytes: Buffer): void {
    if (this.#isFirst || bytes.length > SMALL_MAX) {
      this.#isFirst = false
      this.flush()
      this.#keep(bytes)
      return
    }
    if (this.#used + bytes.length > this.#room.length) {
      this.flush()
      this.#room = Buffer.allocUnsafeSlow(BLOCK_BYTES)
    }
    this.#used += bytes.copy(this.#room, this.#used)
  }

  /** Gives what has been gathered. */
  flush(): void {
    if (this.#used === 0) return
    const bytes = this.#room.subarray(0, this.#used)
    this.#room = this.#room.subarray(this.#used)
    this.#used = 0
    this.#keep(bytes)
  }
}
