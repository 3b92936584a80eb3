import { test } from 'node:test'
import assert from 'node:assert/strict'
import { scanJson } from './scan.ts'
import type { JsonProblem } from './problem.ts'

const limits = { depthMax: 64, elementsMax: 100_000 }
const bytesOf = (text: string | readonly number[]): Buffer =>
  typeof text === 'string' ? Buffer.from(text) : Buffer.from(text)

const accepted: readonly string[] = [
  '0',
  '-0',
  '1',
  '-1',
  '10',
  '123456789',
  '0.5',
  '-0.5',
  '1.25',
  '1e1',
  '1E1',
  '1e+1',
  '1e-1',
  '0e0',
  '-0e-0',
  '1.5e300',
  '1e999',
  '-1e999',
  '100000000000000000000000000000000000000',
  'true',
  'false',
  'null',
  '""',
  '"a"',
  '"\u00e4"',
  '"\u{1f600}"',
  '"\u007f"',
  '"\u2028\u2029"',
  '"\\u0000"',
  '"\\""',
  '"\\\\"',
  '"\\/"',
  '"\\b\\f\\n\\r\\t"',
  '"\\u00e4"',
  '"\\uABCD"',
  '"\\uabcd"',
  '"\\ud83d\\ude00"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\u005c"',
  '"\ufffe"',
  '"/* no comment */"',
  '[]',
  '{}',
  '[[]]',
  '[{}]',
  '{"a":{}}',
  '[1,2,3]',
  '[1,"a",null,true,false,{},[]]',
  ' \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n',
  '{"":0}',
  '{"a":1,"b":2}',
  '{"a":{"a":{"a":1}}}',
  '[{"a":1},{"a":1}]',
  '{"a":1,"A":2}',
  '{"\\u0061b":1,"a":2}',
  '{"\\n":1,"n":2}',
  '{"a\\"":1,"a":2}',
  '{ "a" : 1 , "b" : [ ] }',
  '[""]',
  '["a","a"]',
  '{"\u00e4":1,"a\u0308":2}',
]

const malformed: readonly (string | readonly number[])[] = [
  '',
  ' ',
  '\n',
  '[',
  ']',
  '{',
  '}',
  '[1',
  '[1,',
  '[1,]',
  '[,1]',
  '[,]',
  '[1,,2]',
  '[1 2]',
  '[1:2]',
  '["a" "b"]',
  '[]]',
  '[[]',
  '[}',
  '{]',
  '{,}',
  '{"a"}',
  '{"a":}',
  '{"a",1}',
  '{"a":1,}',
  '{"a":1,,"b":2}',
  '{"a":1 "b":2}',
  '{"a":1',
  '{"a":',
  '{"a"',
  '{"a',
  '{a:1}',
  "{'a':1}",
  '{1:1}',
  '{null:1}',
  '{"a":1}}',
  '{"a"::1}',
  '{"a":1:2}',
  '{"a" "b"}',
  '{:1}',
  '[1]x',
  '1 2',
  '{} {}',
  '"a" "b"',
  'true false',
  '[] ,',
  '1,',
  'tru',
  'truee',
  'TRUE',
  'True',
  'fals',
  'nul',
  'nulll',
  'NaN',
  'Infinity',
  '-Infinity',
  'undefined',
  'nan',
  '-',
  '+1',
  '--1',
  '-a',
  '01',
  '-01',
  '00',
  '1.',
  '.5',
  '-.5',
  '1.e1',
  '1e',
  '1e+',
  '1e-',
  '1ee1',
  '1e1.5',
  '1.2.3',
  '0x10',
  '1_000',
  '1a',
  '0b1',
  '1,000',
  '\u0661',
  '"',
  '"a',
  "'a'",
  '"\\',
  '"\\"',
  '"\\x41"',
  '"\\a"',
  '"\\0"',
  '"\\u"',
  '"\\u1"',
  '"\\u12"',
  '"\\u123"',
  '"\\u123g"',
  '"\\u 123"',
  '"\\U0041"',
  '"\\ud83d\\u12"',
  '"\t"',
  '"\n"',
  '"\r"',
  '"a\nb"',
  '"\u0000"',
  '"\u001f"',
  'a"b"',
  '"abcdefgh\u0001ijkl"',
  '"abcdefghijk\tl"',
  '{"a\tb":1}',
  '{"\\x":1}',
  '// c\n1',
  '/* c */1',
  '1/* c */',
  '[1]#',
  '\ufeff1',
  '\ufeff{}',
  '[\ufeff1]',
  '\u00a01',
  '1\u00a0',
  '\u20281',
  '\u0000',
  '1\u0000',
  '[1\u0000]',
  '\u00001',
  '[\f1]',
  '[\v1]',
  '\f',
  '\u0085[]',
  '\\u0031',
  '*',
  '@',
  '<',
  '$',
  '[1,2',
  '["\\"]',
  '{"a":"b',
  '[true',
  '[tru]',
  '{"a":tru}',
  '{"a" 1}',
  '\u{1f600}',
]

