/** The NDJSON follower lets whole lines go up to the terminal one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createNdjsonFollower, parseNdjson } from './ndjson.ts'
import type { IsTerminalLine } from './ndjson.ts'

const isTerminal: IsTerminalLine = (line) => {
  const text = line.toString()
  if (text.includes('"error"')) return 'failed'
  return text.includes('"done":true') ? 'end' : 'no'
}

function run(
  bytes: Buffer,
  step: number,
  lineBytesMax?: number,
): { released: number; state: string } {
  const follower = createNdjsonFollower(isTerminal, lineBytesMax)
  let released = 0
  for (let at = 0; at < bytes.length; at += step) {
    const next = follower.push(bytes.subarray(at, at + step))
    assert.ok(next >= released)
    released = next
  }
  return { released, state: `${follower.terminal} ${follower.failed} ${follower.problem}` }
}

test('lines before the terminal line are let go, whatever the chunks', () => {
  const before = '{"done":false}\r\n\n{"a":1}\n'
  const bytes = Buffer.from(`${before}{"done":true}\n{"late":1}\n`)
  for (const step of [1, 2, 5, 9, 1000]) {
    assert.deepEqual(run(bytes, step), { released: before.length, state: 'true false null' })
  }
})

test('a line is judged without its line end', () => {
  const lines: string[] = []
  const follower = createNdjsonFollower((line) => {
    lines.push(line.toString())
    return 'no'
  })
  for (const piece of ['{"a"', ':1}\r', '\n{"b":2}\n\r\n{"c":3}\r\n'])
    follower.push(Buffer.from(piece))
  assert.deepEqual(lines, ['{"a":1}', '{"b":2}', '{"c":3}'])
})

test('a line that reports an error is terminal and failed', () => {
  assert.deepEqual(run(Buffer.from('{"a":1}\n{"error":"x"}\n'), 3), {
    released: 8,
    state: 'true true null',
  })
})

test('a line is held until it is complete', () => {
  assert.deepEqual(run(Buffer.from('{"a":1}\n{"b":2}'), 4), {
    released: 8,
    state: 'false false null',
  })
})

test('a stream that stops within a line is not whole, unless that line is the terminal one', () => {
  for (const [text, isWhole] of [
    ['', true],
    ['{"a":1}\n', true],
    ['{"a":1}\n{"b"', false],
    ['{"a":1}\n{"done":true}', true],
  ] as const) {
    const follower = createNdjsonFollower(isTerminal)
    follower.push(Buffer.from(text))
    assert.equal(follower.atBoundary, isWhole, text)
  }
})

test('a line above the bound is a problem and stops the stream before it', () => {
  const bytes = Buffer.from(`ok\n${'x'.repeat(11)}\nok\n`)
  for (const step of [1, 4, 100]) {
    assert.deepEqual(run(bytes, step, 10), {
      released: 3,
      state: 'false false a line is longer than 10 bytes',
    })
    assert.equal(run(bytes, step, 11).released, bytes.length)
  }
})

test('any split of any bytes lets the same prefix go', () => {
  const line = fc.oneof(
    fc.constantFrom('{"done":true}', '{"error":"e"}', '', '{"x":1}', '\r'),
    fc.string({ maxLength: 20 }),
  )
  const source = fc.oneof(
    fc.array(line, { maxLength: 12 }).map((lines) => Buffer.from(lines.join('\n'))),
    fc.uint8Array({ maxLength: 120 }).map((bytes) => Buffer.from(bytes)),
  )
  fc.assert(
    fc.property(source, fc.integer({ min: 1, max: 40 }), (bytes, step) => {
      const whole = run(bytes, 100_000, 16)
      assert.deepEqual(run(bytes, step, 16), whole)
      assert.ok(whole.released === 0 || bytes[whole.released - 1] === 10)
    }),
  )
})

test('parsing gives every line that is not blank, also an unfinished last one', () => {
  assert.deepEqual(parseNdjson(Buffer.from('{"a":1}\r\n\n  \n{"b"')), ['{"a":1}', '{"b"'])
  assert.deepEqual(parseNdjson(Buffer.alloc(0)), [])
})
