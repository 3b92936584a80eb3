/** Parses `text/event-stream` bodies into their events, whole or as they come; never throws. */

export interface SseEvent {
  /** Empty when the event has no name. */
  readonly event: string
  readonly data: string
}

const LF = 10
const CR = 13
const BYTE_ORDER_MARK = '\uFEFF'

/** All events of a body that was recorded; a last event without its blank line is given too. */
export function parseSse(body: Buffer): SseEvent[] {
  const events: SseEvent[] = []
  const reader = new SseEvents((event) => events.push(event))
  reader.push(body)
  reader.end()
  return events
}

/** WHATWG HTML 9.2.6. Only whole lines are decoded, so it does not matter where the bytes are cut. */
export class SseEvents {
  readonly #take: (event: SseEvent) => void
  /** Of a line that has not ended. */
  #carry: Buffer[] = []
  #isFirst = true
  #event = ''
  #data: string | null = null

  constructor(take: (event: SseEvent) => void) {
    this.#take = take
  }

  push(bytes: Buffer): void {
    // A CR at the very end may be half of a line end.
    const end = Math.max(bytes.lastIndexOf(LF), lastCrInside(bytes)) + 1
    if (end > 0) {
      this.#lines(this.#text(bytes.subarray(0, end)))
      this.#carry = []
    }
    if (end < bytes.length) this.#carry.push(bytes.subarray(end))
  }

  /** Gives what stands without a blank line behind it, too. */
  end(): void {
    const rest = this.#text(Buffer.alloc(0))
    this.#carry = []
    if (rest !== '') this.#lines(`${rest}\n`)
    this.#dispatch()
  }

  #text(bytes: Buffer): string {
    const whole = this.#carry.length === 0 ? bytes : Buffer.concat([...this.#carry, bytes])
    const text = whole.toString('utf8')
    const isMarked = this.#isFirst && text.startsWith(BYTE_ORDER_MARK)
    this.#isFirst = false
    return isMarked ? text.slice(1) : text
  }

  /** `text` ends with a line end. */
  #lines(text: string): void {
    const lines = text.includes('\r') ? text.split(/\r\n|\n|\r/u) : text.split('\n')
    lines.pop()
    for (const line of lines) {
      if (line === '') this.#dispatch()
      else this.#field(line)
    }
  }

  #field(line: string): void {
    const colon = line.indexOf(':')
    const field = colon === -1 ? line : line.slice(0, colon)
    if (field !== 'data' && field !== 'event') return
    const rest = colon === -1 ? '' : line.slice(colon + 1)
    const value = rest.startsWith(' ') ? rest.slice(1) : rest
    if (field === 'event') this.#event = value
    else this.#data = this.#data === null ? value : `${this.#data}\n${value}`
  }

  #dispatch(): void {
    if (this.#data !== null) this.#take({ event: this.#event, data: this.#data })
    this.#event = ''
    this.#data = null
  }
}

function lastCrInside(bytes: Buffer): number {
  return bytes.length < 2 ? -1 : bytes.lastIndexOf(CR, bytes.length - 2)
}
