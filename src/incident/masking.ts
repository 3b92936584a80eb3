/** Shows the shape of content without its substance: lengths, lines, punctuation; no letter and no digit survives. */

const LETTER_OR_DIGIT = /[\p{L}\p{M}\p{N}\p{S}\p{C}]/gu
const KEPT = /[\n\t]/
const SHOWN = '█'

/** Keeps length (in characters), white space and ASCII punctuation. */
export function maskText(text: string): string {
  return text
    .replace(/[^\p{ASCII}]/gu, (character) => (/\s/u.test(character) ? ' ' : SHOWN))
    .replace(LETTER_OR_DIGIT, (character) => (KEPT.test(character) ? character : SHOWN))
}

/** One byte for one byte, so that offsets stay. */
export function maskBytes(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => (isSubstance(byte) ? 0x78 : byte)))
}

function isSubstance(byte: number): boolean {
  const isDigit = byte >= 0x30 && byte <= 0x39
  const isLetter = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
  return isDigit || isLetter || byte > 0x7e || (byte < 0x20 && !isWhite(byte))
}

function isWhite(byte: number): boolean {
  return byte === 0x09 || byte === 0x0a || byte === 0x0d
}

/** Header values that say how, not what. */
const PLAIN_HEADERS = new Set([
  'accept',
  'accept-encoding',
  'anthropic-beta',
  'anthropic-version',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'host',
  'openai-processing-ms',
  'openai-version',
  'retry-after',
  'server',
  'transfer-encoding',
  'user-agent',
  'vary',
  'x-stainless-lang',
  'x-stainless-package-version',
  'x-stainless-retry-count',
  'x-stainless-runtime',
  'x-stainless-runtime-version',
])

export function maskHeaders(
  headers: readonly (readonly [string, string])[],
): readonly (readonly [string, string])[] {
  return headers.map(([name, value]) =>
    PLAIN_HEADERS.has(name.toLowerCase()) || value === '(removed)'
      ? [name, value]
      : [name, maskText(value)],
  )
}

/** The path stays, each query value is masked. */
export function maskTarget(target: string): string {
  const at = target.indexOf('?')
  if (at === -1) return target
  const query = target
    .slice(at + 1)
    .split('&')
    .map((pair) => {
      const equals = pair.indexOf('=')
      return equals === -1
        ? maskText(pair)
        : pair.slice(0, equals + 1) + maskText(pair.slice(equals + 1))
    })
  return `${target.slice(0, at + 1)}${query.join('&')}`
}
