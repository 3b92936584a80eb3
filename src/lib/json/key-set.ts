/** Finds keys of one object that decode to the same text, without decoding the keys of ordinary objects. */
import { QUOTE } from './bytes.ts'
import { closingQuote, decodeString } from './tape.ts'

/**
 * Above this many keys a `Set` of decoded keys takes over: its hash is seeded per process, so nobody can choose keys
 * that make the search quadratic.
 */
const LINEAR_MAX = 16

export class KeySet {
  #seen = 0
  #count = 0
  readonly #starts: number[] = []
  readonly #hashes: number[] = []
  readonly #escaped: boolean[] = []
  #texts: Set<string> | null = null

  reset(): void {
    this.#seen = 0
    this.#count = 0
    this.#texts = null
  }

  /**
   * False when the key was added before. `start` is the offset inside the quotes; `hash` is a hash of the decoded
   * UTF-8 bytes.
   */
  add(bytes: Buffer, start: number, hash: number, escaped: boolean): boolean {
    if (this.#count === LINEAR_MAX) return this.#addText(bytes, start, escaped)
    const bit = 1 << (hash & 31)
    if ((this.#seen & bit) !== 0) {
      for (let i = 0; i < this.#count; i += 1) {
        if (this.#hashes[i] === hash && this.#isSame(bytes, i, start, escaped)) return false
      }
    }
    this.#seen |= bit
    this.#starts[this.#count] = start
    this.#hashes[this.#count] = hash
    this.#escaped[this.#count] = escaped
    this.#count += 1
    return true
  }

  #isSame(bytes: Buffer, index: number, start: number, escaped: boolean): boolean {
    const other = this.#starts[index] ?? 0
    const otherEscaped = this.#escaped[index] ?? true
    if (escaped || otherEscaped)
      return keyText(bytes, other, otherEscaped) === keyText(bytes, start, escaped)
    for (let i = 0; bytes[start + i] === bytes[other + i]; i += 1)
      if (bytes[start + i] === QUOTE) return true
    return false
  }

  #addText(bytes: Buffer, start: number, escaped: boolean): boolean {
    if (this.#texts === null) {
      this.#texts = new Set()
      for (let i = 0; i < this.#count; i += 1) {
        this.#texts.add(keyText(bytes, this.#starts[i] ?? 0, this.#escaped[i] ?? true))
      }
    }
    const before = this.#texts.size
    return this.#texts.add(keyText(bytes, start, escaped)).size !== before
  }
}

/** Decoded key whose first inner byte lies at `start`. */
export function keyText(bytes: Buffer, start: number, escaped: boolean): string {
  return decodeString(bytes, start - 1, closingQuote(bytes, start) + 1, escaped)
}
