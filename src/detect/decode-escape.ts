/** Recognises percent, HTML and `\u` escapes one character at a time, so that a split inside one changes nothing. */

export type EscapeStep =
  | { readonly kind: 'more' }
  | { readonly kind: 'none' }
  | { readonly kind: 'unit'; readonly codePoint: number }

const MORE: EscapeStep = { kind: 'more' }
const NONE: EscapeStep = { kind: 'none' }
const NAME_MAX = 8

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  commat: '@',
  period: '.',
  colon: ':',
  sol: '/',
  num: '#',
  hyphen: '-',
  dash: '-',
  ndash: '-',
  mdash: '-',
  lowbar: '_',
  equals: '=',
  plus: '+',
  excl: '!',
  dollar: '$',
  percnt: '%',
  lpar: '(',
  rpar: ')',
  comma: ',',
  semi: ';',
  shy: '',
  zwj: '',
  zwnj: '',
  Tab: '\t',
  NewLine: '\n',
  ast: '*',
  bsol: '\\',
}

/** True for the characters that may begin an escape. */
export function opensEscape(unit: number): boolean {
  return unit === 0x25 || unit === 0x26 || unit === 0x5c
}

/** Judges `text`, which begins with `%`, `&` or `\`: complete, possible, or no escape. */
export function readEscape(text: string): EscapeStep {
  switch (text.charAt(0)) {
    case '%':
      return readPercent(text)
    case '\\':
      return readUnicode(text)
    default:
      return readReference(text)
  }
}

function readPercent(text: string): EscapeStep {
  if (!/^%[0-9A-Fa-f]{0,2}$/.test(text)) return NONE
  if (text.length < 3) return MORE
  const codePoint = Number.parseInt(text.slice(1), 16)
  // Bytes of longer UTF-8 sequences are left alone: no rule looks for them.
  return codePoint >= 0x20 && codePoint < 0x7f ? { kind: 'unit', codePoint } : NONE
}

function readUnicode(text: string): EscapeStep {
  if (!/^\\(?:u[0-9A-Fa-f]{0,4})?$/.test(text)) return NONE
  if (text.length < 6) return MORE
  const codePoint = Number.parseInt(text.slice(2), 16)
  return codePoint >= 0xd800 && codePoint <= 0xdfff ? NONE : { kind: 'unit', codePoint }
}

function readReference(text: string): EscapeStep {
  const done = text.endsWith(';')
  const inner = text.slice(1, done ? -1 : undefined)
  if (inner.startsWith('#')) {
    const digits = /^#(?:[xX]([0-9A-Fa-f]{0,6})|(\d{0,7}))$/.exec(inner)
    if (digits === null) return NONE
    if (!done) return MORE
    const codePoint = digits[1] === undefined ? Number(digits[2]) : Number.parseInt(digits[1], 16)
    const valid =
      codePoint > 0 && codePoint <= 0x10ffff && (codePoint < 0xd800 || codePoint > 0xdfff)
    return valid ? { kind: 'unit', codePoint } : NONE
  }
  if (!/^[A-Za-z]*$/.test(inner) || inner.length > NAME_MAX) return NONE
  if (!done) return MORE
  const char = NAMED[inner]
  if (char === undefined) return NONE
  // A soft hyphen or joiner stands for "nothing": its own code point is dropped later.
  return { kind: 'unit', codePoint: char === '' ? 0xad : (char.codePointAt(0) ?? 0x20) }
}
