/** Bedrock answers are put together from frames and bodies; the vendor's own client raises the errors we write. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime'
import * as fc from 'fast-check'
import { Readable } from 'node:stream'
import { pushAll } from '../../../test/harness/exact-spans.ts'
import type { AnswerView, CallerError, Surface } from '../../model/dialect.ts'
import { encodeEventStreamMessage } from '../framing/aws-eventstream.ts'
import { textHeaders } from '../framing/aws-headers.ts'
import { bedrock } from './index.ts'

const FRAMES = 'application/vnd.amazon.eventstream'
const JSON_TYPE = 'application/json'

function surfaceOf(path: string): Surface {
  const surface = bedrock.recognise({ method: 'POST', path, query: '' })
  assert.ok(surface !== null)
  return surface
}

const STREAM = surfaceOf('/model/m/converse-stream')
const WHOLE = surfaceOf('/model/m/converse')
const INVOKE = surfaceOf('/model/m/invoke-with-response-stream')

const frame = (name: string, data: unknown): Buffer =>
  encodeEventStreamMessage(
    textHeaders({ ':event-type': name, ':content-type': JSON_TYPE, ':message-type': 'event' }),
    Buffer.from(JSON.stringify(data)),
  )
const chunk = (event: unknown): Buffer =>
  frame('chunk', { bytes: Buffer.from(JSON.stringify(event)).toString('base64'), p: 'abcd' })
const exception = encodeEventStreamMessage(
  textHeaders({ ':exception-type': 'throttlingException', ':message-type': 'exception' }),
  Buffer.from('{"message":"Slow down."}'),
)

const read = (body: string | Buffer, contentType = JSON_TYPE): AnswerView =>
  bedrock.readAnswer(WHOLE, contentType, Buffer.from(body))

const FIRST = Buffer.concat([
  frame('messageStart', { role: 'assistant' }),
  frame('contentBlockDelta', {
    contentBlockIndex: 0,
    delta: { reasoningContent: { text: 'Hm.' } },
  }),
  frame('contentBlockDelta', {
    contentBlockIndex: 0,
    delta: { reasoningContent: { signature: 'x' } },
  }),
  frame('contentBlockStop', { contentBlockIndex: 0 }),
  frame('contentBlockDelta', { contentBlockIndex: 1, delta: { text: 'Grü' }, p: 'ab' }),
  frame('contentBlockDelta', { contentBlockIndex: 1, delta: { text: 'ße' } }),
  frame('contentBlockStop', { contentBlockIndex: 1 }),
  frame('contentBlockStart', {
    contentBlockIndex: 2,
    start: { toolUse: { toolUseId: 't1', name: 'run' } },
  }),
  frame('contentBlockDelta', { contentBlockIndex: 2, delta: { toolUse: { input: '{"n":' } } }),
  frame('contentBlockDelta', { contentBlockIndex: 2, delta: { toolUse: { input: '1.0}' } } }),
  frame('contentBlockStop', { contentBlockIndex: 2 }),
  frame('contentBlockStart', {
    contentBlockIndex: 3,
    start: { toolUse: { toolUseId: 't2', name: 'list' } },
  }),
  frame('contentBlockStop', { contentBlockIndex: 3 }),
])
const STOP = frame('messageStop', { stopReason: 'tool_use' })
const METADATA = frame('metadata', {
  usage: {
    inputTokens: 10,
    outputTokens: 6,
    totalTokens: 21,
    cacheReadInputTokens: 4,
    cacheWriteInputTokens: 1,
  },
})

test('a Converse stream is put together with reasoning, text, tool calls and usage', () => {
  assert.deepEqual(read(Buffer.concat([FIRST, STOP, METADATA]), FRAMES), {
    text: 'Grüße',
    reasoning: 'Hm.',
    refusal: '',
    toolCalls: [
      { id: 't1', name: 'run', arguments: '{"n":1.0}' },
      { id: 't2', name: 'list', arguments: '{}' },
    ],
    finishReason: 'tool_use',
    model: null,
    responseId: null,
    usage: { inputTokens: 15, outputTokens: 6, cachedInputTokens: 4, reasoningTokens: null },
    error: null,
    events: 15,
  })
})

test('a whole Converse answer keeps tool arguments exactly as written', () => {
  const answer = read(
    '{"output":{"message":{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"Hm."}}},{"text":"ok"},{"toolUse":{"toolUseId":"t","name":"f","input":{"n": 1.0}}}]}},"stopReason":"tool_use","usage":{"inputTokens":3,"outputTokens":4}}',
  )
  assert.deepEqual(
    [answer.text, answer.reasoning, answer.finishReason, answer.error],
    ['ok', 'Hm.', 'tool_use', null],
  )
  assert.deepEqual(answer.toolCalls, [{ id: 't', name: 'f', arguments: '{"n": 1.0}' }])
  assert.deepEqual([answer.usage.inputTokens, answer.usage.outputTokens], [3, 4])
})

const METRICS = { 'amazon-bedrock-invocationMetrics': { inputTokenCount: 5, outputTokenCount: 9 } }
const ANTHROPIC_FIRST = [
  {
    type: 'message_start',
    message: { id: 'msg_1', model: 'claude-x', usage: { input_tokens: 5, output_tokens: 1 } },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  {
    type: 'content_block_delta',
    index: 0,
    delta: {
      type: 'text_delta',
      text: 'say "message_stop" and "amazon-bedrock-invocationMetrics": 1',
    },
  },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } },
].map(chunk)
const ANTHROPIC_LAST = chunk({ type: 'message_stop', ...METRICS })

test('an Anthropic stream behind invoke is read and its last chunk withheld', () => {
  const first = Buffer.concat(ANTHROPIC_FIRST)
  const bytes = Buffer.concat([first, ANTHROPIC_LAST])
  const answer = bedrock.readAnswer(INVOKE, FRAMES, bytes)
  assert.match(answer.text, /^say "message_stop"/u)
  assert.deepEqual(
    [answer.finishReason, answer.responseId, answer.model, answer.events],
    ['end_turn', 'msg_1', 'claude-x', 5],
  )
  assert.deepEqual([answer.usage.inputTokens, answer.usage.outputTokens], [5, 9])
  for (const step of [1, 17, 100_000]) {
    const follower = bedrock.follow(INVOKE, FRAMES)
    assert.ok(follower !== null)
    assert.equal(pushAll(follower, bytes, step), first.length)
    assert.deepEqual([follower.terminal, follower.failed, follower.problem], [true, false, null])
  }
})

test('other models behind invoke are read from streams and bodies', () => {
  const nova = Buffer.concat([
    chunk({ messageStart: { role: 'assistant' } }),
    chunk({ contentBlockDelta: { delta: { text: 'no' }, contentBlockIndex: 0 } }),
    chunk({ contentBlockDelta: { delta: { text: 'va' }, contentBlockIndex: 0 } }),
    chunk({ messageStop: { stopReason: 'end_turn' } }),
    chunk({ metadata: { usage: { inputTokens: 2, outputTokens: 3 } }, ...METRICS }),
  ])
  const streamed = read(nova, FRAMES)
  assert.deepEqual(
    [streamed.text, streamed.finishReason, streamed.usage.outputTokens],
    ['nova', 'end_turn', 9],
  )
  const llama = read(
    Buffer.concat([
      chunk({ generation: 'a' }),
      chunk({ generation: 'b', stop_reason: 'stop', ...METRICS }),
    ]),
    FRAMES,
  )
  assert.deepEqual([llama.text, llama.finishReason, llama.usage.inputTokens], ['ab', 'stop', 5])
  const rows = [
    [
      '{"results":[{"outputText":"x","completionReason":"FINISH"}],"inputTextTokenCount":4}',
      'x',
      'FINISH',
      4,
    ],
    ['{"generation":"x","stop_reason":"stop","prompt_token_count":4}', 'x', 'stop', 4],
    ['{"outputs":[{"text":"x","stop_reason":"stop"}]}', 'x', 'stop', null],
    [
      '{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":4}}',
      'x',
      'stop',
      4,
    ],
    [
      '{"type":"message","content":[{"type":"text","text":"x"}],"stop_reason":"stop","usage":{"input_tokens":4}}',
      'x',
      'stop',
      4,
    ],
    ['{"inputTokens":4}', '', null, 4],
  ] as const
  for (const [body, text, reason, tokens] of rows) {
    const { text: seen, finishReason, usage, error } = read(body)
    assert.deepEqual(
      [seen, finishReason, usage.inputTokens, error],
      [text, reason, tokens, null],
      body,
    )
  }
})

test('errors are shown whether they come as a body, an exception or an event of the model', () => {
  assert.equal(read('{"message":"No access."}').error, 'No access.')
  const cut = read(Buffer.concat([FIRST, exception]), FRAMES)
  assert.deepEqual([cut.error, cut.text], ['Slow down.', 'Grüße'])
  const failure = chunk({ type: 'error', error: { type: 'overloaded_error', message: 'Busy.' } })
  assert.equal(read(failure, FRAMES).error, 'Busy.')
})

test('messageStop and exceptions are withheld with all that follows', () => {
  const failure = chunk({ type: 'error', error: { message: 'Busy.' } })
  for (const [last, failed] of [
    [STOP, false],
    [exception, true],
    [failure, true],
  ] as const) {
    for (const step of [1, 64, 100_000]) {
      const follower = bedrock.follow(STREAM, FRAMES)
      assert.ok(follower !== null)
      assert.equal(pushAll(follower, Buffer.concat([FIRST, last, METADATA]), step), FIRST.length)
      assert.deepEqual([follower.terminal, follower.failed], [true, failed])
    }
  }
})

test('only event streams of generating surfaces are followed', () => {
  assert.equal(bedrock.follow(WHOLE, JSON_TYPE), null)
  assert.equal(bedrock.follow(surfaceOf('/model/m/count-tokens'), FRAMES), null)
  assert.equal(bedrock.framing(STREAM, FRAMES), 'aws-eventstream')
  assert.equal(bedrock.framing(WHOLE, JSON_TYPE), 'none')
})

const ERROR: CallerError = {
  code: 'request.bad-json',
  status: 400,
  message: 'Refused here.',
  exchangeId: 'ex_1',
}

test('the exception follows from the status', () => {
  const names = [400, 413, 401, 403, 404, 429, 500, 502, 503, 504].map(
    (status) => bedrock.renderError(null, { ...ERROR, status }).headers['x-amzn-errortype'],
  )
  assert.deepEqual(names, [
    'ValidationException',
    'ValidationException',
    'AccessDeniedException',
    'AccessDeniedException',
    'ResourceNotFoundException',
    'ThrottlingException',
    'InternalServerException',
    'InternalServerException',
    'ServiceUnavailableException',
    'ModelTimeoutException',
  ])
  assert.equal(bedrock.renderStreamError(WHOLE, ERROR), null)
})

/** The vendor's client over an answer that never was on a network. */
function clientOf(
  statusCode: number,
  headers: Readonly<Record<string, string>>,
  body: readonly Buffer[],
): BedrockRuntimeClient {
  const answer = { statusCode, reason: '', headers, body: Readable.from(body) }
  return new BedrockRuntimeClient({
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    requestHandler: { handle: () => Promise.resolve({ response: answer }) },
  })
}

