/** Byte classes of RFC 8259 and the tight loops over them that scanner and tape share. */

export const QUOTE = 0x22
export const BACKSLASH = 0x5c
export const COMMA = 0x2c
export const COLON = 0x3a
export const BRACE_OPEN = 0x7b
export const BRACE_CLOSE = 0x7d
export const BRACKET_OPEN = 0x5b
export const BRACKET_CLOSE = 0x5d

/** 1 where a string cannot simply go on: quote, backslash, control characters. */
const STRING_STOP = new Uint8Array(256)
STRING_STOP.fill(1, 0, 0x20)
STRING_STOP[QUOTE] = 1
STRING_STOP[BACKSLASH] = 1

/** A buffer with an aligned 32-bit view of the same memory, so that strings are scanned four bytes at a time. */
export interface ScanBytes {
  readonly bytes: Buffer
  readonly words: Int32Array
  /** Offset in `bytes` where `words[0]` begins, 0 to 3. */
  readonly wordsFrom: number
}

export function scanBytes(bytes: Buffer): ScanBytes {
  const wordsFrom = -bytes.byteOffset & 3
  const words = Math.max(0, (bytes.length - wordsFrom) >> 2)
  const at = words === 0 ? 0 : bytes.byteOffset + wordsFrom
  return { bytes, words: new Int32Array(bytes.buffer, at, words), wordsFrom }
}

/**
 * Offset of the next byte at or after `from` at which a string cannot simply go on; `pause` or the document's length when
 * there is none before. Words are tested with the "has a byte less than n / equal to n" bit tricks (Hacker's Delight 6-1): they may
 * only err by stopping early, where the byte loop decides.
 */
export function nextStringStop(source: ScanBytes, from: number, pause: number): number {
  const { bytes, words, wordsFrom } = source
  const length = Math.min(bytes.length, pause)
  let at = from
  while (at < length && ((at - wordsFrom) & 3) !== 0) {
    if (STRING_STOP[bytes[at] ?? 0] !== 0) return at
    at += 1
  }
  let index = (at - wordsFrom) >> 2
  const count = Math.min(words.length, (length - wordsFrom) >> 2)
  while (index < count) {
    const word = words[index] ?? 0
    const quote = word ^ 0x22222222
    const backslash = word ^ 0x5c5c5c5c
    const below = (word - 0x20202020) & ~word
    const equal = ((quote - 0x01010101) & ~quote) | ((backslash - 0x01010101) & ~backslash)
    if (((below | equal) & 0x80808080) !== 0) break
    index += 1
  }
  at = Math.max(at, (index << 2) + wordsFrom)
  while (at < length && STRING_STOP[bytes[at] ?? 0] === 0) at += 1
  return at
}

/** The first offset at or after `from` that is no JSON white space. */
export function skipSpace(bytes: Buffer, from: number): number {
  let at = from
  for (;;) {
    const byte = bytes[at]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at
    at += 1
  }
}

/** Length of the escape sequence whose backslash lies at `at`; 0 when it is none. */
export function escapeLength(bytes: Buffer, at: number): number {
  switch (bytes[at + 1] ?? -1) {
    case 0x22: // "
    case 0x5c: // \
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return 2
    case 0x75: // u
      for (let i = at + 2; i < at + 6; i += 1) if (!isHexDigit(bytes[i] ?? 0)) return 0
      return 6
    default:
      return 0
  }
}

function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)
}

const isDigit = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= 0x30 && byte <= 0x39

function skipDigits(bytes: Buffer, from: number): number {
  let at = from
  while (isDigit(bytes[at])) at += 1
  return at
}

/** End of the number that begins at `from` (RFC 8259 section 6); `~offset` of the first wrong byte when it is none. */
export function numberEnd(bytes: Buffer, from: number): number {
  let at = from
  if (bytes[at] === 0x2d) at += 1
  if (!isDigit(bytes[at])) return ~at
  at = bytes[at] === 0x30 ? at + 1 : skipDigits(bytes, at)
  if (isDigit(bytes[at])) return ~at
  if (bytes[at] === 0x2e) {
    if (!isDigit(bytes[at + 1])) return ~(at + 1)
    at = skipDigits(bytes, at + 1)
  }
  if (((bytes[at] ?? 0) | 0x20) === 0x65) {
    at += 1
    if (bytes[at] === 0x2b || bytes[at] === 0x2d) at += 1
    if (!isDigit(bytes[at])) return ~at
    at = skipDigits(bytes, at)
  }
  return at
}
