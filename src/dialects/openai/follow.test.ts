import { test } from 'node:test'
import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import type { StreamFollower, Surface } from '../../model/dialect.ts'
import { openai } from './index.ts'

const SSE = 'text/event-stream; charset=utf-8'
const surfaceOf = (path: string): Surface =>
  openai.recognise({ method: 'POST', path, query: '' }) ?? assert.fail(path)
const chat = surfaceOf('/v1/chat/completions')

function followAll(chunks: readonly Buffer[]): {
  readonly released: number
  readonly follower: StreamFollower
} {
  const follower = openai.follow(chat, SSE) ?? assert.fail()
  let released = 0
  for (const chunk of chunks) released = follower.push(chunk)
  return { released, follower }
}

function split(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...places, bytes.length].map((end, i) => bytes.subarray(i === 0 ? 0 : places[i - 1], end))
}

const PASSING: readonly string[] = [
  'data: {"id":"c","choices":[{"delta":{"content":"[DONE]"}}]}',
  'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}',
  'data: {"choices":[],"usage":{"prompt_tokens":1}}',
  'data: {"error":null,"choices":[]}',
  'data: {"choices":[{"delta":{"content":"{\\"error\\":1}"}}]}',
  ': keep-alive',
  'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"response.completed"}',
  'event: response.created\ndata: {"type":"response.created","response":{"error":null}}',
  'data: {"type":"response.in_progress"}',
  `data: {"choices":[{"delta":{"content":"${'x'.repeat(700)}"}}]}`,
  'data: [DONERIGHT',
  'event: thread.message.delta\ndata: {}',
]

/** The event, and whether it reports a failure. */
const ENDING: readonly (readonly [string, boolean])[] = [
  ['data: [DONE]', false],
  ['data:[DONE]', false],
  ['event: done\ndata: [DONE]', false],
  ['data: {"error":{"message":"m"}}', true],
  ['data: { "error" : "m" }', true],
  ['data: {"object":"error","message":"m"}', true],
  ['event: error\ndata: {"type":"error"}', true],
  ['data: {"type":"error","message":"m"}', true],
  ['event: response.completed\ndata: {"type":"response.completed","response":{}}', false],
  [
    `event: response.completed\ndata: {"type":"response.completed","response":{"x":"${'y'.repeat(2000)}"}}`,
    false,
  ],
  ['data: {"type":"response.completed","response":{}}', false],
  ['data: {"sequence_number":12,"type":"response.incomplete","response":{}}', false],
  ['event: response.failed\ndata: {"type":"response.failed"}', true],
  ['event: response.cancelled\ndata: {}', false],
]

test('each ending event is withheld from its first byte, however the stream is split', () => {
  const events = fc.array(fc.constantFrom(...PASSING), { maxLength: 5 })
  fc.assert(
    fc.property(
      events,
      fc.constantFrom(...ENDING),
      fc.constantFrom('\n', '\r\n'),
      fc.array(fc.nat(), { maxLength: 12 }),
      fc.boolean(),
      (before, [end, failed], eol, cuts, more) => {
        const text = (event: string): string => `${event}\n\n`.replaceAll('\n', eol)
        const head = before.map(text).join('')
        const bytes = Buffer.from(head + text(end) + (more ? text('data: [DONE]') : ''))
        const follower = openai.follow(chat, SSE) ?? assert.fail()
        let seen = 0
        for (const chunk of split(bytes, cuts)) {
          seen += chunk.length
          const released = follower.push(chunk)
          assert.ok(released <= Math.min(seen, Buffer.byteLength(head)))
        }
        assert.equal(follower.push(Buffer.alloc(0)), Buffer.byteLength(head))
        assert.deepEqual(
          [follower.terminal, follower.failed, follower.problem],
          [true, failed, null],
        )
      },
    ),
    { numRuns: 400 },
  )
})

test('a stream without an ending event is released whole', () => {
  for (const event of PASSING) {
    const bytes = Buffer.from(`${event}\n\n`)
    const { released, follower } = followAll([bytes])
    assert.equal(released, bytes.length, event)
    assert.deepEqual([follower.terminal, follower.atBoundary], [false, true], event)
  }
})

test('the chunks with finish reason and usage pass before the end', () => {
  const head = `${PASSING[1]}\n\n${PASSING[2]}\n\n`
  assert.equal(followAll([Buffer.from(`${head}data: [DONE]\n\n`)]).released, head.length)
})

test('only event streams are followed', () => {
  for (const type of [
    'application/json',
    '',
    'text/plain',
    'text/event-streams',
    'application/x-ndjson',
    'application/json; x=text/event-stream',
  ]) {
    assert.equal(openai.follow(chat, type), null, type)
    assert.equal(openai.framing(chat, type), 'none', type)
  }
  assert.equal(openai.framing(chat, 'Text/Event-Stream'), 'sse')
})
