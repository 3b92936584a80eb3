import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalJson, type JsonValue } from './canonical-json.ts'
import {
  EMPTY_DRAFT,
  encodeLeaf,
  LEAF_KINDS,
  leafFault,
  parseLeaf,
  partsDigest,
  type Leaf,
} from './leaf.ts'

const digest = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex'))
const record = (prefix: string): string => `${prefix}_0123456789abcdefghjkmnpqrs`
const SEGMENT = 'in_0123456789abcdefghjkmnpqrs/3'
const FRAME = `${record('in')}/3/4711`

/** Any leaf that its kind allows. */
const anyLeaf: fc.Arbitrary<Leaf> = fc
  .record({
    kind: fc.constantFrom(...LEAF_KINDS),
    ct: digest,
    pt: digest,
    parts: fc.option(digest),
    policy: fc.option(digest),
    records: fc.array(fc.constantFrom(record('ex'), record('hold')), { maxLength: 5 }),
    opening: fc.nat({ max: 999 }),
    sequence: fc.integer({ min: 1000, max: Number.MAX_SAFE_INTEGER }),
    timeS: fc.nat(),
  })
  .map(({ kind, ct, pt, parts, policy, records, opening, sequence, timeS }): Leaf => {
    const isExchange = kind.startsWith('exchange.')
    const rest = { ...EMPTY_DRAFT, kind, sequence, logKey: '0a1b2c3d', timeS }
    if (kind === 'heartbeat') return rest
    if (kind.startsWith('log-key.')) return { ...rest, storedDigest: ct }
    if (kind.startsWith('segment.')) return { ...rest, storedDigest: ct, segment: SEGMENT }
    if (kind === 'blocks.stored')
      return { ...rest, record: record('ex'), frame: FRAME, partsDigest: pt }
    const framed = { ...rest, frame: FRAME, storedDigest: ct, plaintextCommitment: pt }
    if (!isExchange) return { ...framed, record: record('ev'), records }
    const begun = { ...framed, record: record('ex'), partsDigest: parts }
    return kind === 'exchange.closed' ? { ...begun, opening } : { ...begun, policyDigest: policy }
  })

const opened: Leaf = {
  ...EMPTY_DRAFT,
  kind: 'exchange.opened',
  record: record('ex'),
  frame: FRAME,
  storedDigest: 'a'.repeat(64),
  plaintextCommitment: 'b'.repeat(64),
  policyDigest: 'c'.repeat(64),
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

test('of the bytes of a leaf with any one changed, only leaves are read, and those in their one spelling', () => {
  const changed = fc.record({ leaf: anyLeaf, at: fc.nat(), byte: fc.nat({ max: 255 }) })
  fc.assert(
    fc.property(changed, ({ leaf, at, byte }) => {
      const bytes = encodeLeaf(leaf)
      bytes[at % bytes.length] = byte
      const reading = parseLeaf(bytes)
      if (reading.kind === 'refused') return
      assert.equal(leafFault(reading.leaf, reading.leaf.sequence), null)
      assert.ok(encodeLeaf(reading.leaf).equals(bytes))
    }),
    { numRuns: 2000 },
  )
})

test('a leaf has exactly these bytes', () => {
  assert.equal(
    encodeLeaf(opened).toString(),
    `{"at":1700000000,"ct":"${'a'.repeat(64)}","frame":"${FRAME}","key":"0a1b2c3d","kind":"exchange.opened",` +
      `"policy":"${'c'.repeat(64)}","pt":"${'b'.repeat(64)}","record":"ex_0123456789abcdefghjkmnpqrs","seq":5,"v":1}`,
  )
})

test('unknown kinds and versions, extra and missing members are refused', () => {
  const good = asJson(encodeLeaf(opened))
  assert.equal(reasonOf(good), 'ok')
  const without = (name: string): JsonValue =>
    Object.fromEntries(Object.entries(good).filter(([key]) => key !== name))
  for (const name of Object.keys(good).filter((one) => one !== 'policy'))
    assert.notEqual(reasonOf(without(name)), 'ok', name)
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
    { frame: 'in_1/2/3' },
    { frame: `${record('in')}/0/4711` },
    { frame: `${record('in')}/3/04711` },
    { parts: '' },
    { ref: 1 },
    { ref: 'all' },
    { records: [] },
    { records: [record('ex')] },
  ]
  for (const change of bad)
    assert.notEqual(reasonOf({ ...good, ...change }), 'ok', JSON.stringify(change))
  for (const value of [null, [], 'leaf', 5, [good]]) assert.notEqual(reasonOf(value), 'ok')
})

test('a closing names an earlier opening, and an event a bounded list of records', () => {
  const closed: Leaf = { ...opened, kind: 'exchange.closed', policyDigest: null, opening: 4 }
  assert.equal(leafFault(closed, 5), null)
  for (const opening of [null, 5, 6, -1, 0.5])
    assert.match(leafFault({ ...closed, opening }, 5) ?? '', /earlier opening/)
  const read: Leaf = {
    ...opened,
    kind: 'evidence.read',
    record: record('ev'),
    policyDigest: null,
    records: [record('ex')],
  }
  assert.equal(leafFault(read, 5), null)
  assert.match(leafFault({ ...read, opening: 4 }, 5) ?? '', /no opening/)
  assert.match(leafFault({ ...read, records: ['alice'] }, 5) ?? '', /malformed ids/)
  const many = Array.from({ length: 1001 }, () => record('ex'))
  assert.match(leafFault({ ...read, records: many }, 5) ?? '', /at most 1000/)
  const full = encodeLeaf({ ...read, records: many.slice(1) })
  assert.ok(full.length < 65_536)
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

test('the digest of parts depends on each part and their order', () => {
  assert.equal(partsDigest([]), null)
  const [a, b] = ['a'.repeat(64), 'b'.repeat(64)]
  const all = [partsDigest([a]), partsDigest([b]), partsDigest([a, b]), partsDigest([b, a])]
  assert.equal(new Set(all).size, 4)
})
