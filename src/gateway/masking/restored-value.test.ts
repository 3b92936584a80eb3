import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Mask } from '../../detect/finding.ts'
import { maskedText } from './json-edits.ts'
import { restoredValue } from './restored-value.ts'

const TOKEN = '<NAME_0123456789abcdef>'
const OTHER = '<NAME_0123456789abcdee>'

function restored(text: string, value: string, masks: readonly Mask[] = []): string {
  const raw = JSON.stringify(text)
  return maskedText(raw, restoredValue(raw, masks, new Map([[TOKEN, value]])))
}

test('whatever the value is, the string stays JSON and says it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      assert.equal(JSON.parse(restored(`a ${TOKEN}${TOKEN} é`, value)), `a ${value}${value} é`)
    }),
  )
})

test('in arguments that are JSON in a string the value is escaped for both', () => {
  const value = '-----BEGIN "x"-----\nMII\\\n'
  const shown: unknown = JSON.parse(restored(JSON.stringify({ key: TOKEN, n: 1 }), value))
  assert.deepEqual(JSON.parse(String(shown)), { key: value, n: 1 })
})

test('JSON in JSON in JSON is escaped for each, and tokens of different depth each for their own', () => {
  const value = '"x"\\\n'
  const deep = (inner: string): string =>
    JSON.stringify({ at: inner, in: JSON.stringify([inner, JSON.stringify({ in: inner })]) })
  const shown: unknown = JSON.parse(restored(deep(TOKEN), value))
  assert.equal(shown, deep(value))
})

test('what only looks like JSON is text', () => {
  const shown: unknown = JSON.parse(restored(`{ ${TOKEN}`, 'a"b'))
  assert.equal(shown, '{ a"b')
})

test('a token of nobody, a masked one and one without its end stay', () => {
  assert.equal(restored(OTHER, 'x'), JSON.stringify(OTHER))
  assert.equal(restored(TOKEN.slice(0, -1), 'x'), JSON.stringify(TOKEN.slice(0, -1)))
  const masks = [{ start: 3, end: 8, text: '#' }]
  const raw = JSON.stringify(TOKEN)
  assert.equal(restored(TOKEN, 'x', masks), `${raw.slice(0, 3)}#${raw.slice(8)}`)
})

test('an answer that was asked for as JSON stays JSON and holds the value', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', '\n', '  '), (value, blank) => {
      const shown: unknown = JSON.parse(
        restored(
          blank + JSON.stringify({ to: TOKEN, list: [`a ${TOKEN}`, 1.5e3, true, null] }),
          value,
        ),
      )
      assert.deepEqual(JSON.parse(String(shown)), {
        to: value,
        list: [`a ${value}`, 1500, true, null],
      })
    }),
  )
})

test('a text that only begins as JSON does is text', () => {
  const value = 'a"b'
  for (const text of ['[Note] say "', '{ name: "', '[1] "', '{"a": 1} and "', '"'])
    assert.equal(JSON.parse(restored(`${text}${TOKEN}"`, value)), `${text}a"b"`)
})
