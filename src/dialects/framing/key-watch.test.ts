/** A watched key ends the stream only at its own depth, as a key, with a value. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { pushAll } from '../../../test/harness/exact-spans.ts'
import { createKeyWatch } from './key-watch.ts'
import { createSseFollowerWith } from './sse.ts'

const follower = (): ReturnType<typeof createSseFollowerWith> =>
  createSseFollowerWith(
    createKeyWatch([
      { depth: 3, key: 'finishReason', means: 'end' },
      { depth: 1, key: 'error', means: 'failed' },
    ]),
  )

function verdictOf(data: string, step: number): string {
  const one = follower()
  const bytes = Buffer.from(`data: ${data}\r\n\r\n`)
  const released = pushAll(one, bytes, step)
  assert.equal(released, one.terminal ? 0 : bytes.length)
  if (!one.terminal) return 'no'
  return one.failed ? 'failed' : 'end'
}

test('the key is found at its depth, in any spelling of white space and any split', () => {
  for (const step of [1, 2, 3, 7, 1000]) {
    assert.equal(verdictOf('{"candidates":[{"content":{},"finishReason":"STOP"}]}', step), 'end')
    assert.equal(verdictOf('{"a":[{"x":"\\"}{[","finishReason" : 3}]}', step), 'end')
    assert.equal(verdictOf('{ "error" :\t{"code":5}}', step), 'failed')
  }
})

test('a key elsewhere, a null, a longer key and a text that quotes the key do not count', () => {
  for (const data of [
    '{"finishReason":"STOP"}',
    '{"a":[{"finishReason":null}]}',
    '{"a":[{"finishReasons":"STOP"}]}',
    '{"a":[{"inishReason":"STOP"}]}',
    '{"a":[{"x":"finishReason"}]}',
    '{"a":[{"x":"{\\"finishReason\\":\\"STOP\\"}"}]}',
    '{"a":[{"x":{"finishReason":"STOP"}}]}',
    '{"a":[{"x":{"error":"e"}}]}',
    '{"error":null}',
    '["finishReason", ":"]',
    'finishReason',
    '',
  ]) {
    for (const step of [1, 5, 1000]) assert.equal(verdictOf(data, step), 'no', data)
  }
})

test('one event does not leak into the next', () => {
  const one = follower()
  const first = 'data: {"a":[{"x":"fin\n\ndata: {"b":[[{"finishReason":1}]]}\n\n'
  assert.equal(
    pushAll(one, Buffer.from(`${first}data: {"a":[{"finishReason":1}]}\n\n`), 4),
    first.length,
  )
  assert.equal(one.terminal, true)
})

test('for any JSON the verdict is the one that the parsed value has', () => {
  const word = fc.constantFrom('finishReason', 'error', 'x', 'a"b', 'finishReason"', '\\')
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      word,
      fc.constantFrom(null, 1, true),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(word, tie('tree'), { maxKeys: 3 }),
    ),
  }))
  const has = (value: unknown, key: string, depth: number): boolean => {
    if (typeof value !== 'object' || value === null) return false
    return Object.entries(value).some(
      ([name, member]) =>
        (depth === 1 && !Array.isArray(value) && name === key && member !== null) ||
        has(member, key, depth - 1),
    )
  }
  fc.assert(
    fc.property(tree, fc.integer({ min: 1, max: 30 }), (value, step) => {
      const seen = verdictOf(JSON.stringify(value), step)
      const expected = has(value, 'finishReason', 3) || has(value, 'error', 1)
      assert.equal(seen !== 'no', expected)
    }),
  )
})
