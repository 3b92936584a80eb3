import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime'
import type {
  BedrockRuntimeClientConfig,
  Message,
  TokenUsage,
} from '@aws-sdk/client-bedrock-runtime'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import {
  assembled,
  assertHistoryStoredOnce,
  assertRow,
  startTappedGateway,
} from '../harness/faithful.ts'
import type { TappedGateway } from '../harness/faithful.ts'
import { noise } from '../harness/noise.ts'

const SYSTEM = noise('system prompt', 24_000)
const TOOLS = {
  tools: [
    {
      toolSpec: {
        name: 'weather',
        inputSchema: { json: { type: 'object', properties: { city: { type: 'string' } } } },
      },
    },
  ],
}

const user = (text: string): Message => ({ role: 'user', content: [{ text }] })

function clientOf(
  tapped: TappedGateway,
  options: Partial<BedrockRuntimeClientConfig> = {},
  prefix = '/bedrock/us-east-1',
): BedrockRuntimeClient & Disposable {
  const client = new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: tapped.url + prefix,
    token: { token: tapped.key },
    authSchemePreference: ['httpBearerAuth'],
    ...options,
  })
  return Object.assign(client, { [Symbol.dispose]: () => client.destroy() })
}

/** The default handler speaks HTTP/2 with prior knowledge; the other one is what its guide offers instead. */
for (const [name, httpVersion, options] of [
  ['the AWS client over HTTP/2', '2', (): Partial<BedrockRuntimeClientConfig> => ({})],
  ['the AWS client over HTTP/1.1', '1.1', () => ({ requestHandler: new NodeHttpHandler() })],
] as const) {
  test(`${name}: Converse and ConverseStream pass byte for byte and are recorded with usage`, async () => {
    await using tapped = await startTappedGateway()
    using client = clientOf(tapped, options())
    const messages = [user('Grüße, 世界 🎈, slowly now')]
    const whole = await client.send(new ConverseCommand({ modelId: 'echo', messages }))
    assert.equal(whole.output?.message?.content?.[0]?.text, 'Grüße, 世界 🎈, slowly now')
    const { stream } = await client.send(
      new ConverseStreamCommand({ modelId: 'us.anthropic.echo-slow-v1:0', messages }),
    )
    let text = ''
    let usage: TokenUsage | undefined
    for await (const event of stream ?? []) {
      text += event.contentBlockDelta?.delta?.text ?? ''
      usage = event.metadata?.usage ?? usage
    }
    assert.equal(text, 'Grüße, 世界 🎈, slowly now')
    const [first, second] = await tapped.traffic()
    assert.deepEqual(
      [first!, second!].map(({ tapped: { httpVersion: version } }) => version),
      [httpVersion, httpVersion],
    )
    assertRow(first!, {
      upstream: 'bedrock',
      surface: 'bedrock.converse',
      state: 'complete',
      status: 200,
      model: 'echo',
      stream: false,
      finishReason: 'end_turn',
      inputTokens: whole.usage!.inputTokens!,
      outputTokens: whole.usage!.outputTokens!,
    })
    assertRow(second!, {
      upstream: 'bedrock',
      surface: 'bedrock.converse-stream',
      state: 'complete',
      status: 200,
      model: 'us.anthropic.echo-slow-v1:0',
      stream: true,
      finishReason: 'end_turn',
      inputTokens: usage!.inputTokens!,
      outputTokens: usage!.outputTokens!,
    })
    assert.equal(assembled(second!).text, text)
    const times = second!.record.answerChunks.map(({ atMs }) => atMs)
    assert.ok(times.length > 4 && times.at(-1)! > times[0]!, 'each event keeps its own time')
  })

  test(`${name}: InvokeModel and its stream pass byte for byte and are recorded with usage`, async () => {
    await using tapped = await startTappedGateway()
    using client = clientOf(tapped, options())
    const input = {
      modelId: 'anthropic.echo-v1:0',
      contentType: 'application/json',
      body: JSON.stringify({
        anthropic_version: 'bedrock-2023-05-31',
        max_tokens: 100,
        messages: [{ role: 'user', content: 'hello there' }],
      }),
    }
    const whole = await client.send(new InvokeModelCommand(input))
    const message = JSON.parse(whole.body.transformToString())
    assert.equal(message.content[0].text, 'hello there')
    const { body } = await client.send(new InvokeModelWithResponseStreamCommand(input))
    let text = ''
    for await (const { chunk } of body ?? []) {
      text += JSON.parse(Buffer.from(chunk?.bytes ?? []).toString()).delta?.text ?? ''
    }
    assert.equal(text, 'hello there')
    const [first, second] = await tapped.traffic()
    const tokens = {
      inputTokens: message.usage.input_tokens,
      outputTokens: message.usage.output_tokens,
      model: 'anthropic.echo-v1:0',
    }
    assertRow(first!, { surface: 'bedrock.invoke', stream: false, ...tokens })
    assertRow(second!, {
      surface: 'bedrock.invoke-with-response-stream',
      stream: true,
      ...tokens,
    })
    assert.equal(assembled(second!).text, 'hello there')
  })

  test(`${name}: a tool conversation of two turns stores its history once`, async () => {
    await using tapped = await startTappedGateway()
    using client = clientOf(tapped, options())
    const request = { modelId: 'tool', system: [{ text: SYSTEM }], toolConfig: TOOLS }
    const question = user('{"city" : "Rome"}')
    const asked = await client.send(new ConverseStreamCommand({ ...request, messages: [question] }))
    let json = ''
    let toolUseId = ''
    for await (const event of asked.stream ?? []) {
      toolUseId += event.contentBlockStart?.start?.toolUse?.toolUseId ?? ''
      json += event.contentBlockDelta?.delta?.toolUse?.input ?? ''
    }
    assert.equal(json, '{"city" : "Rome"}')
    const toolUse = { toolUseId, name: 'weather', input: { city: 'Rome' } }
    const toolResult = { toolUseId, content: [{ text: 'sunny' }] }
    const answered = await client.send(
      new ConverseCommand({
        ...request,
        messages: [
          question,
          { role: 'assistant', content: [{ toolUse }] },
          { role: 'user', content: [{ toolResult }] },
        ],
      }),
    )
    assert.match(answered.output?.message?.content?.[0]?.text ?? '', /^The tool answered: .*sunny/)
    const [first, second] = await tapped.traffic()
    assert.deepEqual(first!.record.facts.toolNames, ['weather'])
    assertRow(first!, { finishReason: 'tool_use' })
    assert.deepEqual(assembled(first!).toolCalls, [
      { id: toolUseId, name: 'weather', arguments: json },
    ])
    assertHistoryStoredOnce(first!, second!, SYSTEM.length)
  })

  test(`${name}: errors of the provider pass, and the client sends as many requests as without us`, async () => {
    for (const [status, type, requests] of [
      [400, 'ValidationException', 1],
      [403, 'AccessDeniedException', 1],
      [404, 'ResourceNotFoundException', 1],
      [429, 'ThrottlingException', 3],
      [500, 'InternalServerException', 3],
    ] as const) {
      await using tapped = await startTappedGateway()
      using client = clientOf(tapped, options())
      const command = new ConverseCommand({ modelId: `error-${status}`, messages: [user('x')] })
      await assert.rejects(client.send(command), { name: type })
      const traffic = await tapped.traffic()
      assert.equal(traffic.length, requests, String(status))
      for (const one of traffic) assertRow(one, { status, state: 'complete' })
    }
  })

  test(`${name}: an abort in mid-stream ends the provider's call and closes the record`, async () => {
    await using tapped = await startTappedGateway()
    using client = clientOf(tapped, options())
    const abort = new AbortController()
    const { stream } = await client.send(
      new ConverseStreamCommand({
        modelId: 'echo-slow',
        messages: [user('word '.repeat(400))],
      }),
      { abortSignal: abort.signal },
    )
    const readUntilAbort = async (): Promise<void> => {
      let events = 0
      for await (const _ of stream ?? []) {
        events += 1
        // Leaving the loop is not enough: over HTTP/2 this client then lets the stream run to its end.
        if (events === 5) abort.abort()
      }
    }
    // Over HTTP/2 the loop just ends, over HTTP/1.1 it raises.
    await readUntilAbort().catch(() => undefined)
    const [only] = await tapped.traffic()
    assertRow(only!, { state: 'interrupted', stream: true, model: 'echo-slow' })
    assert.equal(only!.record.closing?.outcome, 'caller-aborted')
    assert.equal(only!.received?.aborted, true)
  })

  test(`${name}: a wrong key is refused in its own words and reaches no provider`, async () => {
    await using tapped = await startTappedGateway()
    using client = clientOf(tapped, { ...options(), token: { token: 'not-ours' } })
    const command = new ConverseCommand({ modelId: 'echo', messages: [user('x')] })
    await assert.rejects(client.send(command), (error) => {
      assert.ok(error instanceof Error)
      assert.match(error.message, /gateway key/)
      return true
    })
    const [only, ...others] = await tapped.traffic()
    assertRow(only!, { state: 'refused', status: 401 })
    assert.equal(others.length, 0)
  })

  test(`${name}: regions, ARNs, the single-origin layout and the path tag reach Bedrock`, async () => {
    await using tapped = await startTappedGateway()
    const arn = 'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.echo-v1:0'
    for (const prefix of [
      '',
      '/bedrock',
      '/bedrock/eu-central-1',
      '/t/ci/bedrock/eu-west-1',
      '/t/ci',
    ]) {
      using client = clientOf(tapped, options(), prefix)
      const command = new ConverseCommand({ modelId: arn, messages: [user('hi')] })
      const answer = await client.send(command)
      assert.equal(answer.output?.message?.content?.[0]?.text, 'hi')
      const last = (await tapped.traffic()).at(-1)!
      const declaredService = prefix.startsWith('/t/') ? 'ci' : ''
      assertRow(last, { upstream: 'bedrock', model: arn, status: 200, declaredService })
    }
  })
}

