/** Follows `text/event-stream` bodies: says where the terminal event begins, byte by byte, holding nothing itself. */
import type { StreamFollower } from '../../model/dialect.ts'
import type { EventJudge, TerminalVerdict } from './event-judge.ts'
import { HeldEnd } from './held-end.ts'

/** `dataPrefix` is the first 256 bytes of the event's data at most; it is only valid during the call. */
export type IsTerminalEvent = (eventName: string, dataPrefix: Buffer) => TerminalVerdict

const PREFIX_BYTES = 256
const NAME_BYTES = 128
/** An undecided event longer than this is let through; its last line end is still held when it turns out terminal. */
const HELD_BYTES_MAX = 8 * 1024 * 1024

const LF = 10
const CR = 13
const SPACE = 32
const COLON = 58
const LINE_END = Buffer.from('\n')
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]
const EVENT = Buffer.from('event')
const DATA = Buffer.from('data')

/** Where in a line the next byte lies. Plain numbers: this is compared once per byte. */
const AT_BOM = 0
const AT_LINE_START = 1
const IN_FIELD = 2
const AT_VALUE = 3
const IN_NAME = 4
const IN_DATA = 5
const IN_REST = 6

/** For events that are recognised by their name or by the first bytes of their data. */
export function createSseFollower(isTerminal: IsTerminalEvent): StreamFollower {
  return new SseFollower(new PrefixJudge(isTerminal))
}

/** For events that only a look at their whole data can tell apart: each event is held until it is complete. */
export function createSseFollowerWith(
  judge: EventJudge,
  heldBytesMax = HELD_BYTES_MAX,
): StreamFollower {
  return new SseFollower(judge, heldBytesMax)
}

class PrefixJudge implements EventJudge {
  readonly #isTerminal: IsTerminalEvent
  readonly #prefix = Buffer.alloc(PREFIX_BYTES)
  #length = 0

  constructor(isTerminal: IsTerminalEvent) {
    this.#isTerminal = isTerminal
  }

  begin(): void {
    this.#length = 0
  }

  wants(): number {
    return PREFIX_BYTES - this.#length
  }

  take(chunk: Buffer, start: number, end: number): void {
    for (let at = start; at < end; at += 1) this.#prefix[this.#length++] = chunk[at] ?? 0
  }

  verdict(eventName: string): TerminalVerdict {
    return this.#isTerminal(eventName, this.#prefix.subarray(0, this.#length))
  }
}

/**
 * WHATWG HTML 9.2.6. A comment before the first field of an event does not belong to the event, so that a keep-alive is never
 * held. No client dispatches an event before its blank line, so an event that was let through and is then found to
 * be terminal (over-long, or renamed after it was judged) is still withheld by its last line end.
 */
class SseFollower implements StreamFollower {
  readonly problem = null
  readonly #judge: EventJudge
  readonly #heldBytesMax: number
  readonly #field = Buffer.alloc(EVENT.length)
  readonly #name = Buffer.alloc(NAME_BYTES)
  #state = AT_BOM
  #afterCr = false
  #fieldLength = 0
  #fieldIs: 'event' | 'data' | 'other' = 'other'
  #nameLength = 0
  #eventName = ''
  #dataLines = 0
  /** Bytes of the chunks before the present one. */
  #total = 0
  #inEvent = false
  #eventStart = 0
  #judged = false
  #renamed = false
  readonly #end = new HeldEnd()

  constructor(judge: EventJudge, heldBytesMax = HELD_BYTES_MAX) {
    this.#judge = judge
    this.#heldBytesMax = heldBytesMax
  }

  get terminal(): boolean {
    return this.#end.terminal
  }

  get failed(): boolean {
    return this.#end.failed
  }

  /** Some servers leave the blank line behind their last event out: a terminal event is whole without it. */
  get atBoundary(): boolean {
    if (!this.#inEvent) return this.#state <= AT_LINE_START
    if (this.terminal) return true
    const verdict = this.#judged ? 'no' : this.#judge.verdict(this.#eventName)
    return verdict !== 'no' && verdict !== 'neutral'
  }

  push(chunk: Buffer): number {
    let at = 0
    while (at < chunk.length && !this.#end.terminal) at = this.#step(chunk, at)
    this.#total += chunk.length
    return this.#releasable()
  }

  #releasable(): number {
    if (this.#end.start !== -1) return this.#end.start
    return this.#inEvent && !this.#judged && !this.#isOverlong(this.#total)
      ? this.#eventStart
      : this.#total
  }

  #isOverlong(offset: number): boolean {
    return offset - this.#eventStart > this.#heldBytesMax
  }

  #step(chunk: Buffer, at: number): number {
    switch (this.#state) {
      case AT_BOM:
        return this.#stepBom(chunk, at)
      case AT_LINE_START:
        return this.#stepLineStart(chunk, at)
      case IN_FIELD:
        return this.#stepField(chunk, at)
      case AT_VALUE:
        return this.#stepValue(chunk, at)
      case IN_NAME:
        return this.#stepName(chunk, at)
      case IN_DATA:
        return this.#stepData(chunk, at)
      default:
        return this.#stepRest(chunk, at)
    }
  }

