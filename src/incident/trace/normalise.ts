/** Normalisation 1 of the trace index: what is left of an unescaped text when case, spacing, signs and line numbers are gone. */

/** `docs/design/trace-index.md` specifies it to the unit; another result is another version. */
export const NORMALISATION = 1

export interface Normalised {
  /** UTF-16 units; only `[0, length)` counts. */
  readonly units: Uint16Array
  readonly length: number
  /** Offset in the text of the character that each unit came from; null unless asked for. */
  readonly origins: Uint32Array | null
}

const DROP = 0
const LINE_END = 1
const AMPERSAND = 2
const FIRST_KEPT = 0x30

/** What becomes of each ASCII character: dropped, something to look at, or the unit that it becomes. */
const ASCII = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  if (character === '\n' || character === '\r') return LINE_END
  if (character === '&') return AMPERSAND
  return /[0-9A-Za-z]/.test(character) ? character.toLowerCase().charCodeAt(0) : DROP
})

const ENTITIES = ['amp;', 'lt;', 'gt;', 'quot;', 'apos;', 'nbsp;']
const NUMBER_DIGITS_MAX = 6
const SEPARATORS = ':.)|-\u2192\t'
/** Longer runs of base64 that hold no text are media. */
const MEDIA_MIN = 4096
const MEDIA_RUN = /[A-Za-z0-9+/_-]{4097,}={0,2}/g

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

export function normalise(text: string, withOrigins: boolean): Normalised {
  const media = text.length > MEDIA_MIN ? mediaRuns(text) : []
  let units = new Uint16Array(text.length)
  let origins = withOrigins ? new Uint32Array(text.length) : null
  let length = 0
  let nextMedia = 0
  /** Only spaces and signs came since the line began. */
  let isLineStart = true
  for (let at = 0; at < text.length;) {
    const run = media[nextMedia]
    if (run !== undefined && at >= run[0]) {
      at = run[1]
      nextMedia += 1
      continue
    }
    const code = text.charCodeAt(at)
    if (code >= 128) {
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
      if (kept !== '') isLineStart = false
      at += point > 0xffff ? 2 : 1
      continue
    }
    const kind = ASCII[code] ?? DROP
    if (kind >= FIRST_KEPT) {
      const end = isLineStart && code <= 0x39 ? lineNumberEnd(text, at) : at
      isLineStart = false
      if (end > at) {
        at = end
        continue
      }
      if (origins !== null) origins[length] = at
      units[length] = kind
      length += 1
    } else if (kind === LINE_END) isLineStart = true
    else if (kind === AMPERSAND) {
      at += ENTITIES.find((name) => text.startsWith(name, at + 1))?.length ?? 0
    }
    at += 1
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
  for (const found of text.matchAll(MEDIA_RUN)) {
    if (!holdsText(found[0])) runs.push([found.index, found.index + found[0].length])
  }
  return runs
}

/** Judged by its first bytes: text in base64 is text from its start. */
export function holdsText(base64: string): boolean {
  const bytes = Buffer.from(base64.slice(0, 256), 'base64')
  let odd = 0
  for (const byte of bytes)
    if (byte < 0x09 || (byte > 0x0d && byte < 0x20) || byte === 0x7f) odd += 1
  return odd === 0 && !hasBadUtf8(bytes)
}

/** The last character may be cut. */
function hasBadUtf8(bytes: Buffer): boolean {
  const text = bytes.toString('utf8')
  const bad = text.indexOf('\uFFFD')
  return bad >= 0 && bad < text.length - 3
}
