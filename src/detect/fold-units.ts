/** Maps one code point to the ASCII text it imitates: look-alikes, compatibility forms, digits of other scripts. */

/** Cyrillic, Greek and other letters that are drawn like ASCII letters. Curated: only pairs that readers confuse. */
const LOOK_ALIKES: Readonly<Record<string, string>> = {
  А: 'A',
  В: 'B',
  С: 'C',
  Е: 'E',
  Н: 'H',
  І: 'I',
  Ј: 'J',
  К: 'K',
  М: 'M',
  О: 'O',
  Р: 'P',
  Ѕ: 'S',
  Т: 'T',
  У: 'Y',
  Х: 'X',
  а: 'a',
  в: 'b',
  с: 'c',
  ԁ: 'd',
  е: 'e',
  һ: 'h',
  і: 'i',
  ј: 'j',
  к: 'k',
  ӏ: 'l',
  м: 'm',
  о: 'o',
  р: 'p',
  ԛ: 'q',
  ѕ: 's',
  т: 't',
  у: 'y',
  ԝ: 'w',
  х: 'x',
  ѵ: 'v',
  Ѵ: 'V',
  Ԛ: 'Q',
  Ԝ: 'W',
  Ԍ: 'G',
  З: '3',
  б: '6',
  Α: 'A',
  Β: 'B',
  Ε: 'E',
  Ζ: 'Z',
  Η: 'H',
  Ι: 'I',
  Κ: 'K',
  Μ: 'M',
  Ν: 'N',
  Ο: 'O',
  Ρ: 'P',
  Τ: 'T',
  Υ: 'Y',
  Χ: 'X',
  α: 'a',
  ε: 'e',
  ι: 'i',
  κ: 'k',
  ν: 'v',
  ο: 'o',
  ρ: 'p',
  τ: 't',
  υ: 'u',
  χ: 'x',
  γ: 'y',
  ω: 'w',
  ϲ: 'c',
  ϳ: 'j',
  ı: 'i',
  ɑ: 'a',
  ɡ: 'g',
  ɩ: 'i',
  ʏ: 'y',
  ո: 'n',
  ս: 'u',
  օ: 'o',
  ց: 'g',
  հ: 'h',
  ԍ: 'g',
  ꓐ: 'B',
  ꓑ: 'P',
  ꓔ: 'T',
  '‐': '-',
  '‑': '-',
  '‒': '-',
  '–': '-',
  '—': '-',
  '―': '-',
  '−': '-',
  '⁃': '-',
  '﹘': '-',
  '﹣': '-',
  '－': '-',
  ー: '-',
  '․': '.',
  '。': '.',
  '｡': '.',
  '﹒': '.',
  '·': '.',
  '∙': '.',
  '⋅': '.',
  '٫': '.',
  '∶': ':',
  '։': ':',
  '꞉': ':',
  '⁄': '/',
  '∕': '/',
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  ʼ: "'",
  '＿': '_',
  '﹍': '_',
  '﹫': '@',
  '＠': '@',
}

/** Drawn as nothing, so a reader sees the characters around them as neighbours. */
const IGNORABLE: readonly (readonly [first: number, last: number])[] = [
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0x1bca0, 0x1bca3],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe0fff],
]
const SPACE_FORM = /^[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/u
const DECIMAL = /^\p{Nd}$/u
const ASCII_ONLY = /^[\x20-\x7e]{1,4}$/
const SUPERSCRIPT = /^[\u00b2\u00b3\u00b9\u2070-\u209c]$/u

const known = new Map<number, string | null>()
const KNOWN_MAX = 20_000

/** The ASCII text for a code point of 128 and above; empty to drop it; null to leave it as it is. */
export function foldCodePoint(codePoint: number): string | null {
  const before = known.get(codePoint)
  if (before !== undefined) return before
  const folded = fold(String.fromCodePoint(codePoint), codePoint)
  if (known.size < KNOWN_MAX) known.set(codePoint, folded)
  return folded
}

function fold(char: string, codePoint: number): string | null {
  if (IGNORABLE.some(([first, last]) => first <= codePoint && codePoint <= last)) return ''
  if (SPACE_FORM.test(char)) return ' '
  const alike = LOOK_ALIKES[char]
  if (alike !== undefined) return alike
  if (SUPERSCRIPT.test(char)) return null
  // One code point at a time: full NFKC looks ahead across combining marks and would depend on the split.
  const compatible = char.normalize('NFKC')
  if (ASCII_ONLY.test(compatible)) return compatible
  if (!DECIMAL.test(char)) return null
  // Blocks of ten digits start at a code point that ends in hex 0 or 6.
  const low = codePoint & 15
  const fromZero = DECIMAL.test(String.fromCodePoint(codePoint - low))
  return String(fromZero ? low : low - 6)
}
