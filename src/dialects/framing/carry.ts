/** Keeps the beginning of a line or frame whose rest has not arrived yet. */

const CAPACITY_MIN = 1024
/** A larger buffer is given back after use, so that one big frame does not stay with a long stream. */
const CAPACITY_KEPT = 64 * 1024

export class Carry {
  #bytes = Buffer.alloc(0)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Valid until the next `append` or `clear`. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  append(chunk: Buffer, start: number, end: number): void {
    const needed = this.#length + end - start
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2, CAPACITY_MIN))
      this.#bytes.copy(grown, 0, 0, this.#length)
      this.#bytes = grown
    }
    chunk.copy(this.#bytes, this.#length, start, end)
    this.#length = needed
  }

  clear(): void {
    this.#length = 0
    if (this.#bytes.length > CAPACITY_KEPT) this.#bytes = Buffer.alloc(0)
  }
}
