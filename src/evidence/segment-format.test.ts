import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import * as fc from 'fast-check'
import { newInstanceId } from '../lib/ids.ts'
import { EpochKeys } from './epoch-keys.ts'
import { contentOf } from './drafts.ts'
import { fixedKeyProvider, localRootKey } from './key-provider.ts'
import {
  blankFrame,
  bodyCrcMatches,
  decodeFrameHead,
  decodeHeader,
  encodeHeader,
  frameDigest,
  markGroupStart,
  type FrameType,
  type SegmentHeader,
} from './segment-format.ts'

const provider = fixedKeyProvider(localRootKey(Buffer.alloc(32, 7)))
const instance = newInstanceId(1_700_000_000_000)
const identity = { instance, segment: 3 }
const { keys, wrapped } = await EpochKeys.make(identity, ['default', 'legal'], provider)
const header: SegmentHeader = {
  ...identity,
  createdAtMs: 1_700_000_000_123,
  previousSegment: 2,
  previousEnd: 4711,
  ...wrapped,
}

const types: readonly FrameType[] = [
  'opening',
  'block',
  'list',
  'request',
  'answer',
  'closing',
  'refusal',
  'event',
]
let ordinal = 0

function seal(plain: Buffer, type: FrameType = 'answer', retentionClass = 'default'): Buffer {
  const id = type === 'block' || type === 'list' ? Buffer.alloc(32, 9) : null
  ordinal += 1
  return keys.seal(
    contentOf(type, 'ex_00000000000000000000000000', plain, id),
    retentionClass,
    ordinal,
  )
}

function headOf(frame: Buffer) {
  const reading = decodeFrameHead(frame)
  assert.equal(reading.kind, 'ok')
  return reading.kind === 'ok' ? reading.value : assert.fail()
}

function opens(frame: Buffer, by: EpochKeys = keys): boolean {
  const reading = decodeFrameHead(frame)
  if (reading.kind !== 'ok' || reading.value.length !== frame.length) return false
  if (reading.value.erased || !bodyCrcMatches(frame)) return false
  try {
    by.open(frame, reading.value)
    return true
  } catch {
    return false
  }
}

/** Makes the checksums fit again, as a forger would. */
function forge(frame: Buffer): Buffer {
  const copy = Buffer.from(frame)
  const head = Buffer.from(copy.subarray(0, 80))
  head[5] = 0
  copy.writeUInt32LE(crc32(head), 80)
  copy.writeUInt32LE(crc32(copy.subarray(84, -4)), copy.length - 4)
  return copy
}

test('a frame gives its payload back, of any type, size and class', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 6000 }),
      fc.constantFrom(...types),
      fc.constantFrom('default', 'legal'),
      (bytes, type, retentionClass) => {
        const plain = Buffer.concat([
          Buffer.from(bytes),
          Buffer.alloc(bytes.length % 7 === 0 ? 5000 : 0),
        ])
        const frame = seal(plain, type, retentionClass)
        if (bytes.length % 2 === 0) markGroupStart(frame)
        const head = headOf(frame)
        assert.equal(head.type, type)
        assert.equal(head.startsGroup, bytes.length % 2 === 0)
        assert.equal(head.plainLength, plain.length)
        assert.ok(bodyCrcMatches(frame))
        assert.deepEqual(keys.open(frame, head), plain)
      },
    ),
    { numRuns: 200 },
  )
})

test('a changed bit anywhere in a frame is noticed, also when the checksums are made to fit', () => {
  const frame = seal(Buffer.from('the quick brown fox jumps over the lazy dog'))
  for (let at = 0; at < frame.length; at += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      const copy = Buffer.from(frame)
      copy[at] = (copy[at] ?? 0) ^ (1 << bit)
      assert.equal(opens(copy), false, `bit ${bit} of byte ${at}`)
      // The group mark alone is not authenticated: it says nothing about the content.
      const isGroupMark = at === 7 && bit === 1
      const isChecksum = (at >= 80 && at < 84) || at >= frame.length - 4
      if (!isGroupMark && !isChecksum)
        assert.equal(opens(forge(copy)), false, `forged bit ${bit} of byte ${at}`)
    }
  }
})

