import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { maskBytes, maskHeaders, maskTarget, maskText } from './masking.ts'

test('no letter, digit, symbol or sign of any script survives masking, and so many characters stay', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const masked = maskText(text)
      assert.equal(Array.from(masked).length, Array.from(text).length)
      assert.doesNotMatch(masked, /[\p{L}\p{N}\p{M}]/u)
      for (const character of masked) assert.match(character, /[█\s\p{P}]/u)
    }),
  )
})

test('lines, spaces and punctuation stay, so that the shape can be seen', () => {
  assert.equal(maskText('Call 555-1234, now!\n\tOK'), '████ ███-████, ███!\n\t██')
  assert.equal(maskText('{"a": [1]}'), '{"█": [█]}')
})

test('masked bytes keep their number and hold no letter, digit or high byte', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const masked = maskBytes(Buffer.from(bytes))
      assert.equal(masked.length, bytes.length)
      assert.match(masked.toString('latin1'), /^[\t\n\r\x20-\x2f\x3a-\x40\x5b-\x60\x7b-\x7ex]*$/)
    }),
  )
})

test('only headers that say how, not what, keep their values', () => {
  const masked = maskHeaders([
    ['Content-Type', 'application/json'],
    ['x-secret-project', 'Zebra'],
    ['authorization', '(removed)'],
  ])
  assert.deepEqual(masked, [
    ['Content-Type', 'application/json'],
    ['x-secret-project', '█████'],
    ['authorization', '(removed)'],
  ])
})

test('of a target the path stays and query values are masked', () => {
  assert.equal(maskTarget('/v1/chat?q=Zebra&x=1&flag'), '/v1/chat?q=█████&x=█&████')
  assert.equal(maskTarget('/v1/chat'), '/v1/chat')
})
