/** Checks a JSON document strictly (RFC 8259) and lays its values out on a tape of byte spans, without decoding them. */
import { isUtf8 } from 'node:buffer'
import * as byte from './bytes.ts'
import { KeySet, keyText } from './key-set.ts'
import type { JsonLimits, JsonProblem } from './problem.ts'
import * as tape from './tape.ts'
import { atOnce } from '../turns.ts'
import type { Work } from '../turns.ts'

export type JsonScan =
  | { readonly kind: 'tape'; readonly tape: tape.JsonTape }
  | { readonly kind: 'problem'; readonly problem: JsonProblem }

/** Slots kept between scans, so that most documents cost one allocation of their final size. */
const KEPT_SLOTS_MAX = 1 << 20
const FIRST_SLOTS = tape.STRIDE * 4096
/** Null while a scan uses them. */
let kept: Int32Array | null = null

/** Bytes that are scanned in one step, inside of strings and outside. */
const STEP_BYTES = 64 * 1024

/**
 * Refuses what is not exactly one JSON document in UTF-8 without BOM, and documents in which an object has two keys
 * that decode to the same text. The tape refers to `bytes`, which must not change while it is in use.
 */
export function scanJson(bytes: Buffer, limits: JsonLimits): JsonScan {
  return atOnce(scanning(bytes, limits))
}

/** The same in steps. */
export function* scanning(bytes: Buffer, limits: JsonLimits): Work<JsonScan> {
  if (bytes.length > 0x7fff_fff0)
    return { kind: 'problem', problem: refusal('malformed', 0, 'document longer than 2 GiB') }
  if (!isUtf8(bytes))
    return { kind: 'problem', problem: refusal('not-utf8', firstBadUtf8(bytes), 'invalid UTF-8') }
  const scanner = new Scanner(bytes, limits, kept ?? new Int32Array(FIRST_SLOTS))
  kept = null
  while (scanner.goOn()) yield
  const { problem } = scanner
  kept = scanner.slots.length > KEPT_SLOTS_MAX ? new Int32Array(FIRST_SLOTS) : scanner.slots
  if (problem !== null) return { kind: 'problem', problem }
  return { kind: 'tape', tape: new tape.JsonTape(bytes, scanner.slots.slice(0, scanner.used)) }
}

function refusal(code: JsonProblem['code'], offset: number, what: string): JsonProblem {
  return { code, offset, message: `${what} at byte ${offset}` }
}

function firstBadUtf8(bytes: Buffer): number {
  const repaired = Buffer.from(bytes.toString('utf8'))
  let at = 0
  while (at < bytes.length && bytes[at] === repaired[at]) at += 1
  return at
}

class Scanner {
  slots: Int32Array
  used = 0
  readonly #source: byte.ScanBytes
  readonly #bytes: Buffer
  readonly #limits: JsonLimits
  readonly #usedMax: number
  /** Slot offsets of the open containers, innermost last, and of the last child seen of each (-1: none yet). */
  readonly #open: number[] = []
  readonly #lastChild: number[] = []
  readonly #keys: KeySet[] = []
  #depth = 0
  #at = 0
  /** Of the key that waits for its value; -1 when none does. */
  #keyStart = -1
  #keyEscaped = false
  #escaped = false
  /** The string value that is being read; -1 when none is. */
  #openString = -1
  #begun = false
  problem: JsonProblem | null = null

  constructor(bytes: Buffer, limits: JsonLimits, slots: Int32Array) {
    this.#source = byte.scanBytes(bytes)
    this.#bytes = bytes
    this.#limits = limits
    this.#usedMax = limits.elementsMax * tape.STRIDE
    this.slots = slots
  }