test('an AWS client that signs its requests is told to send a gateway key, and nothing is forwarded', async () => {
  await using tapped = await startTappedGateway()
  using client = clientOf(tapped, {
    authSchemePreference: ['aws.auth#sigv4'],
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'none' },
  })
  const command = new ConverseCommand({ modelId: 'echo', messages: [user('x')] })
  await assert.rejects(client.send(command), /gateway key/)
  const [only, ...others] = await tapped.traffic()
  assertRow(only!, { state: 'refused', status: 401 })
  assert.equal(others.length, 0)
})

test('the AWS client needs only its environment variables', async () => {
  await using tapped = await startTappedGateway()
  process.env['AWS_ENDPOINT_URL_BEDROCK_RUNTIME'] = `${tapped.url}/bedrock/us-east-1`
  process.env['AWS_BEARER_TOKEN_BEDROCK'] = tapped.key
  process.env['AWS_REGION'] = 'us-east-1'
  const client = new BedrockRuntimeClient()
  try {
    const command = new ConverseCommand({ modelId: 'echo', messages: [user('hi')] })
    const answer = await client.send(command)
    assert.equal(answer.output?.message?.content?.[0]?.text, 'hi')
  } finally {
    client.destroy()
    for (const name of [
      'AWS_ENDPOINT_URL_BEDROCK_RUNTIME',
      'AWS_BEARER_TOKEN_BEDROCK',
      'AWS_REGION',
    ])
      delete process.env[name]
  }
  const [only] = await tapped.traffic()
  assertRow(only!, { upstream: 'bedrock', status: 200, state: 'complete' })
  assert.equal(only!.tapped.httpVersion, '2')
})

