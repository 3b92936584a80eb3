import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { prefixEnd } from './index-reader.ts'

const bytes = (text: string): Buffer => Buffer.from(text, 'utf8')

test('the end of a prefix lies above every text that starts with it and below all later ones', () => {
  const text = fc.string({ unit: 'binary', maxLength: 6 })
  fc.assert(
    fc.property(text, text, (prefix, other) => {
      const end = prefixEnd(prefix)
      if (end === null) return assert.match(prefix, /^\u{10FFFF}*$/u)
      assert.ok(end.isWellFormed())
      assert.ok(Buffer.compare(bytes(prefix + other), bytes(end)) < 0)
      const isInside =
        Buffer.compare(bytes(other), bytes(prefix)) >= 0 &&
        Buffer.compare(bytes(other), bytes(end)) < 0
      assert.equal(isInside, bytes(other).subarray(0, bytes(prefix).length).equals(bytes(prefix)))
    }),
    { numRuns: 500 },
  )
})

test('known prefixes end where expected', () => {
  assert.equal(prefixEnd('gpt-4'), 'gpt-5')
  assert.equal(prefixEnd('a\uD7FF'), 'a\uE000')
  assert.equal(prefixEnd('a\u{10FFFF}\u{10FFFF}'), 'b')
  assert.equal(prefixEnd('\u{10FFFF}'), null)
  assert.equal(prefixEnd(''), null)
})
