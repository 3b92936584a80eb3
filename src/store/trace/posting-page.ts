/** Sorted postings as pages: keys as differences, each with the documents that have it. */
import type { Postings } from './posting-list.ts'

export interface PostingPage {
  readonly firstKey: number
  readonly data: Buffer
  readonly postings: number
}

export const PAGE_BYTES = 16_000
const DOCUMENT_BYTES = 7
const DOCUMENT_HIGH = 2 ** 32
/** Of a key's difference and of its number of documents. */
const HEAD_BYTES_MAX = 24

/** Takes postings by ascending key and gives pages as they fill. All documents of a key lie in one page, each once. */
export class PageWriter {
  #room: Uint8Array = new Uint8Array(PAGE_BYTES + HEAD_BYTES_MAX + DOCUMENT_BYTES)
  #used = 0
  #firstKey = -1
  #lastKey = 0
  #postings = 0
  /** Not written yet: more of its documents may come. */
  #key = -1
  #document = 0
  #others: number[] = []
  #pages: PostingPage[] = []

  add(key: number, document: number): void {
    if (key === this.#key) {
      this.#others.push(document)
      return
    }
    this.#endKey()
    this.#key = key
    this.#document = document
  }

  /** How many pages are full. */
  get full(): number {
    return this.#pages.length
  }

  /** Pages that are full. */
  take(): readonly PostingPage[] {
    const pages = this.#pages
    this.#pages = []
    return pages
  }

  /** The rest. */
  finish(): readonly PostingPage[] {
    this.#endKey()
    this.#endPage()
    return this.take()
  }

  #endKey(): void {
    const key = this.#key
    if (key < 0) return
    if (this.#used >= PAGE_BYTES) this.#endPage()
    if (this.#firstKey < 0) {
      this.#firstKey = key
      this.#lastKey = key
    }
    if (this.#others.length === 0) {
      this.#varint((key - this.#lastKey) * 2)
      this.#writeDocument(this.#document)
      this.#postings += 1
    } else this.#endKeyOfMany(key)
    this.#lastKey = key
    this.#key = -1
  }

  #endKeyOfMany(key: number): void {
    const documents = [...new Set([this.#document, ...this.#others])].sort((a, b) => a - b)
    this.#others = []
    this.#reserve(HEAD_BYTES_MAX + documents.length * DOCUMENT_BYTES)
    const isOne = documents.length === 1
    this.#varint((key - this.#lastKey) * 2 + (isOne ? 0 : 1))
    if (!isOne) this.#varint(documents.length)
    for (const document of documents) this.#writeDocument(document)
    this.#postings += documents.length
  }

  #endPage(): void {
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

  /** Seven bytes, lowest first. */
  #writeDocument(document: number): void {
    const room = this.#room
    const at = this.#used
    const high = Math.floor(document / DOCUMENT_HIGH)
    const low = document - high * DOCUMENT_HIGH
    room[at] = low
    room[at + 1] = low >>> 8
    room[at + 2] = low >>> 16
    room[at + 3] = low >>> 24
    room[at + 4] = high
    room[at + 5] = high >>> 8
    room[at + 6] = high >>> 16
    this.#used = at + DOCUMENT_BYTES
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
    const grown = new Uint8Array((this.#used + bytes) * 2)
    grown.set(this.#room.subarray(0, this.#used))
    this.#room = grown
  }
}

export function pagesOf({ keys, documents, length }: Postings): readonly PostingPage[] {
  const writer = new PageWriter()
  for (let at = 0; at < length; at += 1) writer.add(keys[at] ?? 0, documents[at] ?? 0)
  return writer.finish()
}

/** Every posting of a page, by key and document. */
export function readPage(firstKey: number, data: Uint8Array): Postings {
  const most = Math.floor(data.length / DOCUMENT_BYTES)
  const keys = new Float64Array(most)
  const documents = new Float64Array(most)
  let length = 0
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 0x80) {
      const byte = data[at]
      if (byte === undefined) throw cutShort()
      at += 1
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }
  for (let key = firstKey; at < data.length;) {
    const head = varint()
    key += Math.floor(head / 2)
    const count = head % 2 === 0 ? 1 : varint()
    if (at + count * DOCUMENT_BYTES > data.length) throw cutShort()
    for (const end = length + count; length < end; length += 1) {
      keys[length] = key
      documents[length] = readDocument(data, at)
      at += DOCUMENT_BYTES
    }
  }
  return { keys, documents, length }
}

function readDocument(data: Uint8Array, at: number): number {
  const low =
    (data[at] ?? 0) |
    ((data[at + 1] ?? 0) << 8) |
    ((data[at + 2] ?? 0) << 16) |
    ((data[at + 3] ?? 0) << 24)
  const high = (data[at + 4] ?? 0) | ((data[at + 5] ?? 0) << 8) | ((data[at + 6] ?? 0) << 16)
  return (low >>> 0) + high * DOCUMENT_HIGH
}

function cutShort(): Error {
  return new Error('a page of the trace index is cut short')
}

/** The documents that a page has for some keys. */
export function documentsIn(
  firstKey: number,
  data: Uint8Array,
  wanted: ReadonlySet<number>,
): ReadonlyMap<number, readonly number[]> {
  const found = new Map<number, number[]>()
  const { keys, documents, length } = readPage(firstKey, data)
  for (let at = 0; at < length; at += 1) {
    const key = keys[at] ?? 0
    if (!wanted.has(key)) continue
    const known = found.get(key)
    if (known === undefined) found.set(key, [documents[at] ?? 0])
    else known.push(documents[at] ?? 0)
  }
  return found
}
