/** A scanned JSON document as a flat tape of integers: nodes are numbers, values are read from the bytes on demand. */
import { BACKSLASH, QUOTE } from './bytes.ts'

/** A value of the document; -1 stands for none. */
export type NodeRef = number
export const NONE: NodeRef = -1

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null'

/** Slots of one node on the tape. */
export const STRIDE = 5
export const START = 0
export const END = 1
export const TAG = 2
export const NEXT = 3
/** Offset of the first byte inside the quotes of the member's key; -1 outside objects. */
export const KEY_START = 4

/** The low three bits of a tag are the kind; the others are flags. */
const KINDS: readonly JsonKind[] = ['null', 'boolean', 'number', 'string', 'array', 'object']
export const TAG_NULL = 0
export const TAG_BOOLEAN = 1
export const TAG_NUMBER = 2
export const TAG_STRING = 3
export const TAG_ARRAY = 4
export const TAG_OBJECT = 5
export const KIND_MASK = 7
export const FLAG_ESCAPED = 8
export const FLAG_KEY_ESCAPED = 16
export const FLAG_FILLED = 32

/** The text of a JSON string lying at [start, end) with its quotes, as well-formed Unicode (a lone surrogate becomes U+FFFD). */
export function decodeString(bytes: Buffer, start: number, end: number, escaped: boolean): string {
  if (!escaped) return bytes.toString('utf8', start + 1, end - 1)
  const text: unknown = JSON.parse(bytes.toString('utf8', start, end))
  return typeof text === 'string' ? text.toWellFormed() : ''
}

/** Offset of the quote that closes the already checked string whose first inner byte lies at `from`. */
export function closingQuote(bytes: Buffer, from: number): number {
  let at = from
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
  return at
}

/** Reads a document that `scanJson` accepted. Every method takes -1 and answers as if nothing were there. */
export class JsonTape {
  readonly root: NodeRef = 0
  readonly bytes: Buffer
  readonly #slots: Int32Array

  constructor(bytes: Buffer, slots: Int32Array) {
    this.bytes = bytes
    this.#slots = slots
  }

  /** Number of values in the document. */
  get size(): number {
    return this.#slots.length / STRIDE
  }

  kind(node: NodeRef): JsonKind | null {
    return node < 0 ? null : (KINDS[this.#slot(node, TAG) & KIND_MASK] ?? null)
  }

  /** Byte offset of the first byte of the value (the quote of a string). */
  start(node: NodeRef): number {
    return this.#slot(node, START)
  }

  /** Byte offset at which the entry begins: the quote of a member's key, or the value of an element. */
  entryStart(node: NodeRef): number {
    const key = this.#slot(node, KEY_START)
    return key < 0 ? this.start(node) : key - 1
  }

  /** Byte offset behind the last byte of the value. */
  end(node: NodeRef): number {
    return this.#slot(node, END)
  }

  firstChild(node: NodeRef): NodeRef {
    return (this.#slot(node, TAG) & FLAG_FILLED) === 0 || node < 0 ? NONE : node + 1
  }

  next(node: NodeRef): NodeRef {
    return this.#slot(node, NEXT)
  }

  children(node: NodeRef): readonly NodeRef[] {
    const children: NodeRef[] = []
    for (let child = this.firstChild(node); child !== NONE; child = this.next(child))
      children.push(child)
    return children
  }

  /** The value of `key` when `object` is an object that has it. */
  member(object: NodeRef, key: string): NodeRef {
    if (this.kind(object) !== 'object') return NONE
    for (let child = this.firstChild(object); child !== NONE; child = this.next(child)) {
      if (this.#hasKey(child, key)) return child
    }
    return NONE
  }

  /** Decoded key of a member; null for elements of arrays and the root. */
  keyOf(node: NodeRef): string | null {
    const from = this.#slot(node, KEY_START)
    if (node < 0 || from < 0) return null
    const escaped = (this.#slot(node, TAG) & FLAG_KEY_ESCAPED) !== 0
    return decodeString(this.bytes, from - 1, closingQuote(this.bytes, from) + 1, escaped)
  }

  /** Decoded text of a string; null for every other kind. */
  text(node: NodeRef): string | null {
    if (this.kind(node) !== 'string') return null
    const escaped = (this.#slot(node, TAG) & FLAG_ESCAPED) !== 0
    return decodeString(this.bytes, this.start(node), this.end(node), escaped)
  }

  boolean(node: NodeRef): boolean | null {
    return this.kind(node) === 'boolean' ? this.bytes[this.start(node)] === 0x74 : null
  }

  /** Nearest double, as `JSON.parse` reads it (may be infinite); null for every other kind. */
  number(node: NodeRef): number | null {
    if (this.kind(node) !== 'number') return null
    return Number(this.bytes.toString('latin1', this.start(node), this.end(node)))
  }

  #slot(node: NodeRef, slot: number): number {
    return this.#slots[node * STRIDE + slot] ?? NONE
  }

  #hasKey(node: NodeRef, key: string): boolean {
    const from = this.#slot(node, KEY_START)
    if ((this.#slot(node, TAG) & FLAG_KEY_ESCAPED) !== 0) return this.keyOf(node) === key
    for (let i = 0; i < key.length; i += 1) {
      const unit = key.charCodeAt(i)
      // A quote or backslash in `key` could run on over the end of the key in the document.
      if (unit >= 0x80 || unit === QUOTE || unit === BACKSLASH) return this.keyOf(node) === key
      if (unit !== this.bytes[from + i]) return false
    }
    return this.bytes[from + key.length] === QUOTE
  }
}
