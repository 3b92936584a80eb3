import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { createTextHmac, textHmacOf } from './hmac.ts'

test('the digest is the HMAC of the platform, for keys up to a hash block and any text', () => {
  const key = fc.uint8Array({ maxLength: 64 })
  fc.assert(
    fc.property(key, fc.array(fc.string({ unit: 'grapheme' })), (bytes, texts) => {
      const secret = Buffer.from(bytes)
      const digest = createTextHmac(secret)
      for (const text of texts)
        assert.equal(digest(text), createHmac('sha256', secret).update(text).digest('hex'))
    }),
  )
})

test('a longer key is refused: it would have to be hashed first', () => {
  assert.throws(() => createTextHmac(randomBytes(65)), /longer than a hash block/)
})

test('the one that is kept for a key is that of the key, and of no other', () => {
  const [one, two] = [randomBytes(32), randomBytes(32)]
  assert.equal(textHmacOf(one), textHmacOf(one))
  assert.equal(textHmacOf(one)('text'), createTextHmac(one)('text'))
  assert.notEqual(textHmacOf(two)('text'), textHmacOf(one)('text'))
})
