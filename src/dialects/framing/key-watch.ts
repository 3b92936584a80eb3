/** Recognises terminal SSE events by a JSON key at a known depth, however late in the event it stands. */
import type { EventJudge, EventVerdict } from './event-judge.ts'

export interface KeyRule {
  /** Number of containers that are open where the key stands: 1 is the top level. */
  readonly depth: number
  readonly key: string
  /**
   * - `end`, `failed`: the event is the terminal one
   * - `last`: it is the last one unless an event with content follows
   * - `content`: the key stands only in events with content; without such a rule every event counts as one
   */
  readonly means: 'end' | 'failed' | 'last' | 'content'
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const LETTER_N = 0x6e

/**
 * A key counts when its value is anything but null. Keys inside string values, and keys at other depths such as those of
 * tool arguments, do not count. Keys spelled with escapes are not found.
 */
export function createKeyWatch(rules: readonly KeyRule[]): EventJudge {
  return new KeyWatch(rules)
}

class KeyWatch implements EventJudge {
  readonly #rules: readonly (KeyRule & { readonly bytes: Buffer })[]
  readonly #text: Buffer
  readonly #depthMax: number
  readonly #knowsContent: boolean
  #depth = 0
  #inString = false
  #escaped = false
  /** Bytes of the present string, kept up to one more than the longest key. */
  #length = 0
  /** The rule whose key was read: first its colon, then its value is awaited. */
  #candidate: KeyRule | null = null
  #awaitsValue = false
  #terminal: 'end' | 'failed' | null = null
  #looksLast = false
  #hasContent = false

  constructor(rules: readonly KeyRule[]) {
    this.#rules = rules.map((rule) => ({ ...rule, bytes: Buffer.from(rule.key) }))
    this.#text = Buffer.alloc(Math.max(...this.#rules.map((rule) => rule.bytes.length)) + 1)
    this.#depthMax = Math.max(...rules.map((rule) => rule.depth))
    this.#knowsContent = rules.some((rule) => rule.means === 'content')
  }

  begin(): void {
    this.#depth = 0
    this.#inString = false
    this.#escaped = false
    this.#candidate = null
    this.#awaitsValue = false
    this.#terminal = null
    this.#looksLast = false
    this.#hasContent = !this.#knowsContent
  }

  wants(): number {
    return this.#terminal === null ? Number.MAX_SAFE_INTEGER : 0
  }

  verdict(): EventVerdict {
    if (this.#terminal !== null) return this.#terminal
    // Half a document does not say that it is the last.
    if (this.#looksLast && this.#depth === 0) return this.#hasContent ? 'new-last' : 'last'
    return this.#hasContent ? 'no' : 'neutral'
  }

  take(chunk: Buffer, start: number, end: number): void {
    for (let at = start; at < end; at += 1) {
      const byte = chunk[at] ?? 0
      if (this.#inString) this.#stepString(byte)
      else this.#step(byte)
    }
  }

  #stepString(byte: number): void {
    if (this.#escaped) this.#escaped = false
    else if (byte === BACKSLASH) this.#escaped = true
    else if (byte === QUOTE) {
      this.#inString = false
      this.#candidate = this.#depth > this.#depthMax ? null : this.#match()
      return
    }
    if (this.#length < this.#text.length) this.#text[this.#length++] = byte
  }

  #match(): KeyRule | null {
    for (const rule of this.#rules) {
      const { bytes } = rule
      const isLong = this.#length === bytes.length && rule.depth === this.#depth
      if (isLong && this.#text.compare(bytes, 0, bytes.length, 0, bytes.length) === 0) return rule
    }
    return null
  }

  #note({ means }: KeyRule): void {
    switch (means) {
      case 'end':
      case 'failed':
        this.#terminal = means
        break
      case 'last':
        this.#looksLast = true
        break
      case 'content':
        this.#hasContent = true
    }
  }

  #step(byte: number): void {
    if (byte <= 0x20) return
    if (this.#awaitsValue) {
      if (byte !== LETTER_N && this.#candidate !== null) this.#note(this.#candidate)
      this.#candidate = null
      this.#awaitsValue = false
    } else if (this.#candidate !== null) {
      if (byte === COLON) {
        this.#awaitsValue = true
        return
      }
      this.#candidate = null
    }
    switch (byte) {
      case QUOTE:
        this.#inString = true
        this.#length = 0
        break
      case 0x7b: // {
      case 0x5b: // [
        this.#depth += 1
        break
      case 0x7d: // }
      case 0x5d: // ]
        this.#depth -= 1
        break
      default:
    }
  }
}
