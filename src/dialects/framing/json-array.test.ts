/** A streamed JSON array is let go element by element up to the terminal one or its closing bracket. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { pushAll } from '../../../test/harness/exact-spans.ts'
import { createJsonArrayFollower } from './json-array.ts'
import { createKeyWatch } from './key-watch.ts'

function follow(text: string, step: number, heldBytesMax?: number): string {
  const judge = createKeyWatch([
    { depth: 1, key: 'done', means: 'end' },
    { depth: 1, key: 'error', means: 'failed' },
  ])
  const follower = createJsonArrayFollower(judge, heldBytesMax)
  const bytes = Buffer.from(text)
  const released = pushAll(follower, bytes, step)
  const state = follower.failed ? 'failed' : follower.terminal ? 'terminal' : 'open'
  return `${state}: ${bytes.toString('utf8', 0, released)}`
}

test('elements are let go up to the terminal one', () => {
  for (const step of [1, 3, 8, 1000]) {
    assert.equal(
      follow('[{"a":"]}"},\r\n{"a":2},{"done":1}\n]', step),
      'terminal: [{"a":"]}"},\r\n{"a":2},',
    )
    assert.equal(
      follow(' [{"a":{"done":1}},[3],{"error":{}}]', step),
      'failed:  [{"a":{"done":1}},[3],',
    )
  }
})

test('the closing bracket is held when no element is terminal', () => {
  for (const step of [1, 4, 1000]) {
    assert.equal(follow('[1,"done",{"a":null}\n]\n', step), 'terminal: [1,"done",{"a":null}\n')
    assert.equal(follow('[]', step), 'terminal: [')
  }
})

test('an element is held until it is complete', () => {
  assert.equal(follow('[{"a":1},{"b":"x', 2), 'open: [{"a":1},')
})

test('what is not an array is let go', () => {
  for (const text of ['{"error":{"code":400}}', 'oops', '', '  ', '"["']) {
    assert.equal(follow(text, 2), `open: ${text}`)
  }
})

test('an over-long element is let through but its last byte is held when it is terminal', () => {
  const text = `[{"a":"${'x'.repeat(50)}","done":1}]`
  for (const step of [1, 9, 1000]) {
    assert.equal(follow(text, step, 20), `terminal: ${text.slice(0, -2)}`)
    assert.equal(follow(text, step, 500), 'terminal: [')
  }
})

test('half an array is not whole, a body of another shape may be', () => {
  for (const [text, isWhole] of [
    ['[{"a":1}]', true],
    ['[{"a":1}', false],
    ['[', false],
    ['', true],
    ['{"error":{}}', true],
  ] as const) {
    const follower = createJsonArrayFollower(
      createKeyWatch([{ depth: 1, key: 'done', means: 'end' }]),
    )
    follower.push(Buffer.from(text))
    assert.equal(follower.atBoundary, isWhole, text)
  }
})

test('any split of any bytes lets the same prefix go', () => {
  const text = fc.oneof(
    fc
      .array(fc.constantFrom('[', ']', '{', '}', ',', '"', '\\', '"done":1', '"error":2', ' ', '7'))
      .map((all) => all.join('')),
    fc.json(),
  )
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 9 }), (bytes, step) => {
      assert.equal(follow(bytes, step, 12), follow(bytes, 100_000, 12))
    }),
  )
})
