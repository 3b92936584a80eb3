import { test } from 'node:test'
import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { ollama } from './index.ts'

const NDJSON = 'application/x-ndjson'
const surface = ollama.recognise({ method: 'POST', path: '/api/chat', query: '' }) ?? assert.fail()

const PASSING: readonly string[] = [
  '{"message":{"content":"a"},"done":false}',
  '{"message":{"content":"\\"done\\":true"},"done":false}',
  '{"message":{"tool_calls":[{"function":{"arguments":{"done":true,"error":"x","status":"success"}}}]},"done":false}',
  '{"done":"true"}',
  '{"done":1}',
  '{"error":null,"done":false}',
  '{"status":"pulling manifest"}',
  '{"status":"verifying success"}',
  'not json "done":true',
  '',
]
const ENDING: readonly (readonly [string, boolean])[] = [
  ['{"message":{"content":""},"done":true,"done_reason":"stop"}', false],
  ['{"done" : true}', false],
  ['{"\\u0064one":true}', false],
  ['{"status":"success"}', false],
  ['{"error":"ran out of memory"}', true],
  ['{"error":{"message":"m"},"done":true}', true],
]

test('the last line is withheld from its first byte, however the stream is split', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...PASSING), { maxLength: 5 }),
      fc.constantFrom(...ENDING),
      fc.constantFrom('\n', '\r\n'),
      fc.array(fc.nat(), { maxLength: 10 }),
      (before, [end, failed], eol, cuts) => {
        const head = before.map((line) => line + eol).join('')
        const bytes = Buffer.from(head + end + eol)
        const follower = ollama.follow(surface, NDJSON) ?? assert.fail()
        const places = [
          ...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length]),
        ].sort((a, b) => a - b)
        let released = 0
        for (const [i, place] of places.entries()) {
          released = follower.push(bytes.subarray(places[i - 1] ?? 0, place))
          assert.ok(released <= head.length)
        }
        assert.equal(released, head.length)
        assert.deepEqual([follower.terminal, follower.failed], [true, failed])
      },
    ),
    { numRuns: 300 },
  )
})

test('lines that only look like the last are released', () => {
  for (const line of PASSING) {
    const follower = ollama.follow(surface, NDJSON) ?? assert.fail()
    assert.equal(follower.push(Buffer.from(`${line}\n`)), line.length + 1, line)
    assert.equal(follower.terminal, false, line)
  }
})

test('only line streams are followed', () => {
  for (const type of ['application/json', '', 'text/event-stream', 'application/x-ndjsonx'])
    assert.equal(ollama.follow(surface, type), null, type)
  assert.equal(ollama.framing(surface, 'Application/X-NDJSON; charset=utf-8'), 'ndjson')
})
