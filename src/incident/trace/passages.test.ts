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
  'decomposed letters': (text) => text.normalize('NFD'),
}

for (const [name, wrap] of Object.entries(WRAPPED)) {
  test(`a passage is found under ${name}, on either side`, () => {
    let found = 0
    let tried = 0
    for (let n = 0; n < 40; n += 1) {
      const text = TEXTS[(n * 7) % TEXTS.length] ?? ''
      const passage = passageOf(text, Math.floor(((n * 0.618034) % 0.8) * text.length), 300)
      if (passage === null) continue
      tried += 2
      if (isFound(JSON.stringify({ content: `see: ${wrap(text)}` }), passage)) found += 1
      if (isFound(JSON.stringify({ content: text }), wrap(passage))) found += 1
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

test('a span says exactly where the passage stands, in JSON and in base64', () => {
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
})

test('any text is normalised, chosen from and matched without failing', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
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
  for (const one of TRACE_VERSIONS) {
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
