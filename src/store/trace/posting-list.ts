/** Gathers postings in any order and gives them in order of their keys. */

/** Keys are whole numbers below 2^52, documents below 2^53. */
export interface Postings {
  readonly keys: Float64Array
  readonly documents: Float64Array
  /** Only so many of each count. */
  readonly length: number
}

const HALF_BITS = 26
const HALF = 2 ** HALF_BITS
/** Two digits make a half. */
const DIGIT_BITS = 13
const DIGITS = 2 ** DIGIT_BITS

export class PostingList {
  #keys = new Float64Array(1024)
  #documents = new Float64Array(1024)
  #length = 0

  get length(): number {
    return this.#length
  }

  add(key: number, document: number): void {
    if (this.#length === this.#keys.length) {
      this.#keys = twice(this.#keys)
      this.#documents = twice(this.#documents)
    }
    this.#keys[this.#length] = key
    this.#documents[this.#length] = document
    this.#length += 1
  }

  /** By key. What was added twice is there twice. */
  sorted(): Postings {
    const length = this.#length
    const order = ordered(this.#keys, length)
    const keys = new Float64Array(length)
    const documents = new Float64Array(length)
    for (let at = 0; at < length; at += 1) {
      const from = order[at] ?? 0
      keys[at] = this.#keys[from] ?? 0
      documents[at] = this.#documents[from] ?? 0
    }
    return { keys, documents, length }
  }
}

/** Places of the keys in ascending order: a radix sort, lowest digits first. */
function ordered(keys: Float64Array, length: number): Uint32Array {
  const low = new Uint32Array(length)
  const high = new Uint32Array(length)
  for (let at = 0; at < length; at += 1) {
    const key = keys[at] ?? 0
    const above = Math.floor(key / HALF)
    high[at] = above
    low[at] = key - above * HALF
  }
  let from = new Uint32Array(length)
  for (let at = 0; at < length; at += 1) from[at] = at
  let to = new Uint32Array(length)
  for (const half of [low, high]) {
    for (const shift of [0, DIGIT_BITS]) {
      distribute(half, shift, from, to)
      ;[from, to] = [to, from]
    }
  }
  return from
}

function distribute(half: Uint32Array, shift: number, from: Uint32Array, to: Uint32Array): void {
  const { length } = half
  const starts = new Uint32Array(DIGITS + 1)
  for (let at = 0; at < length; at += 1) {
    const next = (((half[at] ?? 0) >>> shift) & (DIGITS - 1)) + 1
    starts[next] = (starts[next] ?? 0) + 1
  }
  for (let digit = 0; digit < DIGITS; digit += 1) {
    starts[digit + 1] = (starts[digit + 1] ?? 0) + (starts[digit] ?? 0)
  }
  for (let n = 0; n < length; n += 1) {
    const at = from[n] ?? 0
    const digit = ((half[at] ?? 0) >>> shift) & (DIGITS - 1)
    const place = starts[digit] ?? 0
    to[place] = at
    starts[digit] = place + 1
  }
}

function twice(numbers: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(numbers.length * 2)
  grown.set(numbers)
  return grown
}