test('the AWS client runs many exchanges at once on one HTTP/2 connection, each recorded apart', async () => {
  await using tapped = await startTappedGateway()
  const texts = Array.from({ length: 20 }, (_, i) => `question ${i}`)
  const client = new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: `${tapped.gateway.url}/bedrock/us-east-1`,
    token: { token: tapped.key },
    authSchemePreference: ['httpBearerAuth'],
  })
  const answers = await Promise.all(
    texts.map((text) =>
      client.send(new ConverseCommand({ modelId: 'echo', messages: [user(text)] })),
    ),
  )
  client.destroy()
  assert.deepEqual(
    answers.map(({ output }) => output?.message?.content?.[0]?.text),
    texts,
  )
  const bodies = tapped.gateway.sandbox
    .received()
    .map(({ body }) => Buffer.from(body, 'base64').toString())
  for (const text of texts)
    assert.equal(bodies.filter((body) => body.includes(`"${text}"`)).length, 1)
})

test('the AWS client that signs is known by the gateway key in its session token, which goes nowhere', async () => {
  await using tapped = await startTappedGateway()
  const credentials = {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'none',
    sessionToken: tapped.key,
  }
  const client = new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: `${tapped.url}/bedrock/us-east-1`,
    credentials,
    authSchemePreference: ['sigv4'],
    requestHandler: new NodeHttpHandler(),
    maxAttempts: 1,
  })
  try {
    const answer = await client.send(
      new ConverseCommand({ modelId: 'echo', messages: [user('signed')] }),
    )
    assert.equal(answer.output?.message?.content?.[0]?.text, 'signed')
  } finally {
    client.destroy()
  }
  const [only] = await tapped.traffic()
  assert.ok(only)
  const { received } = only.record.facts
  assert.match(JSON.stringify(received.headers), /x-amz-security-token","\(removed\)"/)
  assert.ok(!JSON.stringify(only.received).includes(tapped.key))
})
