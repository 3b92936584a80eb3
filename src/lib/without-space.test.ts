import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { withoutSpace } from './without-space.ts'

test('of every character it takes out what the pattern takes out', () => {
  for (let code = 0; code <= 0xffff; code += 1) {
    const text = `a${String.fromCharCode(code)}b`
    assert.equal(withoutSpace(text), text.replaceAll(/\s+/g, ''), `U+${code.toString(16)}`)
  }
})

test('any text is as the pattern makes it, halves of pairs and long ones included', () => {
  const piece = fc.oneof(
    fc.constantFrom(' ', '\t\n', '\u00a0', '\u2003', '\ufeff', '\ud83d', '😀', 'é', 'word'),
    fc.string({ unit: 'binary', maxLength: 8 }),
  )
  fc.assert(
    fc.property(fc.array(piece), fc.constantFrom(1, 30_000), (pieces, times) => {
      const text = pieces.join('') + ' x'.repeat(times)
      assert.equal(withoutSpace(text), text.replaceAll(/\s+/g, ''))
    }),
    { numRuns: 60 },
  )
  assert.equal(withoutSpace('a b'.repeat(50_000)), 'ab'.repeat(50_000))
})
