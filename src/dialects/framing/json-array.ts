/** Follows an answer that is streamed as one JSON array, element by element. */
import type { StreamFollower } from '../../model/dialect.ts'
import type { EventJudge } from './sse.ts'

/** An element longer than this is let through; its last byte is still held when it turns out terminal. */
const HELD_BYTES_MAX = 8 * 1024 * 1024

const QUOTE = 0x22
const BACKSLASH = 0x5c
const isOpening = (byte: number): boolean => byte === 0x7b || byte === 0x5b
const isClosing = (byte: number): boolean => byte === 0x7d || byte === 0x5d

/**
 * Each element that is an object or a list is given to the judge as if it were the data of an event. The bracket that ends the
 * array is held in any case. A body that is not an array is let go as it comes.
 */
export function createJsonArrayFollower(
  judge: EventJudge,
  heldBytesMax = HELD_BYTES_MAX,
): StreamFollower {
  return new JsonArrayFollower(judge, heldBytesMax)
}

class JsonArrayFollower implements StreamFollower {
  readonly problem = null
  readonly #judge: EventJudge
  readonly #heldBytesMax: number
  #isArray: boolean | null = null
  #depth = 0
  #inString = false
  #escaped = false
  #total = 0
  #elementStart = -1
  /** First byte of the element that is held because it looks like the last one; -1 when there is none. */
  #lastStart = -1
  #terminalStart = -1
  #failed = false

  constructor(judge: EventJudge, heldBytesMax: number) {
    this.#judge = judge
    this.#heldBytesMax = heldBytesMax
  }

  get terminal(): boolean {
    return this.#terminalStart !== -1
  }

  get failed(): boolean {
    return this.#failed
  }

  /** Only of an array can be said that it is not whole. */
  get atBoundary(): boolean {
    return this.#isArray !== true || this.terminal
  }

  push(chunk: Buffer): number {
    for (let at = 0; at < chunk.length && !this.terminal && this.#isArray !== false; at += 1) {
      this.#step(chunk, at)
    }
    this.#total += chunk.length
    if (this.terminal) return this.#terminalStart
    if (this.#lastStart !== -1) return this.#lastStart
    const isHeld = this.#elementStart !== -1 && !this.#isOverlong(this.#total)
    return isHeld ? this.#elementStart : this.#total
  }

  #isOverlong(offset: number): boolean {
    return offset - this.#elementStart > this.#heldBytesMax
  }

  #step(chunk: Buffer, at: number): void {
    const byte = chunk[at] ?? 0
    if (this.#isArray === null) {
      if (byte <= 0x20) return
      this.#isArray = byte === 0x5b
      this.#depth = 1
      return
    }
    const offset = this.#total + at
    if (this.#depth === 1 && !this.#inString && isOpening(byte)) {
      this.#elementStart = offset
      this.#judge.begin()
    }
    if (this.#elementStart !== -1) this.#judge.take(chunk, at, at + 1)
    if (this.#inString) this.#stepString(byte)
    else if (byte === QUOTE) this.#inString = true
    else if (isOpening(byte)) this.#depth += 1
    else if (isClosing(byte)) this.#close(offset)
  }

  #stepString(byte: number): void {
    if (this.#escaped) this.#escaped = false
    else if (byte === BACKSLASH) this.#escaped = true
    else if (byte === QUOTE) this.#inString = false
  }

  #close(offset: number): void {
    this.#depth -= 1
    if (this.#depth === 0) this.#terminalStart = this.#lastStart === -1 ? offset : this.#lastStart
    if (this.#depth !== 1) return
    this.#conclude(this.#isOverlong(offset) ? offset : this.#elementStart)
    this.#elementStart = -1
  }

  #conclude(start: number): void {
    const verdict = this.#judge.verdict('')
    switch (verdict) {
      case 'no':
        this.#lastStart = -1
        break
      case 'neutral':
        break
      case 'last':
        if (this.#lastStart === -1) this.#lastStart = start
        break
      case 'new-last':
        this.#lastStart = start
        break
      case 'end':
      case 'failed':
        this.#terminalStart = this.#lastStart === -1 ? start : this.#lastStart
        this.#failed = verdict === 'failed'
    }
  }
}