test('the vendor client raises a rendered error with its message', async () => {
  const { status, headers, body } = bedrock.renderError(WHOLE, ERROR)
  const client = clientOf(status, headers, [body])
  await assert.rejects(
    client.send(new ConverseCommand({ modelId: 'm', messages: [] })),
    (error: Error) => {
      assert.deepEqual([error.name, error.message], ['ValidationException', 'Refused here.'])
      return true
    },
  )
})

test('the vendor client reads a stream up to a rendered error and raises that', async () => {
  for (const [status, name] of [
    [400, 'ValidationException'],
    [502, 'InternalServerException'],
    [503, 'ServiceUnavailableException'],
    [429, 'ThrottlingException'],
  ] as const) {
    const last = bedrock.renderStreamError(STREAM, { ...ERROR, status })
    assert.ok(last !== null)
    const client = clientOf(200, { 'content-type': FRAMES }, [FIRST, last])
    const { stream } = await client.send(new ConverseStreamCommand({ modelId: 'm', messages: [] }))
    let text = ''
    const drain = async (): Promise<void> => {
      for await (const event of stream ?? []) text += event.contentBlockDelta?.delta?.text ?? ''
    }
    await assert.rejects(drain, (error: Error) => {
      assert.deepEqual([error.name, error.message], [name, 'Refused here.'])
      return true
    })
    assert.equal(text, 'Grüße')
  }
})

test('any prefix and any garbage is read without an exception', () => {
  const bytes = Buffer.concat([FIRST, ...ANTHROPIC_FIRST, STOP, METADATA])
  for (let end = 0; end < bytes.length; end += 13) read(bytes.subarray(0, end), FRAMES)
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), fc.uint8Array(), (value, name, garbage) => {
      for (const event of [
        chunk(value),
        frame(name, value),
        frame('contentBlockDelta', value),
        frame('chunk', value),
      ]) {
        read(event, FRAMES)
        bedrock.follow(INVOKE, FRAMES)?.push(event)
      }
      read(JSON.stringify(value))
      for (const type of [FRAMES, JSON_TYPE]) read(Buffer.from(garbage), type)
    }),
  )
})
