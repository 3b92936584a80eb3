/** Follows runs of base64 or hex characters, and decodes a finished run to text that can be scanned again. */
import { decodeBase64 } from './validators/text-shape.ts'

/** Shorter runs cannot hold a secret worth the name. */
export const RUN_MIN = 20
/** Longer runs are not held: they pass, and the record says that nobody looked inside. */
export const RUN_MAX = 4096

const ASCII = 128
const RUN_UNITS = Uint8Array.from({ length: ASCII }, (_, unit) => {
  const char = String.fromCharCode(unit)
  return /[A-Za-z0-9+/_-]/.test(char) ? 1 : char === '=' ? 2 : 0
})

export interface Run {
  readonly start: number
  readonly end: number
}

/** 1: the unit belongs to a run. 2: padding, ends it. 0: neither. */
function runKind(unit: number): number {
  return unit < ASCII ? (RUN_UNITS[unit] ?? 0) : 0
}

/** Plain units of a text. */
export interface Stretch {
  readonly text: string
  /** Index of the first unit in `text`. */
  readonly from: number
  /** View position of the first unit. */
  readonly at: number
  /** By unit. */
  readonly held: Uint8Array
}

/** Set by `skim` for units behind which a run is in progress. */
const IN_RUN = 0x80

/** The run that is in progress; positions are view positions. */
export class RunFollower {
  #start = -1
  #padding = 0

  /** Takes units of a stretch as long as no run ends or overflows that matters, and marks what must be held; returns where it stopped. */
  skim({ text, from, at, held }: Stretch, first: number, to: number): number {
    if (this.#padding > 0) return first
    let start = this.#start
    let unit = first
    for (; unit < to; unit += 1) {
      const kind = RUN_UNITS[text.charCodeAt(from + unit)] ?? 0
      if (kind === 1) {
        if (start < 0) start = at + unit
        if (at + unit - start >= RUN_MAX) break
        held[unit] = (held[unit] ?? 0) | IN_RUN
      } else if (start >= 0) {
        if (kind === 2 || at + unit - start >= RUN_MIN) break
        start = -1
      }
    }
    this.#start = start
    return unit
  }

  /** Takes the unit before position `end`; returns the run that it finished. */
  push(unit: number, end: number): Run | null {
    const kind = runKind(unit)
    const at = end - 1
    if (kind === 1 && this.#padding === 0) {
      if (this.#start < 0) this.#start = at
      return null
    }
    if (kind === 2 && this.#start >= 0 && this.#padding < 2) {
      this.#padding += 1
      return null
    }
    const finished = this.finish(at)
    if (kind === 1) this.#start = at
    return finished
  }

  /** True while the run could still turn out to hide something. */
  holds(end: number): boolean {
    return this.#start >= 0 && end - this.#start <= RUN_MAX
  }

  /** True at the unit with which the run becomes too long. */
  overflows(end: number): boolean {
    return this.#start >= 0 && end - this.#start === RUN_MAX + 1
  }

  finish(end: number): Run | null {
    const start = this.#start
    this.#start = -1
    this.#padding = 0
    return start >= 0 && end - start >= RUN_MIN ? { start, end } : null
  }
}

export interface Decoded {
  readonly spelling: 'base64' | 'hex'
  readonly text: string
}

/** What a run says when it is decoded; null when that is not readable text. */
export function decodeRun(run: string): Decoded | null {
  if (run === '') return null
  if (run.length % 2 === 0 && /^[0-9A-Fa-f]+$/.test(run)) {
    const text = readable(
      run.replaceAll(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16))),
    )
    if (text !== null) return { spelling: 'hex', text }
  }
  const bytes = decodeBase64(run)
  const text = bytes === null ? null : readable(bytes)
  return text === null ? null : { spelling: 'base64', text }
}

const UNREADABLE_SHARE_MAX = 0.05

/** Latin-1 bytes as UTF-8 text, when nearly all of it is readable. */
function readable(bytes: string): string | null {
  const text = new TextDecoder().decode(Uint8Array.from(bytes, (char) => char.charCodeAt(0)))
  const strange = text
    .replaceAll(/[\x20-\x7e\t\r\n]|[\p{L}\p{N}\p{P}\p{S}]/gu, '')
    .replaceAll('\ufffd', '??').length
  return strange <= text.length * UNREADABLE_SHARE_MAX && !text.includes('\ufffd\ufffd')
    ? text
    : null
}
