import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { looksLikeGatewayKey, mintKey, parseKey } from './gateway-key.ts'

test('a minted key has the documented shape', () => {
  const key = mintKey()
  assert.match(key.text, /^cst_[0-9A-Za-z]{49}$/)
  assert.equal(key.hint, `${key.text.slice(0, 8)}…${key.text.slice(-4)}`)
  assert.equal(key.hash, createHash('sha256').update(key.text).digest('hex'))
})

test('a minted key parses to its own hash', () => {
  for (let i = 0; i < 200; i += 1) {
    const key = mintKey()
    assert.deepEqual(parseKey(key.text), { kind: 'key', hash: key.hash })
  }
})

test('a known key keeps its spelling and checksum', () => {
  // The checksum was computed apart: python3 zlib.crc32(b'cst_' + b'0'*42 + b'1') in base62.
  const text = `cst_${'0'.repeat(42)}14YEriG`
  assert.equal(parseKey(text).kind, 'key')
})

test('no two minted keys are alike', () => {
  const texts = new Set(Array.from({ length: 500 }, () => mintKey().text))
  assert.equal(texts.size, 500)
})

test('every character position of the random part takes many values', () => {
  const texts = Array.from({ length: 300 }, () => mintKey().text)
  for (let at = 5; at < 47; at += 1) {
    const seen = new Set(texts.map((text) => text.charAt(at)))
    assert.ok(seen.size > 30, `position ${at} took ${seen.size} values`)
  }
})

test('one changed character makes a key malformed', () => {
  const { text } = mintKey()
  const character = fc.constantFrom(...Array.from('0123456789ABCDEFabcdefxyzXYZ'))
  fc.assert(
    fc.property(fc.integer({ min: 0, max: text.length - 1 }), character, (at, replacement) => {
      const changed = text.slice(0, at) + replacement + text.slice(at + 1)
      assert.equal(parseKey(changed).kind, changed === text ? 'key' : 'malformed')
    }),
  )
})

test('two swapped neighbours make a key malformed', () => {
  const { text } = mintKey()
  for (let at = 4; at < text.length - 1; at += 1) {
    const swapped = text.slice(0, at) + text.charAt(at + 1) + text.charAt(at) + text.slice(at + 2)
    assert.equal(parseKey(swapped).kind, swapped === text ? 'key' : 'malformed')
  }
})

test('texts of another shape are malformed', () => {
  const { text } = mintKey()
  const refused = ['', 'cst_', text.slice(0, -1), `${text}0`, ` ${text}`, `${text}\n`]
  refused.push(text.toUpperCase(), `sk-${text.slice(3)}`, text.replace('_', '-'), `${text}${text}`)
  for (const other of refused) assert.equal(parseKey(other).kind, 'malformed', other)
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (other) => {
      assert.equal(parseKey(other).kind, 'malformed')
    }),
  )
})

test('only texts with the prefix look like gateway keys', () => {
  assert.ok(looksLikeGatewayKey(mintKey().text))
  assert.ok(looksLikeGatewayKey('cst_short'))
  for (const other of ['', 'sk-proj-abc', 'CST_abc', 'cst-abc', 'xcst_abc']) {
    assert.ok(!looksLikeGatewayKey(other), other)
  }
})
