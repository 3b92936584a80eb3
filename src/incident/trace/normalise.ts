/** The normalisation of the trace index: what is left of an unescaped text when case, spacing, signs and line numbers are gone. */
import { codesOf, isControl } from './character-codes.ts'
import { kindOf, nextRun, runEnd } from './character-runs.ts'

export interface Normalised {
  /** UTF-16 units; only `[0, length)` counts. */
  readonly units: Uint16Array
  readonly length: number
  /** Offset in the text of the character that each unit came from; null unless asked for. */
  readonly origins: Uint32Array | null
}

/** What needs a second look: an end of a line, an ampersand, anything that is not ASCII. */
const SPECIAL = 2
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const AMPERSAND = 0x26

/** What becomes of each ASCII character: 1 when it stays, 0 when it is left out. */
const STEPS = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code === LINE_FEED || code === CARRIAGE_RETURN || code === AMPERSAND) return SPECIAL
  return /[0-9A-Za-z]/.test(String.fromCharCode(code)) ? 1 : 0
})
const LOWER_CASE = Uint8Array.from({ length: 128 }, (_, code) =>
  String.fromCharCode(code).toLowerCase().charCodeAt(0),
)

/** References by name that are left out, and what they stand for. */
export const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
}
const ENTITY_ENDS = Object.keys(ENTITIES).map((name) => `${name};`)
const NUMBER_DIGITS_MAX = 6
const SEPARATORS = ':.)|-\u2192\t'
/** Longer runs of base64 that hold no text are media. */
const MEDIA_MIN = 4096
export const BASE64 = kindOf(/[A-Za-z0-9+/_-]/)

const folded = new Map<number, string>()
const FOLDED_MAX = 20_000

/** Letters and digits of the compatibility decomposition, in lower case. */
function fold(point: number): string {
  const known = folded.get(point)
  if (known !== undefined) return known
  const text = String.fromCodePoint(point)
    .normalize('NFKD')
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
  if (folded.size < FOLDED_MAX) folded.set(point, text)
  return text
}

/** `docs/design/trace-index.md` specifies it to the unit; another result is another version of the index (`versions.ts`). */
export function normalise(text: string, withOrigins: boolean): Normalised {
  const media = text.length > MEDIA_MIN ? mediaRuns(text) : []
  const codes = codesOf(text)
  let units = new Uint16Array(text.length)
  let origins = withOrigins ? new Uint32Array(text.length) : null
  let length = 0
  let nextMedia = 0
  let mediaAt = media[0]?.[0] ?? text.length
  /** Length when the line began; nothing of it was kept while they are equal. -1 behind its number. */
  let lineFrom = 0
  for (let at = 0; at < text.length;) {
    if (at >= mediaAt) {
      at = media[nextMedia]?.[1] ?? text.length
      nextMedia += 1
      mediaAt = media[nextMedia]?.[0] ?? text.length
      continue
    }
    const code = codes[at] ?? 0
    const step = code < 128 ? (STEPS[code] ?? 0) : SPECIAL
    if (step < SPECIAL) {
      if (length === lineFrom && isDigit(code)) {
        lineFrom = -1
        const end = lineNumberEnd(text, at)
        if (end > at) {
          at = end
          continue
        }
      }
      // Written in any case and counted when it stays: a branch that nobody foretells costs more.
      units[length] = LOWER_CASE[code] ?? 0
      if (origins !== null) origins[length] = at
      length += step
      at += 1
    } else if (code === AMPERSAND) {
      at += 1 + (ENTITY_ENDS.find((name) => text.startsWith(name, at + 1))?.length ?? 0)
    } else if (code < 128) {
      lineFrom = length
      at += 1
    } else {
      const point = text.codePointAt(at) ?? code
      const kept = fold(point)
      // Some characters fold to several.
      while (length + kept.length + text.length - at > units.length) {
        units = larger(units)
        if (origins !== null) origins = larger(origins)
      }
      for (let i = 0; i < kept.length; i += 1) {
        if (origins !== null) origins[length] = at
        units[length] = kept.charCodeAt(i)
        length += 1
      }
      at += point > 0xffff ? 2 : 1
    }
  }
  return { units, length, origins }
}

function larger<Numbers extends Uint16Array | Uint32Array>(numbers: Numbers): Numbers
function larger(numbers: Uint16Array | Uint32Array): Uint16Array | Uint32Array {
  const capacity = numbers.length * 2 + 16
  const grown =
    numbers instanceof Uint16Array ? new Uint16Array(capacity) : new Uint32Array(capacity)
  grown.set(numbers)
  return grown
}

/** Behind `12:`, `12|`, `12.` at the beginning of a line; `at` itself where there is no line number. */
function lineNumberEnd(text: string, at: number): number {
  let end = at
  while (end - at <= NUMBER_DIGITS_MAX && isDigit(text.charCodeAt(end))) end += 1
  if (end - at > NUMBER_DIGITS_MAX) return at
  let separator = end
  while (text[separator] === ' ') separator += 1
  const sign = text[separator] ?? ''
  if (sign === '' || !SEPARATORS.includes(sign)) return at
  return isDigit(text.charCodeAt(separator + 1)) ? at : separator + 1
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function mediaRuns(text: string): (readonly [number, number])[] {
  const runs: (readonly [number, number])[] = []
  for (const [start, end] of base64Runs(text, MEDIA_MIN + 1)) {
    if (!holdsText(text.slice(start, start + HEAD_CHARS))) runs.push([start, end])
  }
  return runs
}

/** Runs of at least so many characters of base64, with the signs that fill it up. */
export function* base64Runs(
  text: string,
  least: number,
): Generator<readonly [start: number, end: number], void> {
  for (let start = nextRun(text, BASE64, least, 0); start >= 0;) {
    let end = runEnd(text, BASE64, start, text.length)
    for (let filled = 0; filled < 2 && text[end] === '='; filled += 1) end += 1
    yield [start, end]
    start = nextRun(text, BASE64, least, end)
  }
}

const HEAD_CHARS = 256

/** Judged by its first bytes: text in base64 is text from its start. */
export function holdsText(base64: string): boolean {
  const bytes = Buffer.from(base64.slice(0, HEAD_CHARS), 'base64')
  let odd = 0
  for (const byte of bytes) if (isControl(byte)) odd += 1
  return odd === 0 && !hasBadUtf8(bytes)
}

/** The last character may be cut. */
function hasBadUtf8(bytes: Buffer): boolean {
  const text = bytes.toString('utf8')
  const bad = text.indexOf('\uFFFD')
  return bad >= 0 && bad < text.length - 3
}
