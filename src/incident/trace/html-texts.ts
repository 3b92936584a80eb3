/** Reads text with references to characters as HTML writes them: `&#39;`, `&#x2019;`, `&auml;`. */
import { CopiedText } from './copied-text.ts'
import type { EncodedText } from './encoded-text.ts'
import { ENTITIES } from './normalise.ts'

/** References with less text between them are read together, with as much text around them. */
const APART = 400
const REFERENCE = /&(?:#(\d{1,7})|#[xX]([0-9A-Fa-f]{1,6})|([A-Za-z]{2,8}));/y
const POINT_MAX = 0x10_ffff
/** What a reference names twice, so that a browser shows the reference. */
const NAMED_TWICE = /&amp;(?:#\w{1,7}|[A-Za-z]{2,8});/y

/** The combining character of each accent that a name may end in. */
const ACCENTS: Readonly<Record<string, string>> = {
  uml: '\u0308',
  acute: '\u0301',
  grave: '\u0300',
  circ: '\u0302',
  tilde: '\u0303',
  cedil: '\u0327',
  ring: '\u030a',
  caron: '\u030c',
}
const NAMES: Readonly<Record<string, string>> = {
  ...ENTITIES,
  szlig: 'ß',
  aelig: 'æ',
  AElig: 'Æ',
  oelig: 'œ',
  OElig: 'Œ',
  oslash: 'ø',
  Oslash: 'Ø',
  eth: 'ð',
  ETH: 'Ð',
  thorn: 'þ',
  THORN: 'Þ',
  ensp: ' ',
  emsp: ' ',
  thinsp: ' ',
  shy: '',
  zwj: '',
  zwnj: '',
  ndash: '–',
  mdash: '—',
  lsquo: '‘',
  rsquo: '’',
  sbquo: '‚',
  ldquo: '“',
  rdquo: '”',
  bdquo: '„',
  laquo: '«',
  raquo: '»',
  hellip: '…',
  bull: '•',
  middot: '·',
  euro: '€',
  pound: '£',
  cent: '¢',
  yen: '¥',
  sect: '§',
  para: '¶',
  deg: '°',
  copy: '©',
  reg: '®',
  trade: '™',
  times: '×',
  iexcl: '¡',
  iquest: '¿',
}

interface Reference {
  readonly at: number
  readonly end: number
  readonly character: string
  readonly isLeftOut: boolean
}

export function* htmlTexts(text: string): Generator<EncodedText, void> {
  let group: Reference[] = []
  for (const reference of referencesIn(text)) {
    if (reference.at - (group.at(-1)?.end ?? reference.at) > APART) {
      yield* read(text, group)
      group = []
    }
    group.push(reference)
  }
  yield* read(text, group)
}

function* referencesIn(text: string): Generator<Reference, void> {
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', at + 1)) {
    REFERENCE.lastIndex = at
    const found = REFERENCE.exec(text)
    const character = found === null ? null : characterOf(found)
    if (found === null || character === null) continue
    NAMED_TWICE.lastIndex = at
    const isLeftOut = ENTITIES[found[3] ?? ''] !== undefined && !NAMED_TWICE.test(text)
    yield { at, end: at + found[0].length, character, isLeftOut }
  }
}

function characterOf([, decimal, hex, name]: RegExpExecArray): string | null {
  if (name !== undefined) return named(name)
  const point = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal)
  if (point < 0x20 && point !== 0x09 && point !== 0x0a && point !== 0x0d) return null
  return point > POINT_MAX ? null : String.fromCodePoint(point)
}

function named(name: string): string | null {
  if (Object.hasOwn(NAMES, name)) return NAMES[name] ?? null
  const accent = name.slice(1)
  return Object.hasOwn(ACCENTS, accent) ? `${name[0]}${ACCENTS[accent]}`.normalize('NFC') : null
}

function* read(text: string, group: readonly Reference[]): Generator<EncodedText, void> {
  const [first, last] = [group[0], group.at(-1)]
  if (first === undefined || last === undefined) return
  if (group.every(({ isLeftOut }) => isLeftOut)) return
  const start = Math.max(0, first.at - APART)
  const copy = new CopiedText(text.slice(start, last.end + APART))
  for (const { at, end, character } of group) copy.replace(at - start, end - start, character)
  const { text: decoded, origin } = copy.end()
  yield { spelling: 'html', text: decoded, origin: (at) => start + origin(at) }
}
