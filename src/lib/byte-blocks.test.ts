/** Nothing is lost, nothing changes its place, and what is gathered is a copy. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ByteBlocks } from './byte-blocks.ts'

test('what is given on is what was pushed, in fewer pieces', () => {
  const size = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 9000 }))
  fc.assert(
    fc.property(fc.array(fc.tuple(size, fc.boolean()), { maxLength: 40 }), (pushes) => {
      const pieces: Buffer[] = []
      const blocks = new ByteBlocks((bytes) => pieces.push(bytes))
      const all = pushes.map(([length, isFlushed], at) => {
        const bytes = Buffer.alloc(length, at + 1)
        blocks.push(bytes)
        if (isFlushed) blocks.flush()
        return bytes
      })
      blocks.flush()
      assert.deepEqual(Buffer.concat(pieces), Buffer.concat(all))
      assert.ok(pieces.length <= Math.max(1, pushes.length))
    }),
  )
})

test('of a hundred small pieces a few blocks are left, and the pieces may be used for something else', () => {
  const pieces: Buffer[] = []
  const blocks = new ByteBlocks((bytes) => pieces.push(bytes))
  blocks.push(Buffer.from('first'))
  const reused = Buffer.alloc(100)
  for (let at = 0; at < 100; at += 1) blocks.push(reused.fill(at))
  blocks.flush()
  assert.equal(pieces.length, 4)
  const expected = Buffer.concat(Array.from({ length: 100 }, (_, at) => Buffer.alloc(100, at)))
  assert.deepEqual(Buffer.concat(pieces.slice(1)), expected)
})
