import assert from 'node:assert/strict'
import { createCipheriv, hkdfSync } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { coverage, readQuestion, spansIn } from './match.ts'
import { normalise } from './normalise.ts'
import { textPieces } from './texts-of.ts'
import { selectionKey } from './trace-keys.ts'
import { textKeys } from './text-postings.ts'
import { digestsOf, newestOf, TRACE_VERSIONS } from './versions.ts'
import { GRAM, GUARANTEED_UNITS, SURE_UNITS, WINDOW, askedGrams, chosenGrams } from './winnow.ts'

const selection = selectionKey(Buffer.alloc(32, 7))
const version = newestOf(TRACE_VERSIONS)
const digests = digestsOf(version, Buffer.alloc(32, 9))

/** Code, prose, tables and JSON: what people put into prompts. */
const TEXTS = globSync(
  '{docs,src/detect,src/gateway,detectors,web/src/ui}/**/*.{md,ts,yaml,css,json}',
)
  .slice(0, 120)
  .map((file) => readFileSync(file, 'utf8'))
  .filter((text) => text.length > 1000)

function unitsOf(text: string): string {
  const [piece] = textPieces(text)
  const { units, length } = normalise(piece?.text ?? '', false)
  return String.fromCharCode(...units.subarray(0, length))
}

function isFound(recorded: string, question: string): boolean {
  const have = new Set(textKeys(recorded, version, selection, digests).passages)
  return textPieces(question).some((piece) => {
    const asked = version.normalise(piece.text)
    return digests.passages(asked, askedGrams(asked, selection)).some((key) => have.has(key))
  })
}

/** A stretch of the text with at least so many units, from `start` on; null where there are not so many. */
function passageOf(text: string, start: number, units: number): string | null {
  for (let length = units; start + length <= text.length;) {
    const passage = text.slice(start, start + length)
    const missing = units - unitsOf(passage).length
    if (missing <= 0) return passage
    length += missing
  }
  return null
}

const place = fc.tuple(fc.nat(TEXTS.length - 1), fc.double({ min: 0, max: 0.999, noNaN: true }))

test('every passage of the guaranteed length is found in the JSON that held its text', () => {
  let tried = 0
  fc.assert(
    fc.property(place, ([at, share]) => {
      const text = TEXTS[at] ?? ''
      const passage = passageOf(text, Math.floor(share * text.length), GUARANTEED_UNITS)
      if (passage === null) return
      tried += 1
      const recorded = JSON.stringify({ role: 'user', content: [{ type: 'text', text }] })
      assert.ok(isFound(recorded, passage), JSON.stringify(passage))
      assert.ok(coverage(spansIn(recorded, readQuestion(passage)), readQuestion(passage)) > 0.85)
    }),
    { numRuns: 250 },
  )
  assert.ok(tried > 180)
})

test('most passages of 64 units are found, and none below a gram', () => {
  let tried = 0
  let found = 0
  for (let n = 0; n < 300; n += 1) {
    const text = TEXTS[n % TEXTS.length] ?? ''
    const start = Math.floor(((n * 0.618034) % 1) * text.length)
    const passage = passageOf(text, start, 64)
    if (passage === null) continue
    tried += 1
    if (isFound(text, passage)) found += 1
    const short = passageOf(text, start, 10)
    if (short !== null && unitsOf(short).length < 24) assert.equal(isFound(text, short), false)
  }
  assert.ok(tried > 200 && found / tried > 0.7, `${found} of ${tried}`)
})

