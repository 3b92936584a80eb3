import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { visibleJson, visibleLine, visibleText } from './visible-text.ts'

test('plain text in any script stays as it is', () => {
  for (const text of [
    'hello',
    'grüße',
    '日本語',
    'שלום',
    'مرحبا',
    'a\tb\nc',
    '👩‍💻'.replaceAll('\u200d', ''),
  ]) {
    assert.equal(visibleText(text), text)
  }
})

test('terminal escapes, bidi controls and invisible characters are shown as code points', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['\u001b[2J', '\\u{1b}[2J'],
    ['\u009b31m', '\\u{9b}31m'],
    ['a\rb', 'a\\u{d}b'],
    ['\u202eevil', '\\u{202e}evil'],
    ['\u2066x\u2069', '\\u{2066}x\\u{2069}'],
    ['pass\u200bword', 'pass\\u{200b}word'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\u0000', '\\u{0}'],
    ['\ud800', '\\u{d800}'],
    ['\u0007\u0008', '\\u{7}\\u{8}'],
  ]
  for (const [hostile, shown] of cases) assert.equal(visibleText(hostile), shown)
})

/** Signs that stand before or around numbers of their script: they are seen. */
const SEEN_FORMAT = /[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}]/u

test('whatever Unicode says is not seen, or only formats, is shown as its code point', () => {
  const missed: string[] = []
  for (let point = 0x80; point <= 0x10ffff; point += 1) {
    const character = String.fromCodePoint(point)
    if (!/[\p{Default_Ignorable_Code_Point}\p{Cf}\u2800]/u.test(character)) continue
    if (!SEEN_FORMAT.test(character) && visibleText(character) === character)
      missed.push(point.toString(16))
  }
  assert.deepEqual(missed, [])
})

test('no control character but line feed and tab survives in any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      assert.doesNotMatch(
        visibleText(text),
        // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
        /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/u,
      )
      assert.doesNotMatch(visibleLine(text), /[\n\t]/)
    }),
  )
})

test('a line is cut to its length with a mark', () => {
  assert.equal(visibleLine('abcdef', 4), 'abc…')
  assert.equal(visibleLine('abcd', 4), 'abcd')
})

test('JSON made visible holds nothing hostile and still parses to the same value', () => {
  const hostile = '\u001b[2J\u009b\u202e\u200b\u{e0041}\ud800\r\n'
  const shown = visibleJson(JSON.stringify({ [hostile]: hostile }))
  assert.equal(visibleText(shown), shown)
  assert.deepEqual(JSON.parse(shown), { [hostile]: hostile })
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = visibleJson(JSON.stringify(text))
      assert.equal(visibleText(json), json)
      assert.equal(JSON.parse(json), text)
    }),
  )
})
