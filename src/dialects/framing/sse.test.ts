/** The SSE follower never lets a terminal event go, whatever the line ends, the split, or the bytes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { StreamFollower } from '../../model/dialect.ts'
import { createSseFollower, createSseFollowerWith } from './sse.ts'
import type { EventJudge } from './event-judge.ts'
import type { IsTerminalEvent } from './sse.ts'
import { parseSse } from './sse-events.ts'

const isTerminal: IsTerminalEvent = (name, data) => {
  if (name === 'error') return 'failed'
  return name === 'stop' || data.subarray(0, 6).equals(Buffer.from('[DONE]')) ? 'end' : 'no'
}

function feed(follower: StreamFollower, bytes: Buffer, cuts: readonly number[] = []): number {
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  let last = 0
  let start = 0
  for (const end of [...ends, bytes.length]) {
    const released = follower.push(bytes.subarray(start, end))
    assert.ok(released >= last, 'what was let go stays let go')
    assert.ok(released <= end)
    last = released
    start = end
  }
  return last
}

function held(text: string): { released: string; held: string; follower: StreamFollower } {
  const bytes = Buffer.from(text)
  const follower = createSseFollower(isTerminal)
  const released = feed(follower, bytes)
  return {
    released: bytes.subarray(0, released).toString(),
    held: bytes.subarray(released).toString(),
    follower,
  }
}

const lineEnd = fc.constantFrom('\n', '\r\n', '\r')
const piece = fc.oneof(
  fc.constantFrom('data: a', 'data:b', 'data', 'event: tick', 'event', 'id: 7', 'retry: 1'),
  fc.constantFrom(
    ': ping',
    ':',
    '',
    '',
    'data: [DON',
    'events: stop',
    'datum: [DONE]',
    'event:  stop',
  ),
  fc.constantFrom('data: [DONE]', 'event: stop', 'event: error', `data: ${'x'.repeat(300)}`),
  fc.string({ maxLength: 12 }).filter((text) => !/[\r\n]/u.test(text)),
)
const stream = fc
  .tuple(fc.boolean(), lineEnd, fc.array(piece, { maxLength: 30 }))
  .map(([mark, end, lines]) => Buffer.from(`${mark ? '\uFEFF' : ''}${lines.join(end)}${end}${end}`))
const cuts = fc.array(fc.nat(2000), { maxLength: 12 })

test('everything before the terminal event is let go and nothing of it', () => {
  const seen = held('event: tick\ndata: 1\n\nevent: stop\ndata: {}\n\ndata: after\n\n')
  assert.equal(seen.released, 'event: tick\ndata: 1\n\n')
  assert.equal(seen.follower.terminal, true)
  assert.equal(seen.follower.failed, false)
  assert.equal(seen.follower.atBoundary, true)
})

test('an event that reports an error is terminal and failed', () => {
  const seen = held('data: 1\n\nevent: error\ndata: {"x":1}\n\n')
  assert.equal(seen.held, 'event: error\ndata: {"x":1}\n\n')
  assert.equal(seen.follower.failed, true)
})

test('all three line ends, a byte order mark and missing spaces are understood', () => {
  for (const end of ['\n', '\r\n', '\r']) {
    const text = ['\uFEFFdata:1', '', 'data:[DONE]', '', ''].join(end)
    assert.equal(held(text).held.startsWith('data:[DONE]'), true, JSON.stringify(end))
  }
})

test('the line feed behind a carriage return ends no event', () => {
  const seen = held('event: x\r\ndata: 1\r\n\r\nevent: x\r\ndata: [DONE]\r\n\r\n')
  assert.equal(seen.held, 'event: x\r\ndata: [DONE]\r\n\r\n')
})

test('a name does not outlive its event', () => {
  const follower = createSseFollower((name, data) =>
    name === '' && data.toString() === 'z' ? 'end' : 'no',
  )
  assert.equal(feed(follower, Buffer.from('event: a\ndata: z\n\ndata: z\n\n')), 18)
  assert.equal(follower.terminal, true)
})

test('a byte order mark is held until it is one, half of one belongs to the first event', () => {
  const whole = createSseFollower(isTerminal)
  const marks = [0xef, 0xbb, 0xbf].map((byte) => whole.push(Buffer.from([byte])))
  assert.deepEqual(marks, [0, 0, 3])
  assert.equal(whole.push(Buffer.from('data: [DONE]\n\n')), 3)
  const half = createSseFollower(isTerminal)
  assert.equal(half.push(Buffer.from([0xef, 0xbb])), 0)
  assert.equal(half.push(Buffer.from('\ndata: [DO')), 0)
  assert.equal(half.push(Buffer.from('NE]\n\n')), 0)
  assert.equal(half.terminal, true)
})

test('what merely resembles a terminal event is let go', () => {
  for (const text of [
    'data: [DON]\n\n',
    'data: x[DONE]\n\n',
    'Data: [DONE]\n\n',
    'datax: [DONE]\n\n',
    ' data: [DONE]\n\n',
    'event: stopped\n\n',
    'event: Stop\n\n',
    'event:  stop\n\n',
    ': data: [DONE]\n\n',
    'id: [DONE]\n\n',
    'data: [DO\ndata: NE]\n\n',
  ]) {
    assert.equal(held(text).held, '', text)
  }
})

test('an event is held until it can be told apart, a comment before it is not', () => {
  const follower = createSseFollower(isTerminal)
  const steps = [
    [': pi', 4, false],
    ['ng\n', 7, true],
    ['data: [DO', 7, false],
    ['UBT]\n', 7, false],
    ['\n', 22, true],
    [`data: ${'y'.repeat(255)}`, 22, false],
    ['y', 22 + 6 + 256, false],
    ['tail\n\n', 22 + 6 + 256 + 6, true],
  ] as const
  for (const [text, released, atBoundary] of steps) {
    assert.equal(follower.push(Buffer.from(text)), released)
    assert.equal(follower.atBoundary, atBoundary, text)
  }
})

test('a stream that stops behind a terminal event without its blank line is whole', () => {
  for (const [text, isWhole] of [
    ['data: 1\n\ndata: [DONE]', true],
    ['data: 1\n\nevent: stop\ndata: {}\n', true],
    ['data: 1\n\ndata: [DON', false],
    ['data: 1\n\ndata: 2\n', false],
  ] as const) {
    const seen = held(text)
    assert.equal(seen.follower.atBoundary, isWhole, text)
    assert.equal(seen.released, 'data: 1\n\n')
  }
})

test('an event renamed after its long data was let go still keeps its last line end back', () => {
  const text = `data: ${'z'.repeat(400)}\nevent: stop\n\n`
  const seen = held(text)
  assert.equal(seen.follower.terminal, true)
  assert.equal(seen.held, '\n')
})

test('a judge that needs the whole event holds it, up to the bound', () => {
  const judge = (): EventJudge => {
    let text = ''
    return {
      begin: () => {
        text = ''
      },
      wants: () => Number.MAX_SAFE_INTEGER,
      take: (chunk, start, end) => {
        text += chunk.toString('latin1', start, end)
      },
      verdict: () => (text.includes('LAST') ? 'end' : 'no'),
    }
  }
  const short = `data: ${'a'.repeat(900)}\n\ndata: ${'b'.repeat(500)}LAST\n\n`
  const long = `data: ${'a'.repeat(900)}\n\ndata: ${'b'.repeat(1500)}LAST\n\n`
  for (const step of [1, 7, 5000]) {
    const marks = Array.from({ length: Math.ceil(long.length / step) }, (_, at) => at * step)
    const one = createSseFollowerWith(judge(), 1000)
    assert.equal(feed(one, Buffer.from(short), marks), 908)
    const two = createSseFollowerWith(judge(), 1000)
    assert.equal(feed(two, Buffer.from(long), marks), long.length - 1)
    assert.equal(two.terminal, true)
  }
})

test('any split of any stream lets the same bytes go and ends in the same state', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        stream,
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      ),
      cuts,
      (bytes, at) => {
        const whole = createSseFollower(isTerminal)
        const split = createSseFollower(isTerminal)
        const single = createSseFollower(isTerminal)
        const released = feed(whole, bytes)
        assert.equal(feed(split, bytes, at), released)
        assert.equal(feed(single, bytes, Array.from(bytes.keys())), released)
        for (const other of [split, single]) {
          assert.equal(other.terminal, whole.terminal)
          assert.equal(other.failed, whole.failed)
          assert.equal(other.atBoundary, whole.atBoundary)
        }
      },
    ),
  )
})

test('what was let go holds no terminal event and the rest begins with one', () => {
  const decides = (event: { event: string; data: string }): boolean =>
    isTerminal(event.event, Buffer.from(event.data).subarray(0, 256)) !== 'no'
  fc.assert(
    fc.property(stream, (bytes) => {
      const follower = createSseFollower(isTerminal)
      const released = feed(follower, bytes)
      const before = bytes.subarray(0, released)
      // The added line is an event of its own, or joins the one that is not complete: the last is not dispatched.
      const dispatched = parseSse(Buffer.concat([before, Buffer.from('data: end')])).slice(0, -1)
      assert.equal(dispatched.some(decides), false)
      const first = parseSse(bytes).findIndex(decides)
      if (first !== -1) assert.equal(follower.terminal, true)
      if (!follower.terminal) assert.equal(released, bytes.length)
    }),
  )
})