  #stepBom(chunk: Buffer, at: number): number {
    const seen = this.#total + at
    if (chunk[at] === BYTE_ORDER_MARK[seen]) {
      this.#inEvent = seen < 2
      if (seen === 2) this.#state = AT_LINE_START
      return at + 1
    }
    // Half a mark is the beginning of an unknown field, so the first event starts with it.
    if (seen > 0) this.#beginEvent(0)
    this.#state = seen > 0 ? IN_REST : AT_LINE_START
    return at
  }

  #stepLineStart(chunk: Buffer, at: number): number {
    const byte = chunk[at]
    if (byte === LF && this.#afterCr) {
      this.#afterCr = false
      return at + 1
    }
    if (byte === LF || byte === CR) {
      if (this.#inEvent) this.#endEvent(this.#total + at)
      this.#afterCr = byte === CR
      return at + 1
    }
    this.#afterCr = false
    if (byte === COLON) {
      this.#state = IN_REST
      return at + 1
    }
    if (!this.#inEvent) this.#beginEvent(this.#total + at)
    this.#state = IN_FIELD
    this.#fieldLength = 0
    return at
  }

  #stepField(chunk: Buffer, start: number): number {
    for (let at = start; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0
      if (byte === COLON || byte === LF || byte === CR) {
        this.#fieldIs = this.#nameField()
        this.#state = AT_VALUE
        return byte === COLON ? at + 1 : this.#stepValue(chunk, at)
      }
      if (this.#fieldLength < this.#field.length) this.#field[this.#fieldLength] = byte
      this.#fieldLength += 1
    }
    return chunk.length
  }

  #nameField(): 'event' | 'data' | 'other' {
    if (this.#fieldLength === DATA.length && this.#field.compare(DATA, 0, 4, 0, 4) === 0)
      return 'data'
    if (this.#fieldLength === EVENT.length && this.#field.equals(EVENT)) return 'event'
    return 'other'
  }

  #stepValue(chunk: Buffer, at: number): number {
    switch (this.#fieldIs) {
      case 'event':
        this.#nameLength = 0
        this.#state = IN_NAME
        break
      case 'data':
        this.#state = this.#judged ? IN_REST : IN_DATA
        if (this.#dataLines > 0 && !this.#judged) this.#take(LINE_END, 0, 1, this.#total + at)
        this.#dataLines += 1
        break
      case 'other':
        this.#state = IN_REST
    }
    return chunk[at] === SPACE ? at + 1 : at
  }

  #stepName(chunk: Buffer, start: number): number {
    for (let at = start; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0
      if (byte === LF || byte === CR) {
        const name = this.#name.toString('latin1', 0, this.#nameLength)
        this.#renamed ||= this.#judged && name !== this.#eventName
        this.#eventName = name
        return this.#endLine(byte, at)
      }
      if (this.#nameLength < NAME_BYTES) this.#name[this.#nameLength++] = byte
    }
    return chunk.length
  }

  #stepData(chunk: Buffer, start: number): number {
    const wanted = Math.min(chunk.length, start + this.#judge.wants())
    let end = start
    while (end < wanted && chunk[end] !== LF && chunk[end] !== CR) end += 1
    if (end > start) this.#take(chunk, start, end, this.#total + end)
    const byte = chunk[end]
    if (byte === LF || byte === CR) return this.#endLine(byte, end)
    if (this.#judged) this.#state = IN_REST
    return end
  }

  #stepRest(chunk: Buffer, start: number): number {
    for (let at = start; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0
      if (byte === LF || byte === CR) return this.#endLine(byte, at)
    }
    return chunk.length
  }

  #endLine(byte: number, at: number): number {
    this.#state = AT_LINE_START
    this.#afterCr = byte === CR
    return at + 1
  }

  #take(chunk: Buffer, start: number, end: number, offset: number): void {
    this.#judge.take(chunk, start, end)
    if (this.#judge.wants() > 0) return
    this.#judged = true
    this.#conclude(offset, false)
  }

  #beginEvent(offset: number): void {
    this.#inEvent = true
    this.#eventStart = offset
    this.#judged = false
    this.#renamed = false
    this.#eventName = ''
    this.#dataLines = 0
    this.#judge.begin()
  }

  #endEvent(offset: number): void {
    if (!this.#judged || this.#renamed) this.#conclude(offset, this.#judged)
    if (!this.#end.terminal) this.#inEvent = false
  }

  #conclude(offset: number, letGo: boolean): void {
    const start = letGo || this.#isOverlong(offset) ? offset : this.#eventStart
    this.#end.conclude(this.#judge.verdict(this.#eventName), start)
  }
}
