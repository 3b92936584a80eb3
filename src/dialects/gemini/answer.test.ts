/** Gemini answers are put together from streams, arrays and bodies; the last chunk is withheld. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { pushAll } from '../../../test/harness/exact-spans.ts'
import type { AnswerView, Surface } from '../../model/dialect.ts'
import { gemini } from './index.ts'

const SSE = 'text/event-stream'
const JSON_TYPE = 'application/json; charset=UTF-8'

function surfaceOf(path: string, query = ''): Surface {
  const surface = gemini.recognise({ method: 'POST', path, query })
  assert.ok(surface !== null)
  return surface
}

const STREAM = surfaceOf('/v1beta/models/g:streamGenerateContent', '?alt=sse')
const ARRAY = surfaceOf('/v1beta/models/g:streamGenerateContent')
const WHOLE = surfaceOf('/v1beta/models/g:generateContent')
const RAW = surfaceOf('/v1/projects/p/locations/l/publishers/anthropic/models/c:streamRawPredict')

const read = (body: string | Buffer, contentType = SSE): AnswerView =>
  gemini.readAnswer(STREAM, contentType, Buffer.from(body))

const chunk = (parts: string, tail = ''): string =>
  `{"candidates":[{"content":{"parts":[${parts}],"role":"model"}${tail},"index":0}],"usageMetadata":{"promptTokenCount":7},"modelVersion":"g-2-001","responseId":"r1"}`
const FIRST = [
  chunk('{"text":"Thinking.","thought":true}'),
  chunk('{"text":"Hel"}'),
  chunk('{"text":"lo {\\"finishReason\\":\\"STOP\\"}"}'),
  chunk('{"functionCall":{"id":"c1","name":"f","args":{"n":1.0, "finishReason":"no","error":1}}}'),
]
const LAST =
  '{"candidates":[{"content":{"parts":[{"text":"!"}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":5,"thoughtsTokenCount":3,"cachedContentTokenCount":2},"modelVersion":"g-2-001","responseId":"r1"}'
const ALL = [...FIRST, LAST]
const sse = (chunks: readonly string[]): string =>
  chunks.map((data) => `data: ${data}\r\n\r\n`).join('')

const EXPECTED: AnswerView = {
  text: 'Hello {"finishReason":"STOP"}!',
  reasoning: 'Thinking.',
  refusal: '',
  toolCalls: [{ id: 'c1', name: 'f', arguments: '{"n":1.0, "finishReason":"no","error":1}' }],
  finishReason: 'STOP',
  model: 'g-2-001',
  responseId: 'r1',
  usage: { inputTokens: 7, outputTokens: 8, cachedInputTokens: 2, reasoningTokens: 3 },
  error: null,
  events: 5,
}

test('the same answer is read from a stream and from a streamed array', () => {
  assert.deepEqual(read(sse(ALL)), EXPECTED)
  assert.deepEqual(read(`[${ALL.join(',\r\n')}]`, JSON_TYPE), EXPECTED)
})

test('a whole answer with several candidates shows all of them', () => {
  const body =
    '{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"},{"index":1,"content":{"parts":[{"text":"b"}]}}],"usageMetadata":{"candidatesTokenCount":2}}'
  const answer = read(body, JSON_TYPE)
  assert.deepEqual(
    [answer.text, answer.finishReason, answer.usage.outputTokens],
    ['a\n\nb', 'STOP', 2],
  )
})

test('a blocked prompt, an error and a token count are read', () => {
  const blocked = read('{"promptFeedback":{"blockReason":"SAFETY"}}', JSON_TYPE)
  assert.deepEqual([blocked.finishReason, blocked.refusal], ['SAFETY', 'SAFETY'])
  const error = '{"error":{"code":429,"message":"Quota.","status":"RESOURCE_EXHAUSTED"}}'
  for (const [body, type] of [
    [error, JSON_TYPE],
    [`[${error}]`, JSON_TYPE],
    [sse([error]), SSE],
  ] as const) {
    assert.equal(read(body, type).error, 'Quota.')
  }
  assert.equal(read('{"totalTokens":31}', JSON_TYPE).usage.inputTokens, 31)
})

test('the chunk with the finish reason is withheld, tool arguments that hold the word are not', () => {
  const before = sse(FIRST)
  for (const step of [1, 13, 100_000]) {
    const follower = gemini.follow(STREAM, SSE)
    assert.ok(follower !== null)
    assert.equal(pushAll(follower, Buffer.from(sse(ALL)), step), before.length)
    assert.deepEqual(
      [follower.terminal, follower.failed, follower.atBoundary],
      [false, false, true],
    )
    const array = gemini.follow(ARRAY, JSON_TYPE)
    assert.ok(array !== null)
    assert.equal(
      pushAll(array, Buffer.from(`[${ALL.join(',')}]`), step),
      1 + FIRST.join(',').length + 1,
    )
  }
})

/** What is let go of a stream of these chunks, and of the same chunks in an array: how many of them. */
function letGo(chunks: readonly string[], step: number): readonly [number, number] {
  const events = gemini.follow(STREAM, SSE)
  const array = gemini.follow(ARRAY, JSON_TYPE)
  assert.ok(events !== null && array !== null)
  const fromEvents = Buffer.from(sse(chunks)).subarray(
    0,
    pushAll(events, Buffer.from(sse(chunks)), step),
  )
  const whole = Buffer.from(`[${chunks.join(',')}]`)
  const fromArray = whole
    .subarray(0, pushAll(array, whole, step))
    .toString()
    .replace(/^\[|,$/gu, '')
  const elements: unknown = JSON.parse(`[${fromArray}]`)
  assert.ok(Array.isArray(elements))
  return [fromEvents.toString().split('\r\n\r\n').length - 1, elements.length]
}

test('a finish reason is let go when content follows, and held when only numbers follow', () => {
  const part = chunk('{"text":"a"}')
  const finishing = chunk('{"text":"b"}', ',"finishReason":"STOP"')
  const empty = '{"candidates":[{"finishReason":"STOP","index":1}]}'
  const numbers = '{"usageMetadata":{"promptTokenCount":7}}'
  for (const step of [1, 50, 100_000]) {
    for (const [chunks, expected] of [
      [[finishing, finishing, finishing], 2],
      [[part, finishing, numbers], 1],
      [[part, finishing, empty], 1],
      [[part, empty, part], 3],
      [[part, finishing, part, empty, numbers], 3],
      [[numbers, part], 2],
      [[finishing, numbers, '{"error":{"code":500}}'], 0],
    ] as const) {
      const seen = letGo(chunks, step)
      // The closing bracket of an array is held in any case, its elements are not.
      assert.deepEqual(seen, [expected, expected], JSON.stringify([chunks.length, step]))
    }
  }
})

test('a last chunk without its blank line is whole, half of it is not', () => {
  for (const [end, isWhole] of [
    [0, true],
    [-3, false],
    [-60, false],
  ] as const) {
    const follower = gemini.follow(STREAM, SSE)
    const bytes = Buffer.from(`data: ${LAST}`)
    follower?.push(bytes.subarray(0, bytes.length + end))
    assert.equal(follower?.atBoundary, isWhole)
  }
})

test('a blocked prompt ends the stream and an error fails it', () => {
  for (const [data, failed] of [
    ['{"promptFeedback":{"blockReason":"SAFETY"}}', false],
    ['{"error":{"code":500}}', true],
  ] as const) {
    const follower = gemini.follow(STREAM, SSE)
    assert.ok(follower !== null)
    assert.equal(pushAll(follower, Buffer.from(sse([data])), 5), 0)
    assert.deepEqual([follower.terminal, follower.failed], [true, failed])
  }
})

test('a raw prediction streams and answers like Anthropic', () => {
  const body =
    'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}\n\n'
  const follower = gemini.follow(RAW, SSE)
  assert.ok(follower !== null)
  assert.equal(
    pushAll(
      follower,
      Buffer.from(`${body}event: message_stop\ndata: {"type":"message_stop"}\n\n`),
      6,
    ),
    body.length,
  )
  assert.equal(gemini.readAnswer(RAW, SSE, Buffer.from(body)).text, 'hi')
  assert.equal(gemini.follow(RAW, JSON_TYPE), null)
})

test('what is no stream is not followed', () => {
  assert.equal(gemini.follow(WHOLE, JSON_TYPE), null)
  assert.equal(gemini.follow(surfaceOf('/v1beta/models/g:countTokens'), SSE), null)
  assert.equal(gemini.framing(STREAM, SSE), 'sse')
  assert.equal(gemini.framing(ARRAY, JSON_TYPE), 'none')
})

test('an error has the shape of Google APIs', () => {
  const error = { code: 'request.bad-json', status: 400, message: 'No.', exchangeId: 'ex_1' }
  const rendered = gemini.renderError(WHOLE, error)
  const body: unknown = JSON.parse(rendered.body.toString())
  assert.deepEqual(body, {
    error: {
      code: 400,
      message: 'No.',
      status: 'FAILED_PRECONDITION',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'request.bad-json',
          domain: 'custody',
          metadata: { exchange: 'ex_1' },
        },
      ],
    },
  })
  assert.equal(rendered.status, 400)
  const statuses = [401, 403, 413, 429, 502, 504, 507].map((status): unknown => {
    const { body: bytes } = gemini.renderError(null, { ...error, status })
    return JSON.parse(bytes.toString()).error.status
  })
  assert.deepEqual(statuses, [
    'UNAUTHENTICATED',
    'PERMISSION_DENIED',
    'FAILED_PRECONDITION',
    'RESOURCE_EXHAUSTED',
    'UNAVAILABLE',
    'DEADLINE_EXCEEDED',
    'INTERNAL',
  ])
})

test('a stream error is a chunk of the stream where one can be added', () => {
  const error = { code: 'upstream.reset', status: 502, message: 'Gone.', exchangeId: 'ex_1' }
  const streamed = gemini.renderStreamError(STREAM, error)
  assert.equal(read(sse(FIRST) + streamed?.toString()).error, 'Gone.')
  assert.equal(gemini.renderStreamError(ARRAY, error), null)
  assert.equal(gemini.renderStreamError(WHOLE, error), null)
  assert.match(gemini.renderStreamError(RAW, error)?.toString() ?? '', /^event: error\n/u)
  assert.match(gemini.renderError(RAW, error).body.toString(), /"type":"custody_upstream"/u)
})

test('any prefix and any garbage is read without an exception', () => {
  const bytes = Buffer.from(sse(ALL))
  for (let end = 0; end < bytes.length; end += 11) {
    read(bytes.subarray(0, end))
    read(bytes.subarray(0, end), JSON_TYPE)
  }
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), fc.uint8Array(), (text, garbage) => {
      for (const type of [SSE, JSON_TYPE]) {
        read(text, type)
        read(`data: {"candidates":[{"content":{"parts":[${text}]}}]}\n\n`, type)
        read(Buffer.from(garbage), type)
      }
    }),
  )
})
