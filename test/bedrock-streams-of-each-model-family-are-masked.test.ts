import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BedrockRuntimeClient,
  ConverseStreamCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime'
import {
  encodeEventStreamMessage,
  parseEventStream,
} from '../src/dialects/framing/aws-eventstream.ts'
import { textHeaders } from '../src/dialects/framing/aws-headers.ts'
import { upstreamsAt } from './harness/data-plane.ts'
import { startGateway } from './harness/gateway.ts'
import { scriptedUpstream } from './harness/scripted-upstream.ts'

const EMAIL = 'jane.doe@example.org'
const CARD = '4111 1111 1111 1111'
const MASKING = 'masking: { packs: [strict], directions: [response] }\n'
const PIECES = ['mail jane.d', 'oe@exam', 'ple.org, card 4111 11', '11 1111 1111', ' bye']
const SHOWN = 'mail <EMAIL_ADDRESS>, card <CREDIT_CARD> bye'
const METRICS = { 'amazon-bedrock-invocationMetrics': { inputTokenCount: 1, outputTokenCount: 2 } }

interface Family {
  readonly piece: (text: string, index: number) => object
  readonly last: object
  /** The text of the model's own event, as a client of that family reads it. */
  readonly text: (event: never) => string | undefined
}

const FAMILIES: Readonly<Record<string, Family>> = {
  titan: {
    piece: (outputText, index) => ({ outputText, index, completionReason: null }),
    last: { outputText: '', completionReason: 'FINISH', ...METRICS },
    text: (event: { outputText?: string }) => event.outputText,
  },
  llama: {
    piece: (generation) => ({ generation, stop_reason: null, generation_token_count: 1 }),
    last: { generation: '', stop_reason: 'stop', ...METRICS },
    text: (event: { generation?: string }) => event.generation,
  },
  mistral: {
    piece: (text) => ({ outputs: [{ text, stop_reason: null }] }),
    last: { outputs: [{ text: '', stop_reason: 'stop' }], ...METRICS },
    text: (event: { outputs?: { text: string }[] }) => event.outputs?.[0]?.text,
  },
  cohere: {
    piece: (text) => ({ text, is_finished: false }),
    last: { is_finished: true, finish_reason: 'COMPLETE', ...METRICS },
    text: (event: { text?: string }) => event.text,
  },
  nova: {
    piece: (text) => ({ contentBlockDelta: { contentBlockIndex: 0, delta: { text } } }),
    last: { messageStop: { stopReason: 'end_turn' }, ...METRICS },
    text: (event: { contentBlockDelta?: { delta: { text?: string } } }) =>
      event.contentBlockDelta?.delta.text,
  },
  'openai on bedrock': {
    piece: (content) => ({ id: 'x', choices: [{ index: 0, delta: { content } }] }),
    last: { id: 'x', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], ...METRICS },
    text: (event: { choices?: { delta: { content?: string } }[] }) =>
      event.choices?.[0]?.delta.content,
  },
  anthropic: {
    piece: (text) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text },
    }),
    last: { type: 'message_stop', ...METRICS },
    text: (event: { delta?: { text?: string } }) => event.delta?.text,
  },
}

function chunk(event: object): Buffer {
  const bytes = Buffer.from(JSON.stringify(event)).toString('base64')
  const headers = textHeaders({
    ':event-type': 'chunk',
    ':content-type': 'application/json',
    ':message-type': 'event',
  })
  return encodeEventStreamMessage(headers, Buffer.from(JSON.stringify({ bytes, p: 'abcdef' })))
}

test('a value split over the events of any model family behind invoke is masked', async () => {
  let stream: Buffer = Buffer.alloc(0)
  await using upstream = await scriptedUpstream((socket) => {
    socket.write(
      'HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\nconnection: close\r\n\r\n',
    )
    socket.end(stream)
  })
  await using gateway = await startGateway({ yaml: MASKING + upstreamsAt(upstream.url) })
  for (const [name, { piece, last, text }] of Object.entries(FAMILIES)) {
    stream = Buffer.concat([...PIECES.map((one, at) => chunk(piece(one, at))), chunk(last)])
    const answer = await fetch(
      `${gateway.url}/bedrock/model/some.model/invoke-with-response-stream`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ prompt: 'x' }),
      },
    )
    const bytes = Buffer.from(await answer.arrayBuffer())
    const { messages, problem, end } = parseEventStream(bytes)
    assert.equal(problem, null, name)
    assert.equal(end, bytes.length, name)
    const events = messages.map(({ payload }): unknown =>
      JSON.parse(
        Buffer.from(
          (JSON.parse(payload.toString()) as { bytes: string }).bytes,
          'base64',
        ).toString(),
      ),
    )
    const said = events.map((event) => text(event as never) ?? '').join('')
    assert.equal(said, SHOWN, name)
    assert.ok(JSON.stringify(events.at(-1)).includes('invocationMetrics'), name)
  }
})