const notUtf8: readonly (readonly [readonly number[], number])[] = [
  [[0x80], 0],
  [[0x22, 0x80, 0x22], 1],
  [[0x22, 0xc0, 0xaf, 0x22], 1],
  [[0x22, 0xc1, 0x81, 0x22], 1],
  [[0x22, 0x61, 0xe0, 0x80, 0x80, 0x22], 2],
  [[0x22, 0xed, 0xa0, 0x80, 0x22], 1],
  [[0x22, 0xed, 0xbf, 0xbf, 0x22], 1],
  [[0x22, 0xf4, 0x90, 0x80, 0x80, 0x22], 1],
  [[0x22, 0xf8, 0x88, 0x80, 0x80, 0x80, 0x22], 1],
  [[0x22, 0xff, 0x22], 1],
  [[0x22, 0xfe, 0x22], 1],
  [[0x22, 0xc3, 0x22], 1],
  [[0x22, 0xc3], 1],
  [[0xff, 0xfe, 0x31, 0], 0],
  [[0xfe, 0xff, 0, 0x31], 0],
  [[0x31, 0xc3], 1],
]

const duplicates: readonly string[] = [
  '{"a":1,"a":1}',
  '{"a":1,"\\u0061":2}',
  '{"\\u0061":1,"a":2}',
  '{"\\u0061":1,"\\u0061":2}',
  '{"":1,"":2}',
  '[[{"x":{"b":1,"c":2,"b":3}}]]',
  '{"/":1,"\\/":2}',
  '{"\u00e4":1,"\\u00e4":2}',
  '{"\u{1f600}":1,"\\ud83d\\ude00":2}',
  '{"\\n":1,"\\u000a":2}',
  '{"a":{"z":1,"z":2}}',
  '{"b":{"a":1},"a":2,"b":3}',
  '{"\\ud800":1,"\\udc00":2}',
  '{"\ufffd":1,"\\ud800":2}',
  '{"\\"":1,"\\u0022":2}',
  '{ "a" : 1 , "a" : 2 }',
  '{"__proto__":1,"__proto__":2}',
]

const codeOf = (
  body: string | readonly number[],
  within = limits,
): JsonProblem['code'] | 'accepted' => {
  const scan = scanJson(bytesOf(body), within)
  return scan.kind === 'tape' ? 'accepted' : scan.problem.code
}

test('well-formed documents are accepted', () => {
  assert.ok(accepted.length >= 40)
  for (const text of accepted) assert.equal(codeOf(text), 'accepted', JSON.stringify(text))
})

test('malformed documents are refused, and JSON.parse agrees', () => {
  assert.ok(malformed.length >= 60)
  for (const text of malformed) {
    assert.equal(codeOf(text), 'malformed', JSON.stringify(text))
    assert.throws(
      () => JSON.parse(bytesOf(text).toString('utf8')),
      SyntaxError,
      JSON.stringify(text),
    )
  }
})

test('bytes that are not UTF-8 are refused at the first wrong sequence', () => {
  for (const [body, offset] of notUtf8) {
    const scan = scanJson(Buffer.from(body), limits)
    assert.equal(scan.kind === 'problem' ? scan.problem.code : null, 'not-utf8', String(body))
    assert.equal(scan.kind === 'problem' ? scan.problem.offset : null, offset, String(body))
  }
})

test('keys that decode to the same text clash at any depth', () => {
  for (const text of duplicates) {
    assert.equal(codeOf(text), 'duplicate-key', text)
    assert.doesNotThrow(() => JSON.parse(text))
  }
})

test('a clash is found in an object of any size, wherever its keys lie', () => {
  for (const size of [2, 15, 16, 17, 18, 40, 1000]) {
    const keys = Array.from({ length: size }, (_, i) => `"key${i}":${i}`)
    assert.equal(codeOf(`{${keys.join(',')}}`), 'accepted')
    for (const again of [0, size >> 1, size - 1]) {
      assert.equal(codeOf(`{${keys.join(',')},"key${again}":0}`), 'duplicate-key')
      assert.equal(codeOf(`{${keys.join(',')},"\\u006bey${again}":0}`), 'duplicate-key')
    }
  }
})

test('keys that only have the same hash do not clash', () => {
  // Known FNV-1a collisions, whole words.
  for (const [one, other] of [
    ['costarring', 'liquid'],
    ['declinate', 'macallums'],
    ['altarage', 'zinke'],
  ]) {
    assert.equal(codeOf(`{"${one}":1,"${other}":2}`), 'accepted')
    assert.equal(codeOf(`{"${one}":1,"${other}":2,"${one}":3}`), 'duplicate-key')
  }
})

