import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { splitEvery, splitInto, stretch } from './split-text.ts'

const texts = fc.string({ unit: 'binary', maxLength: 200 })
const sizes = fc.integer({ min: 1, max: 40 })

test('pieces join to the text, are never empty and tear no character apart', () => {
  fc.assert(
    fc.property(texts, sizes, (text, size) => {
      for (const pieces of [splitEvery(text, size), splitInto(text, size)]) {
        assert.equal(pieces.join(''), text)
        assert.ok(pieces.every((piece) => piece !== '' && piece.isWellFormed()))
      }
      assert.ok(splitEvery(text, size).every((piece) => piece.length <= size + 1))
      assert.ok(splitInto(text, size).length <= size)
    }),
  )
})

test('a text of one-byte characters splits into exactly as many pieces as asked', () => {
  assert.deepEqual(splitInto('abcdefg', 3), ['ab', 'cd', 'efg'])
  assert.equal(splitInto('x'.repeat(1000), 50).length, 50)
})

test('stretching gives exactly the bytes asked for, of valid UTF-8 that begins like the text', () => {
  fc.assert(
    fc.property(texts, fc.integer({ min: 0, max: 500 }), (text, bytes) => {
      const stretched = stretch(text, bytes)
      assert.equal(Buffer.byteLength(stretched), bytes)
      const endless = `${text} `.repeat(bytes + 1)
      const cuts = [0, 1, 2, 3].map((dots) => stretched.length - dots)
      assert.ok(
        cuts.some(
          (cut) =>
            endless.startsWith(stretched.slice(0, cut)) && /^\.*$/.test(stretched.slice(cut)),
        ),
      )
    }),
  )
  assert.equal(stretch('ab', 7), 'ab ab a')
  assert.equal(stretch('é', 1), '.')
})