test('a stream that is not what its checksums say shows nothing of it', async () => {
  const good = Buffer.concat(PIECES.map((one, at) => chunk({ outputText: one, index: at })))
  const spoiled = Buffer.from(good)
  spoiled.writeUInt8(spoiled.readUInt8(good.length - 30) ^ 1, good.length - 30)
  let stream: Buffer = spoiled
  await using upstream = await scriptedUpstream((socket) => {
    socket.write(
      'HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\nconnection: close\r\n\r\n',
    )
    socket.end(stream)
  })
  await using gateway = await startGateway({ yaml: MASKING + upstreamsAt(upstream.url) })
  const headers = textHeaders({ ':event-type': 'chunk', ':message-type': 'event' })
  for (const body of [
    spoiled,
    encodeEventStreamMessage(headers, Buffer.from(`{"text":"${EMAIL}"}`)),
    encodeEventStreamMessage(headers, Buffer.from(EMAIL)),
    encodeEventStreamMessage(
      textHeaders({ ':event-type': 'novel', ':message-type': 'event' }),
      Buffer.from(`{"x":"${CARD}"}`),
    ),
  ]) {
    stream = body
    const answer = await fetch(
      `${gateway.url}/bedrock/model/some.model/invoke-with-response-stream`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ prompt: 'x' }),
      },
    )
    const shown = Buffer.from(await answer.arrayBuffer().catch(() => new ArrayBuffer(0)))
    assert.ok(
      !shown.includes('jane.doe@') && !shown.includes('4111 1111'),
      shown.toString('latin1'),
    )
  }
})

test('the AWS client reads masked streams over HTTP/2, tool arguments included', async () => {
  await using gateway = await startGateway({ yaml: MASKING })
  const client = new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: `${gateway.url}/bedrock/us-east-1`,
    token: { token: gateway.key },
    authSchemePreference: ['httpBearerAuth'],
  })
  try {
    const text = `mail ${EMAIL}, card ${CARD} bye`
    const said = await client.send(
      new ConverseStreamCommand({
        modelId: 'echo',
        messages: [{ role: 'user', content: [{ text }] }],
      }),
    )
    let shown = ''
    for await (const event of said.stream ?? []) shown += event.contentBlockDelta?.delta?.text ?? ''
    assert.equal(shown, SHOWN)
    const called = await client.send(
      new ConverseStreamCommand({
        modelId: 'tool',
        messages: [
          {
            role: 'user',
            content: [{ text: JSON.stringify({ to: EMAIL, password: 'x1', n: 5 }) }],
          },
        ],
        toolConfig: {
          tools: [{ toolSpec: { name: 'send', inputSchema: { json: { type: 'object' } } } }],
        },
      }),
    )
    let input = ''
    for await (const event of called.stream ?? [])
      input += event.contentBlockDelta?.delta?.toolUse?.input ?? ''
    assert.deepEqual(JSON.parse(input), {
      to: '<EMAIL_ADDRESS>',
      password: '<SECRET_FIELD>',
      n: 5,
    })
    const invoked = await client.send(
      new InvokeModelWithResponseStreamCommand({
        modelId: 'echo',
        contentType: 'application/json',
        body: JSON.stringify({
          anthropic_version: 'bedrock-2023-05-31',
          max_tokens: 100,
          messages: [{ role: 'user', content: text }],
        }),
      }),
    )
    let streamed = ''
    for await (const event of invoked.body ?? []) {
      const inner = JSON.parse(Buffer.from(event.chunk?.bytes ?? []).toString()) as {
        delta?: { text?: string }
      }
      streamed += inner.delta?.text ?? ''
    }
    assert.equal(streamed, SHOWN)
  } finally {
    client.destroy()
  }
})
