/** Event stream messages agree with the vendor's own codec in both directions, and no flipped bit passes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventStreamCodec, Int64 } from '@smithy/eventstream-codec'
import * as fc from 'fast-check'
import {
  createEventStreamFollower,
  encodeEventStreamMessage,
  parseEventStream,
  withPayload,
} from './aws-eventstream.ts'
import { headerText, textHeaders } from './aws-headers.ts'
import type { EventStreamHeaders, EventStreamValue } from './aws-headers.ts'

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString('utf8'),
  (text) => Buffer.from(text, 'utf8'),
)

type VendorHeaders = Parameters<typeof codec.encode>[0]['headers']

function toVendor(headers: EventStreamHeaders): VendorHeaders {
  const vendor: VendorHeaders = {}
  for (const [name, header] of headers) {
    switch (header.kind) {
      case 'long':
        vendor[name] = { type: 'long', value: Int64.fromNumber(Number(header.value)) }
        break
      case 'timestamp':
        vendor[name] = { type: 'timestamp', value: new Date(Number(header.value)) }
        break
      case 'binary':
        vendor[name] = { type: 'binary', value: new Uint8Array(header.value) }
        break
      case 'boolean':
        vendor[name] = { type: 'boolean', value: header.value }
        break
      case 'byte':
      case 'short':
      case 'integer':
        vendor[name] = { type: header.kind, value: header.value }
        break
      case 'string':
      case 'uuid':
        vendor[name] = { type: header.kind, value: header.value }
    }
  }
  return vendor
}

const bytesOf = (lengthMax: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength: lengthMax }).map((bytes) => Buffer.from(bytes))

const value: fc.Arbitrary<EventStreamValue> = fc.oneof(
  fc.boolean().map((on): EventStreamValue => ({ kind: 'boolean', value: on })),
  fc.integer({ min: -128, max: 127 }).map((at): EventStreamValue => ({ kind: 'byte', value: at })),
  fc
    .integer({ min: -32768, max: 32767 })
    .map((at): EventStreamValue => ({ kind: 'short', value: at })),
  fc.integer().map((at): EventStreamValue => ({ kind: 'integer', value: at })),
  fc.maxSafeInteger().map((at): EventStreamValue => ({ kind: 'long', value: BigInt(at) })),
  fc
    .integer({ min: 0 })
    .map((at): EventStreamValue => ({ kind: 'timestamp', value: BigInt(at) * 1000n })),
  bytesOf(40).map((bytes): EventStreamValue => ({ kind: 'binary', value: bytes })),
  fc
    .string({ unit: 'grapheme' })
    .map((text): EventStreamValue => ({ kind: 'string', value: text })),
  fc.uuid().map((text): EventStreamValue => ({ kind: 'uuid', value: text })),
)
const name = fc
  .string({ minLength: 1, maxLength: 20 })
  .filter((text) => text.isWellFormed() && text !== '__proto__')
const headers = fc
  .array(fc.tuple(name, value), { maxLength: 6 })
  .map((entries): EventStreamHeaders => new Map(entries))
const message = fc.tuple(headers, bytesOf(80))

const isTerminal = (seen: EventStreamHeaders): 'no' | 'end' | 'failed' => {
  if (headerText(seen, ':message-type') === 'exception') return 'failed'
  return headerText(seen, ':event-type') === 'messageStop' ? 'end' : 'no'
}

const delta = encodeEventStreamMessage(
  textHeaders({ ':message-type': 'event', ':event-type': 'contentBlockDelta' }),
  Buffer.from('{"delta":{"text":"hi"}}'),
)
const stop = encodeEventStreamMessage(
  textHeaders({ ':message-type': 'event', ':event-type': 'messageStop' }),
  Buffer.from('{"stopReason":"end_turn"}'),
)
const exception = encodeEventStreamMessage(
  textHeaders({ ':message-type': 'exception', ':exception-type': 'throttlingException' }),
  Buffer.from('{"message":"slow down"}'),
)

interface Followed {
  readonly released: number
  readonly terminal: boolean
  readonly failed: boolean
  readonly problem: string | null
}

function follow(bytes: Buffer, step: number): Followed {
  const follower = createEventStreamFollower(isTerminal)
  let released = 0
  for (let at = 0; at < bytes.length; at += step) {
    const next = follower.push(bytes.subarray(at, at + step))
    assert.ok(next >= released && next <= at + step)
    released = next
  }
  const { terminal, failed, problem } = follower
  return { released, terminal, failed, problem }
}

test('the vendor codec reads what we write', () => {
  fc.assert(
    fc.property(message, ([head, payload]) => {
      const decoded = codec.decode(encodeEventStreamMessage(head, payload))
      assert.deepEqual(Buffer.from(decoded.body), payload)
      const again = codec.encode({ headers: toVendor(head), body: payload })
      assert.deepEqual({ ...decoded.headers }, { ...codec.decode(again).headers })
    }),
  )
})

test('we read what the vendor codec writes, byte for byte the same message', () => {
  fc.assert(
    fc.property(message, ([head, payload]) => {
      const bytes = Buffer.from(codec.encode({ headers: toVendor(head), body: payload }))
      const { messages, problem } = parseEventStream(bytes)
      assert.equal(problem, null)
      assert.equal(messages.length, 1)
      assert.deepEqual(new Map(messages[0]!.headers), new Map(head))
      assert.deepEqual(Buffer.from(messages[0]!.payload), payload)
      // Headers may come in another order.
      const [ours] = parseEventStream(encodeEventStreamMessage(head, payload)).messages
      assert.deepEqual({ ...ours, bytes: null }, { ...messages[0], bytes: null })
      assert.ok(withPayload(messages[0]!, payload).equals(bytes))
    }),
  )
})

test('every flipped bit is found', () => {
  const bytes = Buffer.concat([delta, stop])
  for (let bit = 0; bit < delta.length * 8; bit += 1) {
    const flipped = Buffer.from(bytes)
    flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7))
    const { messages, problem } = parseEventStream(flipped)
    assert.equal(messages.length, 0)
    assert.notEqual(problem, null)
    const seen = follow(flipped, 7)
    assert.deepEqual([seen.released, seen.terminal], [0, false])
    assert.equal(seen.problem, problem)
  }
})

test('messages before the terminal one are let go whole', () => {
  const metadata = encodeEventStreamMessage(
    textHeaders({ ':event-type': 'metadata' }),
    Buffer.from('{}'),
  )
  const bytes = Buffer.concat([delta, delta, stop, metadata])
  for (const step of [1, 5, 11, 12, 13, delta.length, 100_000]) {
    assert.deepEqual(follow(bytes, step), {
      released: 2 * delta.length,
      terminal: true,
      failed: false,
      problem: null,
    })
  }
  assert.equal(follow(delta.subarray(0, -1), 3).released, 0)
})

test('an exception message is terminal and failed', () => {
  const seen = follow(Buffer.concat([delta, exception]), 9)
  assert.deepEqual([seen.released, seen.terminal, seen.failed], [delta.length, true, true])
})

test('a stream that stops within a message is not whole', () => {
  for (let end = 0; end <= delta.length; end += 1) {
    const follower = createEventStreamFollower(isTerminal)
    follower.push(delta.subarray(0, end))
    assert.equal(follower.atBoundary, end === 0 || end === delta.length)
  }
})

test('lengths outside the format are refused as soon as the prelude is there', () => {
  const prelude = (total: number, head: number): Buffer => {
    // The vendor's format has the CRC of the first eight bytes here; borrow it from the encoder's own message.
    const bytes = Buffer.alloc(12)
    bytes.writeUInt32BE(total, 0)
    bytes.writeUInt32BE(head, 4)
    bytes.writeUInt32BE(crcOf(bytes.subarray(0, 8)), 8)
    return bytes
  }
  for (const [total, head] of [
    [0, 0],
    [15, 0],
    [16, 1],
    [40, 0xffff_ffff],
    [0xffff_ffff, 0],
    [200_000, 131_073],
  ] as const) {
    const seen = follow(prelude(total, head), 5)
    assert.equal(seen.released, 0)
    assert.notEqual(seen.problem, null, `${total} ${head}`)
  }
  assert.equal(follow(prelude(16, 0), 5).problem, null)
})

function crcOf(bytes: Buffer): number {
  let crc = 0xffff_ffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? 0xedb8_8320 : 0)
  }
  return (crc ^ 0xffff_ffff) >>> 0
}

test('malformed headers under a good CRC are a problem', () => {
  const good = encodeEventStreamMessage(textHeaders({ a: 'xyz' }), Buffer.alloc(0))
  for (const head of [
    [0],
    [0, 0],
    [1],
    [1, 97],
    [1, 97, 10],
    [1, 97, 4, 0],
    [1, 97, 7, 0],
    [1, 97, 7, 0, 9, 0],
    [1, 97, 9, 1],
  ]) {
    const bytes = Buffer.alloc(16 + head.length)
    bytes.writeUInt32BE(bytes.length, 0)
    bytes.writeUInt32BE(head.length, 4)
    bytes.writeUInt32BE(crcOf(bytes.subarray(0, 8)), 8)
    bytes.set(head, 12)
    bytes.writeUInt32BE(crcOf(bytes.subarray(0, -4)), bytes.length - 4)
    assert.equal(
      parseEventStream(bytes).problem,
      'the headers of a message are malformed',
      head.join(' '),
    )
  }
  assert.equal(parseEventStream(good).problem, null)
})

test('what the format cannot carry is not written', () => {
  for (const broken of [
    textHeaders({ ['n'.repeat(256)]: '' }),
    textHeaders({ a: 'x'.repeat(65_536) }),
  ]) {
    assert.throws(() => encodeEventStreamMessage(broken, Buffer.alloc(0)), RangeError)
  }
  const wide: EventStreamHeaders = new Map([['a', { kind: 'byte', value: 128 }]])
  assert.throws(() => encodeEventStreamMessage(wide, Buffer.alloc(0)), RangeError)
})

test('any split of messages and garbage lets the same whole messages go', () => {
  const part = fc.oneof(
    fc.constantFrom(delta, stop, exception),
    message.map(([head, payload]) => encodeEventStreamMessage(head, payload)),
    bytesOf(30),
  )
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 5 }),
      fc.integer({ min: 1, max: 60 }),
      (parts, step) => {
        const bytes = Buffer.concat(parts)
        const whole = follow(bytes, bytes.length + 1)
        assert.deepEqual(follow(bytes, step), whole)
        const { messages } = parseEventStream(bytes.subarray(0, whole.released))
        assert.equal(
          messages.some(({ headers: head }) => isTerminal(head) !== 'no'),
          false,
        )
      },
    ),
  )
})