  /** One step; false when the document is read or refused. */
  goOn(): boolean {
    const bytes = this.#bytes
    if (!this.#begun) this.#at = byte.skipSpace(bytes, 0)
    this.#begun = true
    const pause = this.#at + STEP_BYTES
    while (this.#openString < 0 ? this.#value() : this.#stringValue(this.#at)) {
      if (this.#openString >= 0) return true
      if (this.#closeContainers()) {
        if (this.#at < bytes.length)
          this.#refuse('malformed', this.#at, 'unexpected byte behind the document')
        return false
      }
      if (this.problem !== null) return false
      if (this.#at >= pause) return true
    }
    return false
  }

  /** Reads a scalar or the head of a container; false when the document is refused. */
  #value(): boolean {
    const start = this.#at
    switch (this.#bytes[start] ?? -1) {
      case byte.QUOTE: {
        const node = this.#node(tape.TAG_STRING)
        if (node < 0) return false
        this.#openString = node
        this.#escaped = false
        return this.#stringValue(start + 1)
      }
      case byte.BRACE_OPEN:
        return this.#enter(tape.TAG_OBJECT)
      case byte.BRACKET_OPEN:
        return this.#enter(tape.TAG_ARRAY)
      case 0x74:
        return this.#literal(tape.TAG_BOOLEAN, 'true')
      case 0x66:
        return this.#literal(tape.TAG_BOOLEAN, 'false')
      case 0x6e:
        return this.#literal(tape.TAG_NULL, 'null')
      default:
        return this.#number()
    }
  }

  /**
   * Goes on behind a value or a container head, up to the next value. True when the document is complete; false when
   * a value follows or the document is refused.
   */
  #closeContainers(): boolean {
    const bytes = this.#bytes
    for (;;) {
      this.#at = byte.skipSpace(bytes, this.#at)
      if (this.#depth === 0) return true
      const level = this.#depth - 1
      const node = this.#open[level] ?? 0
      const isObject = ((this.slots[node + tape.TAG] ?? 0) & tape.KIND_MASK) === tape.TAG_OBJECT
      const isFirst = this.#lastChild[level] === -1
      const next = bytes[this.#at]
      if (next === (isObject ? byte.BRACE_CLOSE : byte.BRACKET_CLOSE)) {
        this.#at += 1
        this.#depth = level
        this.#finish(node, isFirst ? 0 : tape.FLAG_FILLED)
        continue
      }
      if (!isFirst) {
        if (next !== byte.COMMA)
          return this.#refuse('malformed', this.#at, 'expected a comma or the end of the container')
        this.#at = byte.skipSpace(bytes, this.#at + 1)
      }
      if (isObject) this.#key(level)
      return false
    }
  }

  #enter(tag: number): boolean {
    if (this.#depth >= this.#limits.depthMax)
      return this.#refuse('too-deep', this.#at, 'too many containers inside one another')
    const node = this.#node(tag)
    if (node < 0) return false
    this.#open[this.#depth] = node
    this.#lastChild[this.#depth] = -1
    if (tag === tape.TAG_OBJECT) (this.#keys[this.#depth] ??= new KeySet()).reset()
    this.#depth += 1
    this.#at += 1
    return true
  }

  /** Reads a key and its colon. */
  #key(level: number): boolean {
    const bytes = this.#bytes
    const quote = this.#at
    if (bytes[quote] !== byte.QUOTE) return this.#refuse('malformed', quote, 'expected a key')
    this.#escaped = false
    if (!this.#string(quote + 1, bytes.length)) return false
    const escaped = this.#escaped
    const hash = escaped
      ? hashBytes(Buffer.from(keyText(bytes, quote + 1, true)), 0)
      : hashBytes(bytes, quote + 1, this.#at - 1)
    if (!(this.#keys[level]?.add(bytes, quote + 1, hash, escaped) ?? false)) {
      return this.#refuse(
        'duplicate-key',
        quote,
        'an object has the same key twice, the second time',
      )
    }
    this.#keyStart = quote + 1
    this.#keyEscaped = escaped
    const colon = byte.skipSpace(bytes, this.#at)
    if (bytes[colon] !== byte.COLON) return this.#refuse('malformed', colon, 'expected a colon')
    this.#at = byte.skipSpace(bytes, colon + 1)
    return true
  }

  /** Goes on with the open string for a step; it stays open when it is longer. */
  #stringValue(from: number): boolean {
    if (!this.#string(from, from + STEP_BYTES)) return this.problem === null
    this.#finish(this.#openString, this.#escaped ? tape.FLAG_ESCAPED : 0)
    this.#openString = -1
    return true
  }

  /** Moves from an inner byte of a string to behind its closing quote; false at `pause`, or when the document is refused. */
  #string(from: number, pause: number): boolean {
    const bytes = this.#bytes
    let at = from
    for (;;) {
      at = byte.nextStringStop(this.#source, at, pause)
      if (at >= pause && pause < bytes.length) {
        this.#at = at
        return false
      }
      const stop = bytes[at]
      if (stop === byte.QUOTE) {
        this.#at = at + 1
        return true
      }
      if (stop === undefined)
        return this.#refuse('malformed', at, 'the document ends inside a string')
      if (stop !== byte.BACKSLASH)
        return this.#refuse('malformed', at, 'raw control character in a string')
      const length = byte.escapeLength(bytes, at)
      if (length === 0) return this.#refuse('malformed', at, 'unknown escape sequence')
      this.#escaped = true
      at += length
    }
  }

  #number(): boolean {
    const end = byte.numberEnd(this.#bytes, this.#at)
    if (end < 0) {
      const wrong = ~end
      return this.#refuse(
        'malformed',
        wrong,
        wrong < this.#bytes.length ? 'unexpected byte' : 'the document ends too early',
      )
    }
    const node = this.#node(tape.TAG_NUMBER)
    this.#at = end
    if (node >= 0) this.#finish(node, 0)
    return node >= 0
  }

  #literal(tag: number, word: string): boolean {
    for (let i = 1; i < word.length; i += 1) {
      if (this.#bytes[this.#at + i] !== word.charCodeAt(i))
        return this.#refuse('malformed', this.#at + i, 'misspelt literal')
    }
    const node = this.#node(tag)
    this.#at += word.length
    if (node >= 0) this.#finish(node, 0)
    return node >= 0
  }

  /** Begins a node at the present byte, links it to its elder sibling and takes the waiting key; -1 when refused. */
  #node(tag: number): number {
    const node = this.used
    if (node >= this.#usedMax) {
      this.#refuse('too-many-elements', this.#at, 'too many values')
      return -1
    }
    if (node + tape.STRIDE > this.slots.length) this.#grow()
    const slots = this.slots
    slots[node + tape.START] = this.#at
    slots[node + tape.TAG] = tag
    slots[node + tape.NEXT] = tape.NONE
    slots[node + tape.KEY_START] = this.#keyStart
    if (this.#keyEscaped) slots[node + tape.TAG] = tag | tape.FLAG_KEY_ESCAPED
    this.#keyStart = -1
    this.#keyEscaped = false
    if (this.#depth > 0) {
      const level = this.#depth - 1
      const elder = this.#lastChild[level] ?? -1
      if (elder >= 0) slots[elder + tape.NEXT] = node / tape.STRIDE
      this.#lastChild[level] = node
    }
    this.used = node + tape.STRIDE
    return node
  }

  #finish(node: number, flags: number): void {
    this.slots[node + tape.END] = this.#at
    this.slots[node + tape.TAG] = (this.slots[node + tape.TAG] ?? 0) | flags
  }

  #grow(): void {
    const grown = new Int32Array(this.slots.length * 2)
    grown.set(this.slots)
    this.slots = grown
  }

  #refuse(code: JsonProblem['code'], offset: number, what: string): false {
    this.problem = refusal(code, offset, what)
    return false
  }
}

/** FNV-1a over [from, to). */
function hashBytes(bytes: Buffer, from: number, to: number = bytes.length): number {
  let hash = 0x811c9dc5 | 0
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193)
  return hash
}
