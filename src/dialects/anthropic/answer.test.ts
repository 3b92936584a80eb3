/** Anthropic answers are put together from streams and bodies, and errors look like Anthropic's own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import Anthropic, { APIError } from '@anthropic-ai/sdk'
import * as fc from 'fast-check'
import { pushAll } from '../../../test/harness/exact-spans.ts'
import type { AnswerView, StreamFollower, Surface } from '../../model/dialect.ts'
import { anthropic } from './index.ts'

function surfaceOf(path: string): Surface {
  const surface = anthropic.recognise({ method: 'POST', path, query: '' })
  assert.ok(surface !== null)
  return surface
}

const MESSAGES = surfaceOf('/v1/messages')
const SSE = 'text/event-stream; charset=utf-8'

const read = (body: string | Buffer, contentType = SSE): AnswerView =>
  anthropic.readAnswer(MESSAGES, contentType, Buffer.from(body))

function follow(path = '/v1/messages'): StreamFollower {
  const follower = anthropic.follow(surfaceOf(path), SSE)
  assert.ok(follower !== null)
  return follower
}

const event = (name: string, data: unknown): string =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`

const BODY = [
  event('message_start', {
    type: 'message_start',
    message: {
      id: 'msg_01',
      type: 'message',
      role: 'assistant',
      model: 'claude-x-1',
      content: [],
      usage: {
        input_tokens: 20,
        cache_read_input_tokens: 100,
        cache_creation_input_tokens: 3,
        output_tokens: 1,
      },
    },
  }),
  event('content_block_start', {
    type: 'content_block_start',
    index: 0,
    content_block: { type: 'thinking', thinking: '', signature: '' },
  }),
  event('ping', { type: 'ping' }),
  event('content_block_delta', {
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'thinking_delta', thinking: 'Let me ' },
  }),
  event('content_block_delta', {
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'thinking_delta', thinking: 'see.' },
  }),
  event('content_block_delta', {
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'signature_delta', signature: 'EqQB' },
  }),
  event('content_block_stop', { type: 'content_block_stop', index: 0 }),
  event('content_block_start', {
    type: 'content_block_start',
    index: 1,
    content_block: { type: 'text', text: '' },
  }),
  event('content_block_delta', {
    type: 'content_block_delta',
    index: 1,
    delta: { type: 'text_delta', text: 'Grüße' },
  }),
  event('content_block_delta', {
    type: 'content_block_delta',
    index: 1,
    delta: { type: 'text_delta', text: ' 👋' },
  }),
  event('content_block_stop', { type: 'content_block_stop', index: 1 }),
  event('content_block_start', {
    type: 'content_block_start',
    index: 2,
    content_block: { type: 'tool_use', id: 'toolu_1', name: 'run', input: {} },
  }),
  event('content_block_delta', {
    type: 'content_block_delta',
    index: 2,
    delta: { type: 'input_json_delta', partial_json: '' },
  }),
  event('content_block_delta', {
    type: 'content_block_delta',
    index: 2,
    delta: { type: 'input_json_delta', partial_json: '{"n": 1' },
  }),
  event('content_block_delta', {
    type: 'content_block_delta',
    index: 2,
    delta: { type: 'input_json_delta', partial_json: '.0}' },
  }),
  event('content_block_stop', { type: 'content_block_stop', index: 2 }),
  event('content_block_start', {
    type: 'content_block_start',
    index: 3,
    content_block: { type: 'tool_use', id: 'toolu_2', name: 'list', input: {} },
  }),
  event('content_block_stop', { type: 'content_block_stop', index: 3 }),
  event('message_delta', {
    type: 'message_delta',
    delta: { stop_reason: 'tool_use', stop_sequence: null },
    usage: { output_tokens: 42 },
  }),
].join('')
const STOP = event('message_stop', { type: 'message_stop' })

test('a stream is put together with reasoning, text, tool calls and usage', () => {
  assert.deepEqual(read(BODY + STOP), {
    text: 'Grüße 👋',
    reasoning: 'Let me see.',
    refusal: '',
    toolCalls: [
      { id: 'toolu_1', name: 'run', arguments: '{"n": 1.0}' },
      { id: 'toolu_2', name: 'list', arguments: '{}' },
    ],
    finishReason: 'tool_use',
    model: 'claude-x-1',
    responseId: 'msg_01',
    usage: { inputTokens: 123, outputTokens: 42, cachedInputTokens: 100, reasoningTokens: null },
    error: null,
    events: 20,
  })
})

test('usage that a later event repeats is not counted twice', () => {
  const usage = {
    input_tokens: 20,
    cache_read_input_tokens: 100,
    cache_creation_input_tokens: 3,
    output_tokens: 50,
  }
  const repeated = event('message_delta', { type: 'message_delta', delta: {}, usage })
  assert.equal(read(BODY + repeated).usage.inputTokens, 123)
  assert.equal(read(BODY + repeated).usage.outputTokens, 50)
})

test('a whole message keeps tool arguments exactly as written', () => {
  const body = `{"id":"msg_2","type":"message","role":"assistant","model":"m","content":[
    {"type":"thinking","thinking":"hm","signature":"x"},{"type":"text","text":"ok"},
    {"type":"tool_use","id":"t","name":"run","input":{"big": 12345678901234567890, "f":1.0}}],
    "stop_reason":"tool_use","usage":{"input_tokens":3,"output_tokens":4}}`
  const answer = read(body, 'application/json')
  assert.deepEqual(answer.toolCalls, [
    { id: 't', name: 'run', arguments: '{"big": 12345678901234567890, "f":1.0}' },
  ])
  assert.deepEqual(
    [answer.text, answer.reasoning, answer.finishReason, answer.responseId],
    ['ok', 'hm', 'tool_use', 'msg_2'],
  )
  assert.equal(answer.usage.inputTokens, 3)
})

test('errors are shown whether they come as a body or in the stream', () => {
  const data = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
  assert.equal(read(JSON.stringify(data), 'application/json').error, 'Overloaded')
  const answer = read(BODY + event('error', data))
  assert.equal(answer.error, 'Overloaded')
  assert.equal(answer.text, 'Grüße 👋')
})

test('a token count and a legacy completion are read', () => {
  assert.equal(read('{"input_tokens":17}', 'application/json').usage.inputTokens, 17)
  const legacy =
    '{"type":"completion","id":"c1","completion":" Hi","stop_reason":"stop_sequence","model":"m"}'
  for (const [body, type] of [
    [legacy, 'application/json'],
    [`event: completion\ndata: ${legacy}\n\n`, SSE],
  ] as const) {
    const answer = read(body, type)
    assert.deepEqual(
      [answer.text, answer.finishReason, answer.responseId, answer.model],
      [' Hi', 'stop_sequence', 'c1', 'm'],
    )
  }
})

test('message_stop and error are withheld, everything before them is not', () => {
  const failed = event('error', { type: 'error', error: { type: 'api_error', message: 'x' } })
  for (const [last, isFailed] of [
    [STOP, false],
    [failed, true],
    ['data: { "type": "message_stop"}\n\n', false],
    ['event: message_stop\ndata: {}\n\n', false],
    ['event: x\ndata: {"type":"error"}\n\n', true],
  ] as const) {
    const bytes = Buffer.from(`${BODY}${last}`)
    for (const step of [1, 100, 100_000]) {
      const follower = follow()
      assert.equal(pushAll(follower, bytes, step), Buffer.byteLength(BODY))
      assert.deepEqual([follower.terminal, follower.failed], [true, isFailed])
    }
  }
})

test('text that speaks of message_stop is not terminal', () => {
  const talk = event('content_block_delta', {
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'text_delta', text: 'event: message_stop\n\n"type":"message_stop"' },
  })
  const follower = follow()
  assert.equal(pushAll(follower, Buffer.from(talk), 3), Buffer.byteLength(talk))
  assert.equal(follower.terminal, false)
})

test('a legacy stream ends with the event that has a stop reason', () => {
  const first = event('completion', {
    type: 'completion',
    completion: ' "stop_reason":"x"',
    stop_reason: null,
  })
  const last = event('completion', {
    type: 'completion',
    completion: '',
    stop_reason: 'stop_sequence',
  })
  const follower = follow('/v1/complete')
  assert.equal(pushAll(follower, Buffer.from(first + last), 9), first.length)
  assert.equal(follower.terminal, true)
})

test('only event streams of generating surfaces are followed', () => {
  assert.equal(anthropic.follow(MESSAGES, 'application/json'), null)
  assert.equal(anthropic.follow(surfaceOf('/v1/messages/count_tokens'), SSE), null)
  assert.equal(anthropic.framing(MESSAGES, 'Text/Event-Stream;charset=utf-8'), 'sse')
  assert.equal(anthropic.framing(MESSAGES, 'application/json'), 'none')
})

test('an error is rendered as the SDKs read it, whole and in a stream', () => {
  const error = {
    code: 'upstream.timeout',
    status: 504,
    message: 'Too "slow".',
    exchangeId: 'ex_1',
  }
  const rendered = anthropic.renderError(MESSAGES, error)
  const expected = {
    type: 'error',
    error: {
      type: 'custody_upstream',
      message: 'Too "slow".',
      details: { error_code: 'upstream.timeout' },
    },
    request_id: 'ex_1',
  }
  assert.equal(rendered.status, 504)
  assert.deepEqual(rendered.headers, { 'content-type': 'application/json', 'request-id': 'ex_1' })
  assert.deepEqual(JSON.parse(rendered.body.toString()), expected)
  const streamed = anthropic.renderStreamError(MESSAGES, error)
  assert.equal(streamed?.toString(), `event: error\ndata: ${JSON.stringify(expected)}\n\n`)
  assert.equal(read(BODY + streamed?.toString()).error, 'Too "slow".')
  assert.equal(anthropic.renderStreamError(surfaceOf('/v1/models'), error), null)
})

/** The vendor's client over an answer that never was on a network. */
function clientOf(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): Anthropic {
  return new Anthropic({
    apiKey: 'unused',
    maxRetries: 0,
    fetch: () => Promise.resolve(new Response(body, { status, headers })),
  })
}