test('the keys of an earlier object do not clash with those of a later one at the same depth', () => {
  const many = `{${Array.from({ length: 40 }, (_, i) => `"k${i}":[]`).join(',')}}`
  assert.equal(codeOf(`[${many},${many},{"k1":{"k1":1},"k2":2}]`), 'accepted')
})

test('depth is refused one beyond its limit, not at it', () => {
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    const nest = (depth: number): string => `${open.repeat(depth - 1)}[]${close.repeat(depth - 1)}`
    assert.equal(codeOf(nest(64)), 'accepted')
    assert.equal(codeOf(nest(65)), 'too-deep')
  }
  assert.equal(codeOf('1', { depthMax: 0, elementsMax: 1 }), 'accepted')
  assert.equal(codeOf('[]', { depthMax: 0, elementsMax: 1 }), 'too-deep')
  assert.equal(codeOf('['.repeat(1_000_000)), 'too-deep')
})

test('values are counted, containers included and keys not', () => {
  const within = { depthMax: 8, elementsMax: 4 }
  assert.equal(codeOf('[1,2,3]', within), 'accepted')
  assert.equal(codeOf('{"a":1,"b":2,"c":3}', within), 'accepted')
  assert.equal(codeOf('[1,2,3,4]', within), 'too-many-elements')
  assert.equal(codeOf('[[],[],[],[]]', within), 'too-many-elements')
  assert.equal(codeOf('{"a":1,"b":2,"c":3,"d":null}', within), 'too-many-elements')
})

test('a document with more values than the tape holds at first is scanned whole', () => {
  const values = Array.from({ length: 30_000 }, (_, i) => i)
  const scan = scanJson(Buffer.from(JSON.stringify(values)), limits)
  assert.ok(scan.kind === 'tape')
  assert.equal(scan.tape.size, 30_001)
  assert.deepEqual(
    [...scan.tape.children(0)].map((node) => scan.tape.number(node)),
    values,
  )
})

test('a refusal names the offset and quotes nothing of the document', () => {
  const at = (text: string): readonly [number, string] => {
    const scan = scanJson(Buffer.from(text), limits)
    assert.ok(scan.kind === 'problem')
    assert.ok(!scan.problem.message.includes('secret'))
    assert.ok(scan.problem.message.endsWith(`at byte ${scan.problem.offset}`))
    return [scan.problem.offset, scan.problem.code]
  }
  assert.deepEqual(at('{"secret": secret}'), [11, 'malformed'])
  assert.deepEqual(at('{"secret":1,"secret":2}'), [12, 'duplicate-key'])
  assert.deepEqual(at('["secret\\qsecret"]'), [8, 'malformed'])
  assert.deepEqual(at('["secret'), [8, 'malformed'])
  assert.deepEqual(at('["secret"]secret'), [10, 'malformed'])
  assert.deepEqual(at('[tsecret]'), [2, 'malformed'])
  assert.deepEqual(at(`${'['.repeat(64)}["secret"]`), [64, 'too-deep'])
})

test('the offset of the document in its memory does not matter', () => {
  const text = '{"abcdefghijklmnop":"qrstuvwxyz\\n0123456789","\u00e4":[1,2,"\u{1f600}"]}'
  for (let shift = 0; shift < 9; shift += 1) {
    const memory = Buffer.concat([
      Buffer.alloc(shift, '"'),
      Buffer.from(text),
      Buffer.alloc(9 - shift, '"'),
    ])
    const bytes = memory.subarray(shift, shift + Buffer.byteLength(text))
    const scan = scanJson(bytes, limits)
    assert.ok(scan.kind === 'tape')
    assert.equal(scan.tape.text(scan.tape.member(0, 'abcdefghijklmnop')), 'qrstuvwxyz\n0123456789')
    assert.equal(scanJson(bytes.subarray(0, -1), limits).kind, 'problem')
  }
})

test('a backslash or quote at every place of a long string is seen', () => {
  for (let place = 0; place < 24; place += 1) {
    const plain = 'x'.repeat(place)
    assert.equal(codeOf(`"${plain}\\n${plain}"`), 'accepted')
    assert.equal(codeOf(`"${plain}"${plain}x`), 'malformed')
    assert.equal(codeOf(`"${plain}\\q${plain}"`), 'malformed')
    for (const control of ['\u0000', '\u001f', '\n'])
      assert.equal(codeOf(`"${plain}${control}${plain}"`), 'malformed')
    assert.equal(codeOf(`"${plain}\u0020\u007f\u00ff${plain}"`), 'accepted')
  }
})