const WRAPPED: Readonly<Record<string, (text: string) => string>> = {
  'white space': (text) =>
    text.replaceAll(/\s+/g, (space) => (space.includes('\n') ? '\n\n   ' : '  ')),
  case: (text) => text.toUpperCase(),
  quotes: (text) => text.replaceAll('"', '\u201c').replaceAll("'", '\u2019'),
  'a quoted mail': (text) =>
    text
      .split('\n')
      .map((line) => `> ${line}`)
      .join('\n'),
  markdown: (text) => `\`\`\`\n**${text}**\n\`\`\``,
  'line numbers': (text) =>
    text
      .split('\n')
      .map((line, n) => `${n + 40}: ${line}`)
      .join('\n'),
  'numbers and tabs': (text) =>
    text
      .split('\n')
      .map((line, n) => `${String(n + 1).padStart(6)}\t${line}`)
      .join('\n'),
  JSON: (text) => JSON.stringify({ text }),
  'JSON in JSON': (text) => JSON.stringify({ arguments: JSON.stringify({ text }) }),
  'JSON of ASCII': (text) =>
    JSON.stringify(text).replaceAll(
      /[\u0080-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  HTML: (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  base64: (text) => Buffer.from(text).toString('base64'),
  'base64 for URLs': (text) => Buffer.from(text).toString('base64url'),
  'base64 in lines, as mail and tools write it': (text) =>
    Buffer.from(text).toString('base64').replaceAll(/.{76}/g, '$&\r\n'),
  'base64 in base64 in base64': (text) =>
    ['', '', ''].reduce((inner) => Buffer.from(inner).toString('base64'), text),
  'base64 of UTF-16': (text) => Buffer.from(text, 'utf16le').toString('base64'),
  'base64 at the end of a path': (text) =>
    `https://drop.example/c2/${Buffer.from(text).toString('base64url')}`,
  'hexadecimal digits': (text) => Buffer.from(text).toString('hex'),
  'hexadecimal pairs': (text) => pairs(text).join(' '),
  'hexadecimal pairs in lines': (text) =>
    pairs(text).join(':').replaceAll(/.{48}/g, '$&\n').toUpperCase(),
  'a dump as xxd writes it': (text) =>
    dump(text, (line) => line.join('').replaceAll(/.{4}/g, '$& ')),
  'a dump as hexdump writes it': (text) =>
    dump(text, (line) => `${line.slice(0, 8).join(' ')}  ${line.slice(8).join(' ')} `),
  'percent signs': encodeURIComponent,
  'the query of a form': (text) => `/q?a=1&text=${new URLSearchParams({ text }).toString()}&b=2`,
  'percent signs twice': (text) => encodeURIComponent(encodeURIComponent(text)),
  'quoted-printable mail': quotedPrintable,
  'HTML with references by number': (text) =>
    text.replaceAll(/[^\w\s]/g, (sign) => `&#${sign.charCodeAt(0)};`),
  'HTML with references by hexadecimal number': (text) =>
    text.replaceAll(/[^\w\s]/g, (sign) => `&#x${sign.charCodeAt(0).toString(16)};`),
  'HTML with references, shown as source': (text) =>
    text
      .replaceAll(/[^\w\s]/g, (sign) => `&#${sign.charCodeAt(0)};`)
      .replaceAll('&', '&amp;')
      .replaceAll(/[<>]/g, ''),
  'bytes as Python prints them': (text) =>
    text.replaceAll(/[^ -~]+/g, (odd) => `\\x${pairs(odd).join('\\x')}`),
  'JSON in JSON in JSON': (text) => JSON.stringify(JSON.stringify(JSON.stringify(text))),
  'decomposed letters': (text) => text.normalize('NFD'),
}

function pairs(text: string): string[] {
  return Array.from(Buffer.from(text), (byte) => byte.toString(16).padStart(2, '0'))
}

function dump(text: string, written: (pairs: readonly string[]) => string): string {
  const all = pairs(text)
  const lines = Array.from({ length: Math.ceil(all.length / 16) }, (_, n) => {
    const line = all.slice(n * 16, n * 16 + 16)
    const letters = Buffer.from(line.join(''), 'hex')
      .toString('latin1')
      .replaceAll(/[^ -~]/g, '.')
    return `${(n * 16).toString(16).padStart(8, '0')}: ${written(line).padEnd(49)} |${letters}|`
  })
  return lines.join('\n')
}

function quotedPrintable(text: string): string {
  return text
    .replaceAll(/[^ -<>-~\n]+/g, (odd) => `=${pairs(odd).join('=').toUpperCase()}`)
    .split('\n')
    .map((line) => line.replaceAll(/(?:=..|[^=]){60,70}(?=.)/g, '$&=\n'))
    .join('\n')
}

for (const [name, wrap] of Object.entries(WRAPPED)) {
  test(`a passage is found under ${name}, on either side`, () => {
    let found = 0
    let tried = 0
    for (let n = 0; n < 24; n += 1) {
      const text = TEXTS[(n * 7) % TEXTS.length] ?? ''
      const passage = passageOf(text, Math.floor(((n * 0.618034) % 0.8) * text.length), 300)
      if (passage === null) continue
      tried += 2
      const wrapped = JSON.stringify({ content: `see: ${wrap(text)}` })
      const plain = JSON.stringify({ content: text })
      if (isFound(wrapped, passage)) found += 1
      if (isFound(plain, wrap(passage))) found += 1
      if (n % 6 > 0) continue
      for (const [recorded, asked] of [
        [wrapped, readQuestion(passage)],
        [plain, readQuestion(wrap(passage))],
      ] as const) {
        const share = coverage(spansIn(recorded, asked), asked)
        assert.ok(share > 0.8, `${share} of ${JSON.stringify(passage)}`)
      }
    }
    assert.ok(tried > 20)
    assert.equal(found, tried)
  })
}

test('of two texts that share nothing no span is shown, whatever their fingerprints', () => {
  fc.assert(
    fc.property(place, place, ([a, share], [b]) => {
      const passage = passageOf(TEXTS[a] ?? '', Math.floor(share * (TEXTS[a] ?? '').length), 60)
      const other = TEXTS[b] ?? ''
      if (passage === null) return
      for (const { match, kind } of spansIn(other, readQuestion(passage))) {
        if (kind === 'passage') assert.ok(unitsOf(passage).includes(unitsOf(match).slice(1, -1)))
      }
    }),
    { numRuns: 60 },
  )
})

test('a span says exactly where the passage stands, in JSON and under each encoding', () => {
  const passage =
    'the launch code is kept under the \u201cgreen\u201d vase, second floor of the north wing'
  const plain = JSON.stringify({ content: `a\nb ${passage} c` })
  const [found] = spansIn(plain, readQuestion(passage))
  assert.equal(plain.slice(found!.start, found!.end), passage)
  assert.deepEqual([found!.match, found!.before], [passage, '{"content":"a\nb '])
  const packed = Buffer.from(`${'x '.repeat(20)}${passage}`).toString('base64')
  const [inside] = spansIn(JSON.stringify({ data: packed }), readQuestion(passage))
  assert.equal(inside!.spelling, 'base64')
  assert.equal(inside!.match, passage)
  for (const [spelling, wrap, start, end] of [
    ['percent', encodeURIComponent, 'launch', 'north'],
    ['hex', (text: string) => Buffer.from(text).toString('hex'), '6c61756e6368', '6e6f727468'],
    ['html', (text: string) => text.replaceAll(/[^\w\s]/g, '&#34;'), 'launch', 'north'],
    ['escapes', (text: string) => text.replaceAll('u', '\\x75'), 'la\\x75nch', 'north'],
    [
      'quoted-printable',
      (text: string) => text.replaceAll(/[^ -~]/g, '=E2=80=9C').replace('second', 'sec=\r\nond'),
      'launch',
      'north',
    ],
  ] as const) {
    const recorded = `before it ${wrap(passage)} behind it`
    const spans = spansIn(recorded, readQuestion(passage.slice(4, -5)))
    const span = spans.find((one) => one.spelling === spelling)
    assert.ok(span !== undefined, spelling)
    const found = recorded.slice(span.start, span.end)
    assert.ok(found.startsWith(start), `${spelling}: ${found}`)
    assert.ok(found.endsWith(end), `${spelling}: ${found}`)
  }
})

test('what encodings hold is at most three times the text, however they are put into each other', () => {
  const bytes = '%41=3D&#65;\\x41'
  for (const text of [
    bytes.repeat(20_000),
    '%41'.repeat(100_000),
    '&amp;#38;#38;'.repeat(20_000),
    Buffer.from(Buffer.from('%2525'.repeat(9_000)).toString('base64')).toString('hex'),
  ]) {
    const pieces = textPieces(text).slice(1)
    assert.ok(pieces.length > 0)
    const chars = pieces.reduce((sum, piece) => sum + piece.text.length, 0)
    assert.ok(chars <= text.length * 3 + 4096, `${chars} of ${text.length}`)
  }
})

test('what is no text under an encoding is no piece of one', () => {
  for (const text of [
    'total 12 34 56 78 90 12 34 56 78 90 11 22 33 44 55 66 77 88 99 00 11 22 33 44',
    'sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'src/incident/trace/every-recorded-passage-is-traced-under-encodings.test.ts',
    'width: 100%; a = b; c &= d; AT&T; fish & chips &c.; x=3; y=10',
    Buffer.from(Array.from({ length: 300 }, (_, n) => (n * 97) % 256)).toString('base64'),
  ]) {
    assert.deepEqual(textPieces(text).slice(1), [], text)
  }
})

test('any text is normalised, chosen from and matched without failing', () => {
  const written = fc.constantFrom(
    '%c3',
    '%A4',
    '%',
    '=',
    '=3D',
    '=\n',
    '\\xe4',
    '&#',
    '39;',
    '&auml;',
  )
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.string({
      unit: fc.oneof(written, fc.constantFrom('a', '4a', ' ', ':', '\n')),
      maxLength: 300,
    }),
    fc.string({
      unit: fc.constantFrom('\\', 'u', 'n', '"', '0', 'd', '8', '\n', '&', 'a;'),
      maxLength: 300,
    }),
    fc.constantFrom(
      'a'.repeat(5000),
      '\u202e'.repeat(100),
      '\ufdfa'.repeat(500),
      '1:'.repeat(2000),
    ),
  )
  fc.assert(
    fc.property(hostile, hostile, (text, question) => {
      const normalised = normalise(text, true)
      assert.ok(normalised.length <= normalised.units.length)
      for (let at = 0; at < normalised.length; at += 1) {
        assert.ok((normalised.origins?.[at] ?? -1) < Math.max(1, text.length))
      }
      for (const span of spansIn(text, readQuestion(question))) {
        assert.ok(span.start >= 0 && span.start <= span.end && span.end <= text.length)
      }
    }),
    { numRuns: 300 },
  )
})

test('in every window a gram is chosen, and a run of one letter is chosen once a window', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
        minLength: SURE_UNITS,
        maxLength: 900,
      }),
      (text) => {
        const normalised = normalise(text, false)
        const chosen = chosenGrams(normalised, selection)
        let before = -1
        for (const at of chosen) {
          assert.ok(at - before <= WINDOW && at > before)
          before = at
        }
        assert.ok(normalised.length - 24 - before < WINDOW)
      },
    ),
  )
  assert.ok(chosenGrams(normalise('a'.repeat(6600), false), selection).length <= 105)
})

