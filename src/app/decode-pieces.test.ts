import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { decodePieces } from './decode-pieces.ts'

const MANY = 1 << 24
const text = 'data: some text that repeats, '.repeat(4000)

const cut = (bytes: Buffer, length: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / length) }, (_, at) =>
    bytes.subarray(at * length, (at + 1) * length),
  )

test('every encoding decodes from pieces of any size, one piece out for each piece in', async () => {
  const encoded: readonly (readonly [string, Buffer])[] = [
    ['gzip', gzipSync(text)],
    ['X-GZIP', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['br', brotliCompressSync(text)],
    ['zstd', zstdCompressSync(text)],
    ['identity', Buffer.from(text)],
    ['', Buffer.from(text)],
  ]
  for (const [encoding, bytes] of encoded) {
    for (const length of [7, 64, bytes.length]) {
      const pieces = cut(bytes, length)
      const decoded = await decodePieces(encoding, pieces, MANY)
      assert.equal(decoded.problem, '', encoding)
      assert.equal(decoded.pieces.length, pieces.length)
      assert.equal(Buffer.concat(decoded.pieces).toString(), text, `${encoding} ${length}`)
    }
  }
})

test('a body that was cut off decodes up to the cut', async () => {
  const bytes = gzipSync(text, { level: 0 })
  const { pieces, problem } = await decodePieces(
    'gzip',
    cut(bytes.subarray(0, -20_000), 5000),
    MANY,
  )
  assert.equal(problem, '')
  const decoded = Buffer.concat(pieces).toString()
  assert.ok(decoded.length > text.length / 2 && text.startsWith(decoded))
})

test('damage, unknown encodings and bombs are named and end nothing', async () => {
  const damaged = await decodePieces('gzip', [Buffer.from('not gzip'), Buffer.from('at all')], MANY)
  assert.deepEqual(damaged, { pieces: [], problem: 'its content encoding is damaged' })
  const unknown = await decodePieces('gzip, br', [Buffer.from('x')], MANY)
  assert.deepEqual(unknown, { pieces: [], problem: 'its content encoding is not understood' })
  const bomb = await decodePieces('zstd', [zstdCompressSync(Buffer.alloc(1 << 26))], 1 << 20)
  assert.deepEqual(bomb.pieces, [])
  assert.match(bomb.problem, /more than 1048576 bytes/)
  const second = await decodePieces('gzip', cut(gzipSync(Buffer.alloc(1 << 22)), 1000), 1 << 21)
  assert.ok(second.pieces.length > 0)
  assert.match(second.problem, /more than 2097152 bytes/)
})