const ASK = { model: 'm', max_tokens: 5, messages: [] }
const ERROR = { code: 'upstream.reset', status: 502, message: 'Refused here.', exchangeId: 'ex_1' }

test('the vendor client raises a rendered error with its text and exchange id', async () => {
  const { status, headers, body } = anthropic.renderError(MESSAGES, ERROR)
  await assert.rejects(clientOf(status, headers, body.toString()).messages.create(ASK), (error) => {
    assert.ok(error instanceof APIError)
    assert.deepEqual([error.status, error.requestID], [502, 'ex_1'])
    assert.match(error.message, /Refused here\./u)
    return true
  })
})

test('the vendor client reads a stream up to a rendered error and raises that', async () => {
  const last = anthropic.renderStreamError(MESSAGES, ERROR)?.toString() ?? ''
  const client = clientOf(200, { 'content-type': SSE }, BODY + last)
  let text = ''
  const drain = async (): Promise<void> => {
    for await (const seen of await client.messages.create({ ...ASK, stream: true })) {
      if (seen.type === 'content_block_delta' && seen.delta.type === 'text_delta')
        text += seen.delta.text
    }
  }
  await assert.rejects(drain, /Refused here\./u)
  assert.equal(text, 'Grüße 👋')
})

test('any prefix and any garbage is read without an exception', () => {
  const bytes = Buffer.from(BODY + STOP)
  for (let end = 0; end < bytes.length; end += 7) {
    read(bytes.subarray(0, end))
    read(bytes.subarray(0, end), 'application/json')
  }
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), fc.uint8Array(), (text, garbage) => {
      for (const type of [SSE, 'application/json', '']) {
        read(text, type)
        read(`data: ${text}\n\n`, type)
        read(Buffer.from(garbage), type)
      }
    }),
  )
})