test('equal texts have equal postings under one key, and nothing in common under another or in another version', () => {
  const text = TEXTS[0] ?? ''
  const other = Buffer.alloc(32, 1)
  const all: number[] = []
  // The third has the keys of the second, of more texts.
  for (const one of TRACE_VERSIONS.slice(0, 2)) {
    const keys = textKeys(text, one, selection, digestsOf(one, Buffer.alloc(32, 9)))
    assert.deepEqual(textKeys(text, one, selection, digestsOf(one, Buffer.alloc(32, 9))), keys)
    const others = textKeys(text, one, selection, digestsOf(one, other))
    assert.ok(keys.passages.length > 20)
    assert.equal(others.passages.length, keys.passages.length)
    all.push(...new Set(keys.passages), ...new Set(others.passages))
  }
  assert.equal(new Set(all).size, all.length)
})

test('a gram has the key that the design says: the first 48 bits of AES-256-CBC-MAC', () => {
  const epochKey = Buffer.alloc(32, 9)
  const text = Array.from({ length: 700 }, (_, n) => (n * 7919).toString(36)).join(' ')
  const normalised = normalise(`${text} \u00e9\u4e2d\u6587`, false)
  const starts = Array.from({ length: normalised.length - GRAM + 1 }, (_, at) => at)
  const key = Buffer.from(hkdfSync('sha256', epochKey, '', 'custody/trace/passage/v2', 32))
  const expected = starts.map((start) => {
    const bytes = Buffer.alloc(GRAM * 2)
    for (let n = 0; n < GRAM; n += 1) bytes.writeUInt16LE(normalised.units[start + n] ?? 0, n * 2)
    const cipher = createCipheriv('aes-256-cbc', key, Buffer.alloc(16))
    cipher.setAutoPadding(false)
    return cipher.update(bytes).subarray(-16).readUIntBE(0, 6)
  })
  assert.ok(starts.length > 2_000)
  assert.deepEqual(digests.passages(normalised, starts), expected)
})
