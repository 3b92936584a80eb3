import { test } from 'node:test'
import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import type { AnswerView } from '../../model/dialect.ts'
import { openai } from './index.ts'

const surface =
  openai.recognise({ method: 'POST', path: '/v1/chat/completions', query: '' }) ?? assert.fail()
const JSON_TYPE = 'application/json'
const SSE_TYPE = 'text/event-stream'
const sse = (...events: readonly unknown[]): Buffer =>
  Buffer.from(
    events
      .map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`)
      .join(''),
  )
const named = (...events: readonly { readonly type: string }[]): Buffer =>
  Buffer.from(
    events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
  )
const readStream = (body: Buffer): AnswerView => openai.readAnswer(surface, SSE_TYPE, body)
const readWhole = (json: unknown): AnswerView =>
  openai.readAnswer(surface, JSON_TYPE, Buffer.from(JSON.stringify(json)))

const delta = (fields: object, rest: object = {}): object => ({
  id: 'chatcmpl-1',
  model: 'gpt-5-2026',
  choices: [{ index: 0, delta: fields, ...rest }],
})
const CHAT_USAGE = {
  prompt_tokens: 20,
  completion_tokens: 9,
  prompt_tokens_details: { cached_tokens: 16 },
  completion_tokens_details: { reasoning_tokens: 4 },
}
const USAGE = { inputTokens: 20, outputTokens: 9, cachedInputTokens: 16, reasoningTokens: 4 }
const NO_USAGE = {
  inputTokens: null,
  outputTokens: null,
  cachedInputTokens: null,
  reasoningTokens: null,
}

const CHAT_STREAM = sse(
  delta({ role: 'assistant', content: '' }),
  delta({ reasoning_content: 'think' }),
  delta({ content: 'Hel' }),
  delta({ content: 'lo' }),
  delta({
    tool_calls: [
      { index: 0, id: 'call_a', type: 'function', function: { name: 'read', arguments: '' } },
    ],
  }),
  delta({
    tool_calls: [{ index: 1, id: 'call_b', function: { name: 'write', arguments: '{"b"' } }],
  }),
  delta({ tool_calls: [{ index: 0, function: { arguments: '{"a":' } }] }),
  delta({
    tool_calls: [
      { index: 1, function: { arguments: ':2}' } },
      { index: 0, function: { arguments: '1}' } },
    ],
  }),
  delta({}, { finish_reason: 'tool_calls' }),
  { id: 'chatcmpl-1', model: 'gpt-5-2026', choices: [], usage: CHAT_USAGE },
  '[DONE]',
)

test('a chat stream is put together', () => {
  assert.deepEqual(readStream(CHAT_STREAM), {
    text: 'Hello',
    reasoning: 'think',
    refusal: '',
    toolCalls: [
      { id: 'call_a', name: 'read', arguments: '{"a":1}' },
      { id: 'call_b', name: 'write', arguments: '{"b":2}' },
    ],
    finishReason: 'tool_calls',
    model: 'gpt-5-2026',
    responseId: 'chatcmpl-1',
    usage: USAGE,
    error: null,
    events: 11,
  })
})

test('a whole chat answer reads like its stream', () => {
  const message = {
    role: 'assistant',
    content: 'Hello',
    reasoning_content: 'think',
    refusal: null,
    tool_calls: [
      { id: 'call_a', type: 'function', function: { name: 'read', arguments: '{"a":1}' } },
      { id: 'call_b', type: 'function', function: { name: 'write', arguments: '{"b":2}' } },
    ],
  }
  const whole = readWhole({
    id: 'chatcmpl-1',
    model: 'gpt-5-2026',
    choices: [{ index: 0, message, finish_reason: 'tool_calls' }],
    usage: CHAT_USAGE,
  })
  assert.deepEqual({ ...whole, events: 11 }, readStream(CHAT_STREAM))
  assert.equal(whole.events, 0)
})

test('several choices are kept apart', () => {
  const part = (index: number, content: string): object => ({
    choices: [{ index, delta: { content } }],
  })
  assert.equal(
    readStream(sse(part(1, 'b'), part(0, 'a'), part(1, 'B'), part(0, 'A'))).text,
    'aA\n\nbB',
  )
  const call = (index: number): object => ({
    choices: [
      {
        index,
        delta: {
          tool_calls: [{ index: 0, id: `c${index}`, function: { name: 'f', arguments: '{}' } }],
        },
      },
    ],
  })
  assert.deepEqual(
    readStream(sse(call(0), call(1))).toolCalls.map(({ id }) => id),
    ['c0', 'c1'],
  )
})

test('what compatible servers do differently is read as well', () => {
  assert.equal(
    readStream(sse(delta({ reasoning: 'a' }), delta({ reasoning: 'b', reasoning_content: 'b' })))
      .reasoning,
    'ab',
  )
  assert.deepEqual(
    readStream(sse(delta({}), { choices: [], x_groq: { usage: CHAT_USAGE } })).usage,
    USAGE,
  )
  const mistral = [
    { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
    { type: 'text', text: 'yes' },
  ]
  assert.deepEqual(
    [
      readStream(sse(delta({ content: mistral }))).text,
      readStream(sse(delta({ content: mistral }))).reasoning,
    ],
    ['yes', 'hm'],
  )
  const unnumbered = [
    { id: 'a', function: { name: 'f', arguments: '1' } },
    { id: 'b', function: { name: 'g', arguments: '2' } },
  ]
  assert.deepEqual(
    readStream(
      sse(
        delta({ tool_calls: unnumbered }),
        delta({ tool_calls: [{ function: { arguments: '3' } }] }),
      ),
    ).toolCalls,
    [
      { id: 'a', name: 'f', arguments: '1' },
      { id: 'b', name: 'g', arguments: '23' },
    ],
  )
  assert.deepEqual(
    readStream(
      sse(
        delta({ function_call: { name: 'f', arguments: '{' } }),
        delta({ function_call: { arguments: '}' } }),
      ),
    ).toolCalls,
    [{ id: '', name: 'f', arguments: '{}' }],
  )
  assert.equal(readStream(sse(delta({ audio: { transcript: 'spoken' } }))).text, 'spoken')
  assert.equal(readStream(sse(delta({ refusal: 'no' }))).refusal, 'no')
})

test('text completions are read, streamed and whole', () => {
  assert.equal(
    readStream(
      sse(
        { choices: [{ text: 'a', index: 0 }] },
        { choices: [{ text: 'b', index: 0, finish_reason: 'length' }] },
      ),
    ).text,
    'ab',
  )
  const whole = readWhole({
    id: 'cmpl',
    choices: [{ text: 'ab', index: 0, finish_reason: 'length' }],
  })
  assert.deepEqual([whole.text, whole.finishReason], ['ab', 'length'])
})

const OUTPUT = [
  { type: 'reasoning', id: 'rs', summary: [{ type: 'summary_text', text: 'plan' }] },
  {
    type: 'message',
    id: 'msg',
    role: 'assistant',
    content: [{ type: 'output_text', text: 'Hello' }],
  },
  { type: 'function_call', id: 'fc', call_id: 'call_a', name: 'read', arguments: '{"a":1}' },
  { type: 'custom_tool_call', id: 'ct', call_id: 'call_b', name: 'sh', input: 'ls' },
]
const RESPONSE = {
  id: 'resp_1',
  object: 'response',
  model: 'gpt-5-2026',
  status: 'completed',
  error: null,
  incomplete_details: null,
  output: OUTPUT,
  usage: {
    input_tokens: 20,
    output_tokens: 9,
    input_tokens_details: { cached_tokens: 16 },
    output_tokens_details: { reasoning_tokens: 4 },
  },
}
const EVENTS = [
  {
    type: 'response.created',
    response: { ...RESPONSE, status: 'in_progress', output: [], usage: null },
  },
  {
    type: 'response.output_item.added',
    output_index: 0,
    item: { type: 'reasoning', id: 'rs', summary: [] },
  },
  { type: 'response.reasoning_summary_text.delta', output_index: 0, item_id: 'rs', delta: 'pl' },
  { type: 'response.reasoning_summary_text.delta', output_index: 0, item_id: 'rs', delta: 'an' },
  {
    type: 'response.output_item.added',
    output_index: 1,
    item: { type: 'message', id: 'msg', content: [] },
  },
  { type: 'response.output_text.delta', output_index: 1, item_id: 'msg', delta: 'Hel' },
  { type: 'response.output_text.delta', output_index: 1, item_id: 'msg', delta: 'lo' },
  { type: 'response.output_text.done', output_index: 1, item_id: 'msg', text: 'Hello' },
  {
    type: 'response.output_item.added',
    output_index: 2,
    item: { type: 'function_call', id: 'fc', call_id: 'call_a', name: 'read', arguments: '' },
  },
  {
    type: 'response.function_call_arguments.delta',
    output_index: 2,
    item_id: 'fc',
    delta: '{"a":1}',
  },
  {
    type: 'response.output_item.added',
    output_index: 3,
    item: { type: 'custom_tool_call', id: 'ct', call_id: 'call_b', name: 'sh', input: '' },
  },
  { type: 'response.custom_tool_call_input.delta', output_index: 3, item_id: 'ct', delta: 'ls' },
]
const DONE_ITEMS = OUTPUT.map((item, i) => ({
  type: 'response.output_item.done',
  output_index: i,
  item,
}))

test('a responses stream reads the same from deltas, from finished items and from its last event', () => {
  const expected = {
    text: 'Hello',
    reasoning: 'plan',
    refusal: '',
    toolCalls: [
      { id: 'call_a', name: 'read', arguments: '{"a":1}' },
      { id: 'call_b', name: 'sh', arguments: 'ls' },
    ],
    finishReason: 'completed',
    model: 'gpt-5-2026',
    responseId: 'resp_1',
    usage: USAGE,
    error: null,
    events: 0,
  }
  assert.deepEqual(readWhole(RESPONSE), expected)
  const last = { type: 'response.completed', response: RESPONSE }
  const bare = { type: 'response.completed', response: { ...RESPONSE, output: [] } }
  for (const events of [
    [...EVENTS, last],
    [...EVENTS, ...DONE_ITEMS, bare],
    [...EVENTS, bare],
    [...DONE_ITEMS, bare],
  ]) {
    assert.deepEqual({ ...readStream(named(...events)), events: 0 }, expected)
  }
  const cut = readStream(named(...EVENTS))
  assert.deepEqual({ ...cut, events: 0 }, { ...expected, finishReason: null, usage: NO_USAGE })
})

test('calls of built-in tools are shown with what they do', () => {
  const output = [
    { type: 'local_shell_call', call_id: 'c1', action: { type: 'exec', command: ['ls'] } },
    { type: 'apply_patch_call', call_id: 'c2', operation: { type: 'delete_file', path: 'a' } },
    { type: 'code_interpreter_call', id: 'c3', code: 'print(1)' },
    { type: 'mcp_call', id: 'c4', name: 'ask', arguments: '{}' },
    { type: 'image_generation_call', id: 'c5', result: 'AAAA' },
    { type: 'function_call_output', call_id: 'c6', output: 'x' },
  ]
  assert.deepEqual(readWhole({ ...RESPONSE, output }).toolCalls, [
    { id: 'c1', name: 'local_shell_call', arguments: '{"type":"exec","command":["ls"]}' },
    { id: 'c2', name: 'apply_patch_call', arguments: '{"type":"delete_file","path":"a"}' },
    { id: 'c3', name: 'code_interpreter_call', arguments: 'print(1)' },
    { id: 'c4', name: 'ask', arguments: '{}' },
  ])
})

test('an incomplete or failed response says why', () => {
  const incomplete = {
    ...RESPONSE,
    status: 'incomplete',
    incomplete_details: { reason: 'max_output_tokens' },
  }
  assert.equal(readWhole(incomplete).finishReason, 'max_output_tokens')
  const failed = readStream(
    named({
      type: 'response.failed',
      response: { id: 'r', status: 'failed', error: { code: 'server_error', message: 'broken' } },
    } as { type: string }),
  )
  assert.deepEqual([failed.error, failed.finishReason], ['broken', 'failed'])
  assert.equal(
    readWhole({
      ...RESPONSE,
      output: [{ type: 'message', content: [{ type: 'refusal', refusal: 'I cannot' }] }],
    }).refusal,
    'I cannot',
  )
})

test('the words of the provider are kept for every shape of error', () => {
  assert.equal(readWhole({ error: { message: 'no quota', type: 't' } }).error, 'no quota')
  assert.equal(readWhole({ error: 'plain' }).error, 'plain')
  assert.equal(readWhole({ error: { code: 'only_code' } }).error, 'only_code')
  assert.equal(readWhole({ error: {} }).error, 'error without a message')
  assert.equal(readWhole({ object: 'error', message: 'old vllm' }).error, 'old vllm')
  assert.equal(
    readStream(sse(delta({ content: 'a' }), { error: { message: 'late' } })).error,
    'late',
  )
  assert.equal(
    readStream(sse({ id: 'x', choices: [], error: { message: 'beside choices' } })).error,
    'beside choices',
  )
  assert.equal(
    readStream(named({ type: 'error', message: 'flat', code: 'c' } as { type: string })).error,
    'flat',
  )
  assert.equal(
    readStream(Buffer.from('event: error\ndata: {"message":"named"}\n\n')).error,
    'named',
  )
  assert.equal(readWhole({ error: null, choices: [] }).error, null)
})

test('embeddings and transcripts give what they have', () => {
  const embedding = readWhole({
    object: 'list',
    model: 'te3',
    data: [{ embedding: [1, 2] }],
    usage: { prompt_tokens: 8, total_tokens: 8 },
  })
  assert.deepEqual([embedding.model, embedding.usage.inputTokens, embedding.text], ['te3', 8, ''])
  assert.equal(readWhole({ text: 'spoken words' }).text, 'spoken words')
  assert.equal(
    readStream(
      named(
        { type: 'transcript.text.delta', delta: 'spo' } as { type: string },
        { type: 'transcript.text.delta', delta: 'ken' } as { type: string },
      ),
    ).text,
    'spoken',
  )
})

test('every prefix of a stream is read without an error and never says more than the whole', () => {
  for (const body of [
    CHAT_STREAM,
    named(...EVENTS, ...DONE_ITEMS, { type: 'response.completed', response: RESPONSE } as {
      type: string
    }),
  ]) {
    const whole = readStream(body)
    for (let end = 0; end <= body.length; end += 1) {
      const part = readStream(body.subarray(0, end))
      assert.ok(whole.text.startsWith(part.text))
      assert.ok(whole.reasoning.startsWith(part.reasoning))
      assert.ok(part.toolCalls.length <= whole.toolCalls.length)
      openai.readAnswer(surface, JSON_TYPE, body.subarray(0, end))
    }
  }
})

test('no body makes reading fail', () => {
  const junk = fc.oneof(
    fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
  )
  const keys = fc.constantFrom(
    'choices',
    'delta',
    'message',
    'content',
    'tool_calls',
    'function',
    'index',
    'response',
    'output',
    'item',
    'type',
    'usage',
    'error',
    'output_index',
    '__proto__',
  )
  const values = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'medium' },
      fc.constantFrom(
        null,
        0,
        -1,
        1e9,
        'x',
        'response.output_item.done',
        'response.output_text.delta',
        true,
      ),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(keys, tie('value'), { maxKeys: 5 }),
    ),
  })).value
  fc.assert(
    fc.property(
      fc.oneof(
        junk,
        values.map((value) => sse(value)),
        values.map((value) => Buffer.from(JSON.stringify(value) ?? '')),
      ),
      (body) => {
        for (const type of [SSE_TYPE, JSON_TYPE, '']) {
          const view = openai.readAnswer(surface, type, body)
          assert.equal(typeof view.text, 'string')
          for (const call of view.toolCalls) assert.equal(typeof call.arguments, 'string')
        }
      },
    ),
    { numRuns: 1000 },
  )
})
