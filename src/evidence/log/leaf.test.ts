import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalJson, type JsonValue } from './canonical-json.ts'
import {
  encodeLeaf,
  LEAF_KINDS,
  leafFault,
  parseLeaf,
  plaintextCommitment,
  type Leaf,
  type LeafKind,
} from './leaf.ts'

const digest = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex'))
const record = (prefix: string): string => `${prefix}_0123456789abcdefghjkmnpqrs`

/** Any leaf that its kind allows. */
const anyLeaf: fc.Arbitrary<Leaf> = fc
  .record({
    kind: fc.constantFrom(...(Object.keys(LEAF_KINDS) as LeafKind[])),
    ct: digest,
    pt: digest,
    policy: digest,
    refs: fc.uniqueArray(fc.nat({ max: 999 }), { maxLength: 5 }),
    sequence: fc.integer({ min: 1000, max: Number.MAX_SAFE_INTEGER }),
    timeS: fc.nat(),
  })
  .map(({ kind, ct, pt, policy, refs, sequence, timeS }) => {
    const shape = LEAF_KINDS[kind]
    const sorted = refs.toSorted((a, b) => a - b)
    return {
      kind,
      record: shape.record === 'none' ? null : record(shape.record === 'exchange' ? 'ex' : 'ev'),
      storedDigest: shape.commits === 'none' ? null : ct,
      plaintextCommitment: shape.commits === 'sealed' ? pt : null,
      policyDigest: shape.policy ? policy : null,
      refs: shape.refs === 'none' ? [] : shape.refs === 'one' ? [7] : sorted,
      sequence,
      logKey: '0a1b2c3d',
      timeS,
    }
  })

const opened: Leaf = {
  kind: 'exchange.opened',
  record: record('ex'),
  storedDigest: 'a'.repeat(64),
  plaintextCommitment: 'b'.repeat(64),
  policyDigest: 'c'.repeat(64),
  refs: [],
  sequence: 5,
  logKey: '0a1b2c3d',
  timeS: 1_700_000_000,
}
const asJson = (bytes: Buffer): Record<string, JsonValue> =>
  JSON.parse(bytes.toString()) as Record<string, JsonValue>
const reasonOf = (value: JsonValue): string => {
  const reading = parseLeaf(Buffer.from(canonicalJson(value)))
  return reading.kind === 'refused' ? reading.reason : 'ok'
}

test('every leaf is canonical JSON and reads back as it was', () => {
  fc.assert(
    fc.property(anyLeaf, (leaf) => {
      assert.equal(leafFault(leaf, leaf.sequence), null)
      const bytes = encodeLeaf(leaf)
      assert.equal(bytes.toString(), canonicalJson(asJson(bytes)))
      assert.deepEqual(parseLeaf(bytes), { kind: 'ok', leaf })
    }),
  )
})

test('a leaf has exactly these bytes', () => {
  assert.equal(
    encodeLeaf(opened).toString(),
    `{"at":1700000000,"ct":"${'a'.repeat(64)}","key":"0a1b2c3d","kind":"exchange.opened",` +
      `"policy":"${'c'.repeat(64)}","pt":"${'b'.repeat(64)}","record":"ex_0123456789abcdefghjkmnpqrs","seq":5,"v":1}`,
  )
})

test('unknown kinds and versions, extra and missing members are refused', () => {
  const good = asJson(encodeLeaf(opened))
  assert.equal(reasonOf(good), 'ok')
  const without = (name: string): JsonValue =>
    Object.fromEntries(Object.entries(good).filter(([key]) => key !== name))
  for (const name of Object.keys(good)) assert.notEqual(reasonOf(without(name)), 'ok', name)
  const bad: Record<string, JsonValue>[] = [
    { kind: 'exchange.imagined' },
    { kind: 'toString' },
    { kind: 'heartbeat' },
    { v: 2 },
    { v: '1' },
    { text: 'hello' },
    { __proto__x: 1 },
    { at: -1 },
    { at: 1.5 },
    { seq: '5' },
    { seq: null },
    { key: '0A1B2C3D' },
    { ct: 'a'.repeat(63) },
    { ct: 'A'.repeat(64) },
    { ct: 'the prompt' },
    { pt: null },
    { policy: 'none' },
    { record: 'ex_alice@example.com' },
    { record: record('ev') },
    { refs: [] },
    { refs: [1] },
    { refs: 'all' },
  ]
  for (const change of bad)
    assert.notEqual(reasonOf({ ...good, ...change }), 'ok', JSON.stringify(change))
  for (const value of [null, [], 'leaf', 5, [good]]) assert.notEqual(reasonOf(value), 'ok')
})

test('references point to earlier leaves, ascending', () => {
  const closed: Leaf = { ...opened, kind: 'exchange.closed', policyDigest: null, refs: [4] }
  assert.equal(leafFault(closed, 5), null)
  for (const refs of [[], [5], [6], [-1], [0.5], [1, 2]])
    assert.match(leafFault({ ...closed, refs }, 5) ?? '', /reference/)
  const erased: Leaf = { ...closed, kind: 'evidence.erased', refs: [1, 2, 4] }
  assert.equal(leafFault(erased, 5), null)
  for (const refs of [[2, 1], [1, 1], Array.from({ length: 1001 }, (_, at) => at)])
    assert.match(leafFault({ ...erased, refs }, 5000) ?? '', /reference/)
})

test('other spellings of a leaf are refused', () => {
  const text = encodeLeaf(opened).toString()
  for (const other of [
    ` ${text}`,
    `${text}\n`,
    text.replace('"seq":5', '"seq":5.0'),
    text.replace('"seq":5', '"seq": 5'),
    text.replace('"v":1', '"v":1,"v":1'),
    text.replace('exchange.', '\\u0065xchange.'),
    '',
  ])
    assert.equal(parseLeaf(Buffer.from(other)).kind, 'refused', other)
})

test('a leaf with any bit flipped is refused or is another leaf', () => {
  fc.assert(
    fc.property(anyLeaf, fc.nat(), (leaf, place) => {
      const bytes = encodeLeaf(leaf)
      const bit = place % (bytes.length * 8)
      bytes[bit >> 3] = bytes[bit >> 3]! ^ (1 << (bit & 7))
      const reading = parseLeaf(bytes)
      if (reading.kind === 'ok') assert.deepEqual(encodeLeaf(reading.leaf), bytes)
    }),
  )
})

test('a plaintext commitment needs its salt', () => {
  const one = plaintextCommitment(Buffer.alloc(32, 1), Buffer.alloc(32, 9))
  assert.notEqual(plaintextCommitment(Buffer.alloc(32, 2), Buffer.alloc(32, 9)), one)
  assert.notEqual(plaintextCommitment(Buffer.alloc(32, 1), Buffer.alloc(32, 8)), one)
  assert.throws(() => plaintextCommitment(Buffer.alloc(0), Buffer.alloc(32)), RangeError)
})
