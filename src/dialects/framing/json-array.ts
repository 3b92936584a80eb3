/** Follows an answer that is streamed as one JSON array, element by element. */
import type { StreamFollower } from '../../model/dialect.ts'
import type { EventJudge } from './event-judge.ts'
import { HeldEnd } from './held-end.ts'

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
  readonly #end = new HeldEnd()

  constructor(judge: EventJudge, heldBytesMax: number) {
    this.#judge = judge
    this.#heldBytesMax = heldBytesMax
  }

  get terminal(): boolean {
    return this.#end.terminal
  }

  get failed(): boolean {
    return this.#end.failed
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
    if (this.#end.start !== -1) return this.#end.start
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
    if (this.#depth === 0) this.#end.end(offset)
    if (this.#depth !== 1) return
    this.#end.conclude(
      this.#judge.verdict(''),
      this.#isOverlong(offset) ? offset : this.#elementStart,
    )
    this.#elementStart = -1
  }
}
