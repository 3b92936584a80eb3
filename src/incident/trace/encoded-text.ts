/** A text that stands in another one under an encoding. */
import { isControl } from './character-codes.ts'

export type Spelling =
  | 'plain'
  | 'base64'
  | 'hex'
  | 'percent'
  | 'quoted-printable'
  | 'html'
  | 'escapes'

export interface EncodedText {
  readonly spelling: Exclude<Spelling, 'plain'>
  /** Decoded. */
  readonly text: string
  /** Offset of the character at an offset of this text in the one that holds it. */
  readonly origin: (at: number) => number
}

/** Half-open ranges of a text that are read as one. */
export type Stretches = readonly (readonly [start: number, end: number])[]

export function joined(text: string, stretches: Stretches): string {
  return stretches.map(([start, end]) => text.slice(start, end)).join('')
}

/** Where a character of the joined text stands. */
export function placeIn(stretches: Stretches, at: number): number {
  let left = at
  for (const [start, end] of stretches) {
    if (left < end - start) return start + left
    left -= end - start
  }
  return stretches.at(-1)?.[1] ?? 0
}

/** Text has none of these: not those that move a line. */
// oxlint-disable-next-line no-control-regex -- these characters are what is looked for
export const CONTROL = /[\0-\u0008\u000e-\u001f\u007f]/

const BAD = '\uFFFD'
const CHARS_MIN = 16
/** Text of this share of control characters is none. */
const BINARY_SHARE = 0.02

/** Null when the bytes are no text. */
export function textOf(bytes: Buffer): string | null {
  const head = bytes.subarray(0, 4096)
  if (head.includes(0)) return null
  const text = bytes.toString('utf8')
  let odd = 0
  for (let at = text.indexOf(BAD); at >= 0 && at < 4096; at = text.indexOf(BAD, at + 1)) odd += 1
  return odd > head.length * BINARY_SHARE ? null : text
}

/** Reads bytes that were decoded; null where they are no text. A character that is cut at either end is left out. */
export function readBytes(bytes: Buffer): Omit<EncodedText, 'spelling'> | null {
  if (isWide(bytes)) return wide(bytes)
  let start = 0
  while (start < 3 && isInside(bytes[start])) start += 1
  const text = withoutCutEnd(textOf(bytes.subarray(start)))
  if (text === null || text.length < CHARS_MIN || text.includes(BAD)) return null
  return { text, origin: (at) => start + Buffer.byteLength(text.slice(0, at)) }
}

/** UTF-16 of Latin letters, as PowerShell takes its commands. */
export function isWide(bytes: Buffer): boolean {
  const head = bytes.subarray(0, 192)
  let empty = 0
  for (let at = 0; at + 1 < head.length; at += 2) {
    const low = head[at] ?? 0
    if (head[at + 1] !== 0) continue
    if (isControl(low)) return false
    empty += 1
  }
  return empty >= CHARS_MIN && empty * 4 >= head.length
}

function wide(bytes: Buffer): Omit<EncodedText, 'spelling'> {
  return { text: bytes.toString('utf16le'), origin: (at) => at * 2 }
}

function isInside(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x80 && byte < 0xc0
}

function withoutCutEnd(text: string | null): string | null {
  return text?.replace(/\uFFFD{1,3}$/, '') ?? null
}
