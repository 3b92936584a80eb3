import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { createDeflater } from './deflater.ts'

const OPTIONS = { level: 1, windowBits: 13, memLevel: 5 }

test('a compressor that is used again gives the bytes of one that is made afresh', () => {
  const deflate = createDeflater(OPTIONS)
  const text = fc.array(fc.constantFrom('{"a":', 'null,', 'custody ', '0123', '\u00e4')).map(String)
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 20_000 }), text), (content) => {
      const plain = Buffer.from(content)
      const fresh = deflateRawSync(plain, OPTIONS)
      const made = deflate(plain)
      if (made === null) assert.ok(fresh.length >= plain.length)
      else {
        assert.deepEqual(made, fresh)
        assert.deepEqual(inflateRawSync(made), plain)
      }
    }),
  )
})

test('what does not get smaller leaves nothing behind for the next payload', () => {
  const deflate = createDeflater(OPTIONS)
  const noise = Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * 7919 * 31) % 251))
  const text = Buffer.from('the record of an exchange, '.repeat(200))
  const before = deflate(text)
  deflate(noise)
  assert.equal(deflate(Buffer.alloc(0)), null)
  assert.deepEqual(deflate(text), before)
})

test('a result is not written over by the next one', () => {
  const deflate = createDeflater(OPTIONS)
  const first = deflate(Buffer.from('first '.repeat(500)))
  deflate(Buffer.from('second '.repeat(500)))
  assert.ok(first !== null)
  assert.equal(inflateRawSync(first).toString(), 'first '.repeat(500))
})
