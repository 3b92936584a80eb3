import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalJson, parseCanonicalJson, type JsonValue } from './canonical-json.ts'

const double = (hex: string): number => Buffer.from(hex, 'hex').readDoubleBE(0)

test('numbers are written as RFC 8785 appendix B lists them', () => {
  const table: [string, string][] = [
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ]
  for (const [bits, text] of table) assert.equal(canonicalJson(double(bits)), text)
  for (const bits of ['7fffffffffffffff', '7ff0000000000000', 'fff0000000000000'])
    assert.throws(() => canonicalJson(double(bits)), TypeError)
})

test('the example of RFC 8785 3.2.2 and the key order of 3.2.3 come out', () => {
  const value = {
    numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000f\u000aA\'\u0042\u0022\u005c\\"/',
    literals: [null, true, false],
  }
  assert.equal(
    canonicalJson(value),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  )
  const keys = { '€': 1, '\r': 2, '\ufb33': 3, '1': 4, '😀': 5, '\u0080': 6, ö: 7 }
  assert.deepEqual(
    [...canonicalJson(keys).matchAll(/:(\d)/g)].map((match) => match[1]),
    ['2', '4', '6', '7', '1', '5', '3'],
  )
})

test('what has no UTF-8 form or no end is refused', () => {
  for (const text of ['\ud800', 'a\udc00', '\udc00\ud800'])
    assert.throws(() => canonicalJson({ text }), TypeError)
  assert.throws(() => canonicalJson({ '\ud83d': 1 }), TypeError)
  let deep: JsonValue = 0
  for (let level = 0; level < 40; level += 1) deep = [deep]
  assert.throws(() => canonicalJson(deep), TypeError)
})

test('every value has one spelling, and only that one is read back', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4, stringUnit: 'grapheme' }), (raw) => {
      const value = raw as JsonValue
      const text = canonicalJson(value)
      const back = parseCanonicalJson(Buffer.from(text))
      assert.equal(canonicalJson(back), text)
      assert.equal(canonicalJson(JSON.parse(text) as JsonValue), text)
      if (value !== null) assert.equal(parseCanonicalJson(Buffer.from(` ${text}`)), null)
    }),
  )
  for (const text of [
    '{"a":1,"a":1}',
    '{"b":1,"a":1}',
    '{"a": 1}',
    '[1.0]',
    '[1e2]',
    '[-0]',
    '["\\u0041"]',
    '["\\/"]',
    '{"a":1}\n',
    '\ufeff[]',
    '[1',
    '',
  ])
    assert.equal(parseCanonicalJson(Buffer.from(text)), null, text)
  assert.equal(parseCanonicalJson(Buffer.from('5b22ff225d', 'hex')), null)
})
