/** Sorted postings as pages: keys as differences, each with the documents that have it. */

/** Keys are whole numbers below 2^52, documents below 2^53. */
export interface Postings {
  readonly keys: Float64Array
  readonly documents: Float64Array
  readonly length: number
}

export interface PostingPage {
  readonly firstKey: number
  readonly data: Buffer
  readonly postings: number
}

export const PAGE_BYTES = 16_000
const DOCUMENT_BYTES = 7
const DOCUMENT_HIGH = 2 ** 32

/** Grows; `sorted` gives everything once, by key and document. */
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

  sorted(): Postings {
    const order = ordered(this.#keys, this.#length)
    const keys = new Float64Array(this.#length)
    const documents = new Float64Array(this.#length)
    let length = 0
    for (let from = 0; from < order.length;) {
      const key = this.#keys[order[from] ?? 0] ?? 0
      let to = from + 1
      while (to < order.length && this.#keys[order[to] ?? 0] === key) to += 1
      const group = new Set<number>()
      for (let at = from; at < to; at += 1) group.add(this.#documents[order[at] ?? 0] ?? 0)
      for (const document of group.size === 1 ? group : [...group].sort((a, b) => a - b)) {
        keys[length] = key
        documents[length] = document
        length += 1
      }
      from = to
    }
    return { keys, documents, length }
  }
}

const DIGIT = 2 ** 16
const DIGITS = 4

/** Places of the keys in ascending order: a radix sort by digits of 16 bits, lowest first. */
function ordered(keys: Float64Array, length: number): Uint32Array {
  let from = Uint32Array.from({ length }, (_, at) => at)
  let to = new Uint32Array(length)
  const digits = new Uint16Array(length)
  for (let digit = 0; digit < DIGITS; digit += 1) {
    const scale = DIGIT ** digit
    const starts = new Uint32Array(DIGIT + 1)
    for (let at = 0; at < length; at += 1) {
      const value = Math.floor((keys[at] ?? 0) / scale) % DIGIT
      digits[at] = value
      starts[value + 1] = (starts[value + 1] ?? 0) + 1
    }
    for (let value = 0; value < DIGIT; value += 1) {
      starts[value + 1] = (starts[value + 1] ?? 0) + (starts[value] ?? 0)
    }
    for (const at of from) {
      const value = digits[at] ?? 0
      const place = starts[value] ?? 0
      to[place] = at
      starts[value] = place + 1
    }
    ;[from, to] = [to, from]
  }
  return from
}

function twice(numbers: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(numbers.length * 2)
  grown.set(numbers)
  return grown
}

/** Takes keys in ascending order and gives pages as they fill. All documents of a key lie in one page. */
export class PageWriter {
  #room = Buffer.allocUnsafe(PAGE_BYTES * 2)
  #used = 0
  #firstKey = -1
  #lastKey = 0
  #postings = 0
  readonly #pages: PostingPage[] = []

  add(key: number, documents: readonly number[]): void {
    if (documents.length === 0) return
    if (this.#used >= PAGE_BYTES) this.#end()
    if (this.#firstKey < 0) {
      this.#firstKey = key
      this.#lastKey = key
    }
    this.#reserve(24 + documents.length * DOCUMENT_BYTES)
    const isOne = documents.length === 1
    this.#varint((key - this.#lastKey) * 2 + (isOne ? 0 : 1))
    if (!isOne) this.#varint(documents.length)
    for (const document of documents) {
      this.#room.writeUInt32LE(document % DOCUMENT_HIGH, this.#used)
      this.#room.writeUIntLE(Math.floor(document / DOCUMENT_HIGH), this.#used + 4, 3)
      this.#used += DOCUMENT_BYTES
    }
    this.#lastKey = key
    this.#postings += documents.length
  }

  /** Pages that are full. */
  take(): readonly PostingPage[] {
    return this.#pages.splice(0)
  }

  /** The rest. */
  finish(): readonly PostingPage[] {
    this.#end()
    return this.take()
  }

  #end(): void {
    if (this.#firstKey < 0) return
    this.#pages.push({
      firstKey: this.#firstKey,
      data: Buffer.from(this.#room.subarray(0, this.#used)),
      postings: this.#postings,
    })
    this.#used = 0
    this.#postings = 0
    this.#firstKey = -1
  }

  #varint(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.#room[this.#used] = (rest % 0x80) | 0x80
      this.#used += 1
      rest = Math.floor(rest / 0x80)
    }
    this.#room[this.#used] = rest
    this.#used += 1
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#room.length) return
    const grown = Buffer.allocUnsafe((this.#used + bytes) * 2)
    this.#room.copy(grown, 0, 0, this.#used)
    this.#room = grown
  }
}

export function pagesOf(postings: Postings): readonly PostingPage[] {
  const writer = new PageWriter()
  for (let at = 0; at < postings.length;) {
    const key = postings.keys[at] ?? 0
    const documents: number[] = []
    while (at < postings.length && postings.keys[at] === key) {
      documents.push(postings.documents[at] ?? 0)
      at += 1
    }
    writer.add(key, documents)
  }
  return writer.finish()
}

/** Every key of a page with its documents, ascending. */
export function* readPage(
  firstKey: number,
  data: Uint8Array,
): Generator<{ readonly key: number; readonly documents: readonly number[] }, void> {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length)
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 0x80) {
      const byte = bytes[at]
      if (byte === undefined) throw new Error('a page of the trace index is cut short')
      at += 1
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }
  for (let key = firstKey; at < bytes.length;) {
    const head = varint()
    key += Math.floor(head / 2)
    const count = head % 2 === 0 ? 1 : varint()
    const documents: number[] = []
    for (let n = 0; n < count; n += 1) {
      if (at + DOCUMENT_BYTES > bytes.length) {
        throw new Error('a page of the trace index is cut short')
      }
      documents.push(bytes.readUInt32LE(at) + bytes.readUIntLE(at + 4, 3) * DOCUMENT_HIGH)
      at += DOCUMENT_BYTES
    }
    yield { key, documents }
  }
}

/** The documents that a page has for some keys. */
export function documentsIn(
  firstKey: number,
  data: Uint8Array,
  wanted: ReadonlySet<number>,
): ReadonlyMap<number, readonly number[]> {
  const found = new Map<number, readonly number[]>()
  const last = Math.max(...wanted)
  for (const { key, documents } of readPage(firstKey, data)) {
    if (key > last) break
    if (wanted.has(key)) found.set(key, documents)
  }
  return found
}
