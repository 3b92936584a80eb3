import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HEX_ROW_BYTES, bytesToText, decodeBase64, hexRow, splitEvents } from './bytes.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('base64 becomes the bytes it was made of', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (raw) => {
      assert.deepEqual(decodeBase64(Buffer.from(raw).toString('base64')), raw)
    }),
  )
})

test('a hex row holds its bytes, the offset in the whole body, and no control character', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), (raw, offset) => {
      const rows = Array.from({ length: Math.ceil(raw.length / HEX_ROW_BYTES) }, (_, at) =>
        hexRow(raw, at, offset),
      )
      const digits = rows.map(({ hex }) => hex.replaceAll(' ', '')).join('')
      assert.equal(digits, Buffer.from(raw).toString('hex'))
      assert.equal(Number.parseInt(rows[0]?.offset ?? '', 16), offset)
      assert.match(rows.map(({ text }) => text).join(''), /^[\x20-\x7e]*$/)
    }),
  )
})

test('events are cut at blank lines of any ending; the rest is an event too', () => {
  const text = (body: string) => splitEvents(bytes(body), 0).map((event) => event.text)
  assert.deepEqual(text('data: a\n\ndata: b\n\n'), ['data: a', 'data: b'])
  assert.deepEqual(text('event: x\r\ndata: a\r\n\r\ndata: b'), ['event: x\r\ndata: a', 'data: b'])
  assert.deepEqual(text('\n\ndata: a\n\n\n\n'), ['data: a'])
  assert.deepEqual(text('no event'), ['no event'])
  assert.deepEqual(text(''), [])
})

test('events lie where they say, in order, without overlap', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('data: x', '\n', '\r\n', 'é', '\n\n'), { maxLength: 40 }),
      fc.nat(1_000),
      (pieces, offset) => {
        const body = bytes(pieces.join(''))
        let last = offset
        for (const event of splitEvents(body, offset)) {
          assert.ok(event.start >= last && event.end > event.start)
          const cut = bytesToText(body.subarray(event.start - offset, event.end - offset))
          assert.equal(cut.trimEnd(), event.text)
          last = event.end
        }
      },
    ),
  )
})
