/** Follows newline-delimited JSON: only whole lines are let go, and nothing from the terminal line on. */
import type { StreamFollower } from '../../model/dialect.ts'
import { Carry } from './carry.ts'
import type { TerminalVerdict } from './event-judge.ts'

/** `line` comes without its line end and is only valid during the call. */
export type IsTerminalLine = (line: Buffer) => TerminalVerdict

const LINE_BYTES_MAX = 8 * 1024 * 1024
const LF = 10
const CR = 13

export function createNdjsonFollower(
  isTerminal: IsTerminalLine,
  lineBytesMax = LINE_BYTES_MAX,
): StreamFollower {
  return new NdjsonFollower(isTerminal, lineBytesMax)
}

/** All lines of a body that are not blank; a last line without its line end is given too. */
export function parseNdjson(body: Buffer): string[] {
  return body
    .toString('utf8')
    .split(/\r?\n/u)
    .filter((line) => line.trim() !== '')
}

class NdjsonFollower implements StreamFollower {
  readonly #isTerminal: IsTerminalLine
  readonly #lineBytesMax: number
  readonly #carry = new Carry()
  /** Offset in the stream of the first byte of the line that is not complete yet. */
  #lineStart = 0
  #terminal = false
  #failed = false
  #problem: string | null = null

  constructor(isTerminal: IsTerminalLine, lineBytesMax: number) {
    this.#isTerminal = isTerminal
    this.#lineBytesMax = lineBytesMax
  }

  get terminal(): boolean {
    return this.#terminal
  }

  get failed(): boolean {
    return this.#failed
  }

  get problem(): string | null {
    return this.#problem
  }

  /** A terminal line is whole without its line end. */
  get atBoundary(): boolean {
    if (this.#problem !== null) return false
    return (
      this.#carry.length === 0 || this.#terminal || this.#isTerminal(this.#carry.view()) !== 'no'
    )
  }

  push(chunk: Buffer): number {
    for (let at = 0; !this.#terminal && this.#problem === null;) {
      const found = chunk.indexOf(LF, at)
      const end = found === -1 ? chunk.length : found
      if (this.#carry.length + end - at > this.#lineBytesMax) {
        this.#problem = `a line is longer than ${this.#lineBytesMax} bytes`
        this.#carry.clear()
      } else if (found === -1) {
        this.#carry.append(chunk, at, end)
        break
      } else {
        this.#endLine(chunk, at, end)
        at = end + 1
      }
    }
    return this.#lineStart
  }

  #endLine(chunk: Buffer, start: number, end: number): void {
    const whole = this.#carry.length === 0
    if (!whole) this.#carry.append(chunk, start, end)
    const line = whole ? chunk.subarray(start, end) : this.#carry.view()
    const text = line.at(-1) === CR ? line.subarray(0, -1) : line
    const verdict = text.length === 0 ? 'no' : this.#isTerminal(text)
    if (verdict === 'no') this.#lineStart += line.length + 1
    else this.#terminal = true
    this.#failed = verdict === 'failed'
    this.#carry.clear()
  }
}