test('a frame opens in no other place: another segment, instance, class or ordinal refuses it', async () => {
  const frame = seal(Buffer.from('secret'))
  const other = { ...header, segment: 4 }
  await assert.rejects(EpochKeys.unwrap(other, other, provider))
  const elsewhere = { ...header, instance: newInstanceId(5) }
  await assert.rejects(EpochKeys.unwrap(elsewhere, elsewhere, provider))
  const swapped = header.epochKeys.map((key, i) => ({
    ...key,
    wrapped: wrapped.epochKeys[1 - i]!.wrapped,
  }))
  await assert.rejects(EpochKeys.unwrap(header, { ...header, epochKeys: swapped }, provider))
  await assert.rejects(
    EpochKeys.unwrap(header, header, fixedKeyProvider(localRootKey(Buffer.alloc(32, 8)))),
    /wrapped by/,
  )
  const moved = Buffer.from(frame)
  moved.writeUInt32LE(99, 8)
  assert.equal(opens(forge(moved)), false)
  const again = await EpochKeys.unwrap(header, header, provider)
  assert.equal(opens(frame, again), true)
})

test('an erased frame keeps its header and its digest, and loses everything else', () => {
  const live = seal(Buffer.from('to be forgotten'))
  const frame = blankFrame(live)
  const head = headOf(frame)
  assert.equal(head.erased, true)
  assert.equal(head.plainLength, 15)
  assert.equal(frame.length, live.length)
  assert.equal(opens(frame), false)
  assert.equal(frameDigest(frame), frameDigest(live))
  assert.ok(frame.subarray(116).every((byte) => byte === 0))
})

test('the digest of a frame is that of its bytes as sealed, whether it begins a group or not', () => {
  const frame = seal(Buffer.from('first of its group'))
  const sealed = hash('sha256', frame, 'hex')
  assert.equal(frameDigest(frame), sealed)
  markGroupStart(frame)
  assert.notEqual(hash('sha256', frame, 'hex'), sealed)
  assert.equal(frameDigest(frame), sealed)
  assert.equal(frameDigest(blankFrame(frame)), sealed)
  assert.equal(headOf(blankFrame(frame)).startsGroup, true)
  for (let at = 0; at < frame.length; at += 1) {
    if (at === 5 || at === 7 || (at >= 80 && at < 84)) continue
    const copy = Buffer.from(frame)
    copy[at] = (copy[at] ?? 0) ^ 0x10
    assert.notEqual(frameDigest(copy), sealed, `byte ${at}`)
  }
})

function asVersion(version: number): Buffer {
  const encoded = encodeHeader(header)
  encoded.writeUInt16LE(version, 8)
  encoded.writeUInt32LE(crc32(encoded.subarray(0, -4)), encoded.length - 4)
  return encoded
}

test('a segment of the first version is read like one of the second', () => {
  assert.deepEqual(decodeHeader(asVersion(1)), decodeHeader(encodeHeader(header)))
})

test('unknown versions, types, flags and states are refused by name', () => {
  for (const version of [0, 3]) assert.equal(decodeHeader(asVersion(version)).kind, 'unknown')
  const frame = seal(Buffer.from('x'))
  for (const [at, value] of [
    [4, 9],
    [4, 0],
    [7, 8],
    [7, 5],
    [5, 2],
  ] as const) {
    const copy = Buffer.from(frame)
    copy[at] = value
    assert.equal(decodeFrameHead(forge(copy)).kind, 'unknown', `${at} = ${value}`)
  }
})

test('a header comes back whole and every changed bit of it is noticed', () => {
  const encoded = encodeHeader(header)
  const reading = decodeHeader(Buffer.concat([encoded, Buffer.alloc(100)]))
  assert.deepEqual(reading, { kind: 'ok', value: { header, length: encoded.length } })
  for (let at = 0; at < encoded.length; at += 1) {
    const copy = Buffer.from(encoded)
    copy[at] = (copy[at] ?? 0) ^ 0x10
    assert.notEqual(decodeHeader(copy).kind, 'ok', `byte ${at}`)
  }
  for (let cut = 1; cut < encoded.length; cut += 1) {
    assert.notEqual(decodeHeader(encoded.subarray(0, cut)).kind, 'ok')
  }
})

test('zeros are the end, and rubbish is bad, never a crash', () => {
  assert.equal(decodeFrameHead(Buffer.alloc(200)).kind, 'end')
  assert.equal(decodeFrameHead(Buffer.alloc(0)).kind, 'end')
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 84, maxLength: 300 }), (bytes) => {
      const reading = decodeFrameHead(Buffer.from(bytes))
      assert.ok(reading.kind === 'bad' || bytes.every((byte) => byte === 0))
      decodeHeader(Buffer.from(bytes))
    }),
  )
})
