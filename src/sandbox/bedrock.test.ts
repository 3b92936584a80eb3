import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime'
import type { ContentBlock, ConverseCommandInput } from '@aws-sdk/client-bedrock-runtime'
import { PARAGRAPH } from './scripted-answer.ts'
import type { Sandbox } from './start-sandbox.ts'
import { startSandbox } from './start-sandbox.ts'

/** Over HTTP/2 with prior knowledge, as the SDK does by itself. */
async function withClient<T>(
  sandbox: Sandbox,
  use: (client: BedrockRuntimeClient) => Promise<T>,
): Promise<T> {
  const client = new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: `${sandbox.url}/bedrock/us-east-1`,
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
    maxAttempts: 1,
  })
  try {
    return await use(client)
  } finally {
    client.destroy()
  }
}

const question = (modelId: string, text = 'Grüße 🎈'): ConverseCommandInput => ({
  modelId,
  messages: [{ role: 'user', content: [{ text }] }],
  toolConfig: {
    tools: [
      {
        toolSpec: {
          name: 'weather',
          inputSchema: { json: { type: 'object', properties: { city: { type: 'string' } } } },
        },
      },
    ],
  },
})

test('the AWS client converses over HTTP/2 and reads text, usage and request id', async () => {
  await using sandbox = await startSandbox()
  await withClient(sandbox, async (client) => {
    for (const model of ['echo', 'anthropic.echo-v1:0', 'us.anthropic.echo-v1:0']) {
      const answer = await client.send(new ConverseCommand(question(model)))
      assert.equal(answer.output?.message?.content?.[0]?.text, 'Grüße 🎈', model)
      assert.equal(answer.stopReason, 'end_turn')
      assert.ok((answer.usage?.inputTokens ?? 0) > 0)
      assert.match(String(answer.$metadata.requestId), /^0{8}-0000-4000-8000-0{11}[1-3]$/)
    }
    const answer = await client.send(new ConverseCommand(question('us.anthropic.claude-9-v1:0')))
    assert.equal(answer.output?.message?.content?.[0]?.text, PARAGRAPH)
  })
  assert.deepEqual(
    new Set(sandbox.received().map((request) => request.httpVersion)),
    new Set(['2.0']),
  )
})

test('the AWS client reads tool use and reasoning', async () => {
  await using sandbox = await startSandbox()
  await withClient(sandbox, async (client) => {
    const tool = await client.send(new ConverseCommand(question('tool', '{"city":"Rome"}')))
    assert.deepEqual(tool.output?.message?.content?.[0]?.toolUse?.input, { city: 'Rome' })
    assert.equal(tool.stopReason, 'tool_use')
    const thought = await client.send(new ConverseCommand(question('reasoning')))
    const [first] = thought.output?.message?.content ?? []
    assert.match(String(first?.reasoningContent?.reasoningText?.signature), /.{40}/)
    const block: ContentBlock = {
      toolResult: { toolUseId: 'x', content: [{ json: { sky: 'blue' } }] },
    }
    const messages = [
      ...(question('tool').messages ?? []),
      { role: 'user' as const, content: [block] },
    ]
    const after = await client.send(new ConverseCommand({ ...question('tool'), messages }))
    const text = after.output?.message?.content?.[0]?.text
    assert.equal(text, 'The tool answered: {"sky":"blue"}')
  })
})

test('the AWS client reads a converse stream', async () => {
  await using sandbox = await startSandbox()
  await withClient(sandbox, async (client) => {
    const seen: Record<string, string> = {}
    for (const model of ['echo', 'tool', 'reasoning']) {
      const { stream } = await client.send(new ConverseStreamCommand(question(model)))
      let text = ''
      let thought = ''
      let input = ''
      let stop = ''
      let tokens = 0
      for await (const event of stream ?? []) {
        text += event.contentBlockDelta?.delta?.text ?? ''
        thought += event.contentBlockDelta?.delta?.reasoningContent?.text ?? ''
        input += event.contentBlockDelta?.delta?.toolUse?.input ?? ''
        stop += event.messageStop?.stopReason ?? ''
        tokens += event.metadata?.usage?.outputTokens ?? 0
      }
      assert.ok(tokens > 0)
      seen[model] = [text, thought, input, stop].join('|')
    }
    assert.deepEqual(seen, {
      echo: 'Grüße 🎈|||end_turn',
      tool: '||{"city":"city"}|tool_use',
      reasoning: `${PARAGRAPH}|The user wrote: Grüße 🎈 One step is enough.||end_turn`,
    })
  })
})

const anthropicBody = (fields: object = {}) =>
  JSON.stringify({
    anthropic_version: 'bedrock-2023-05-31',
    max_tokens: 100,
    messages: [{ role: 'user', content: 'hello' }],
    ...fields,
  })

test('the AWS client invokes with Anthropic-shaped bodies, whole and streamed', async () => {
  await using sandbox = await startSandbox()
  await withClient(sandbox, async (client) => {
    const input = { modelId: 'anthropic.echo-v1:0', body: anthropicBody() }
    const whole = await client.send(new InvokeModelCommand(input))
    assert.equal(JSON.parse(whole.body.transformToString()).content[0].text, 'hello')
    const { body } = await client.send(new InvokeModelWithResponseStreamCommand(input))
    let text = ''
    let metrics: unknown
    for await (const { chunk } of body ?? []) {
      const event = JSON.parse(Buffer.from(chunk?.bytes ?? []).toString())
      text += event.delta?.text ?? ''
      metrics = event['amazon-bedrock-invocationMetrics']
    }
    assert.equal(text, 'hello')
    assert.deepEqual(Object.keys(metrics ?? {}).length, 4)
  })
})

test('the AWS client embeds with Titan-shaped bodies', async () => {
  await using sandbox = await startSandbox()
  await withClient(sandbox, async (client) => {
    const body = JSON.stringify({ inputText: 'hello', dimensions: 16 })
    const answer = await client.send(new InvokeModelCommand({ modelId: 'titan', body }))
    assert.equal(JSON.parse(answer.body.transformToString()).embedding.length, 16)
  })
})

test('the AWS client raises the failure that the model name asks for', async () => {
  await using sandbox = await startSandbox()
  await withClient(sandbox, async (client) => {
    for (const [status, name] of [
      [400, 'ValidationException'],
      [403, 'AccessDeniedException'],
      [429, 'ThrottlingException'],
      [500, 'InternalServerException'],
    ] as const) {
      const model = `anthropic.error-${status}-v1:0`
      await assert.rejects(client.send(new ConverseCommand(question(model))), { name })
      await assert.rejects(client.send(new ConverseStreamCommand(question(model))), { name })
    }
  })
})

test('a request without messages, or that is no JSON object, gets a ValidationException', async () => {
  await using sandbox = await startSandbox()
  for (const body of ['', '[', '[]', '{}', '{"messages":[]}']) {
    for (const verb of ['converse', 'converse-stream', 'invoke', 'invoke-with-response-stream']) {
      const url = `${sandbox.url}/model/echo/${verb}`
      const answer = await fetch(url, { method: 'POST', body })
      assert.equal(answer.status, 400, `${verb} ${body}`)
      assert.equal(answer.headers.get('x-amzn-errortype'), 'ValidationException')
    }
  }
})
