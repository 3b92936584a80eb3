import assert from 'node:assert/strict'
import { test } from 'node:test'
import OpenAI from 'openai'
import OpenAI6 from 'openai-6'
import { PARAGRAPH } from './scripted-answer.ts'
import { startSandbox } from './start-sandbox.ts'

const TOOLS = [
  {
    type: 'function' as const,
    function: {
      name: 'weather',
      parameters: {
        type: 'object',
        properties: { city: { type: 'string' }, days: { type: 'integer' } },
      },
    },
  },
]

const user = (content: string) => ({ role: 'user' as const, content })

for (const [name, Client] of [
  ['openai 7', OpenAI],
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same calls, older private types
  ['openai 6', OpenAI6 as unknown as typeof OpenAI],
] as const) {
  test(`${name} reads a whole chat completion with usage and request id`, async () => {
    await using sandbox = await startSandbox()
    const client = new Client({ apiKey: 'none', baseURL: `${sandbox.url}/v1` })
    const { data, request_id } = await client.chat.completions
      .create({ model: 'echo', n: 2, messages: [user('first'), user('Grüße, 世界 🎈')] })
      .withResponse()
    assert.deepEqual(
      data.choices.map((choice) => [choice.index, choice.message.content, choice.finish_reason]),
      [
        [0, 'Grüße, 世界 🎈', 'stop'],
        [1, 'Grüße, 世界 🎈', 'stop'],
      ],
    )
    assert.equal(request_id, 'req_sandbox000000000001')
    const { usage } = data
    assert.ok(usage !== undefined && usage.prompt_tokens > 0)
    assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens)
  })

  test(`${name} reads a streamed chat completion with usage at the end`, async () => {
    await using sandbox = await startSandbox()
    const client = new Client({ apiKey: 'none', baseURL: `${sandbox.url}/openai/v1` })
    const stream = client.chat.completions.stream({
      model: 'anything',
      messages: [user('hello')],
      stream_options: { include_usage: true },
    })
    const completion = await stream.finalChatCompletion()
    assert.equal(completion.choices[0]?.message.content, PARAGRAPH)
    assert.equal(completion.usage?.completion_tokens, Math.ceil(PARAGRAPH.length / 4))
  })

  test(`${name} reads tool calls, whole and in fragments`, async () => {
    await using sandbox = await startSandbox()
    const client = new Client({ apiKey: 'none', baseURL: sandbox.url })
    const question = { model: 'tool', messages: [user('what?')], tools: TOOLS }
    const whole = await client.chat.completions.create(question)
    const streamed = await client.chat.completions.stream(question).finalChatCompletion()
    for (const { choices } of [whole, streamed]) {
      const [call] = choices[0]?.message.tool_calls ?? []
      assert.equal(choices[0]?.finish_reason, 'tool_calls')
      assert.ok(call?.type === 'function')
      assert.equal(call.function.name, 'weather')
      assert.deepEqual(JSON.parse(call.function.arguments), { city: 'city', days: 1 })
    }
  })

  test(`${name} raises the failure that the model name asks for`, async () => {
    await using sandbox = await startSandbox()
    const client = new Client({ apiKey: 'none', baseURL: sandbox.url, maxRetries: 0 })
    for (const [status, type] of [
      [400, 'invalid_request_error'],
      [429, 'rate_limit_error'],
      [503, 'server_error'],
    ] as const) {
      await assert.rejects(
        client.chat.completions.create({ model: `error-${status}`, messages: [user('x')] }),
        { status, type, code: `sandbox_${status}` },
      )
    }
  })
}

test('the tool model repeats JSON arguments as they were written, and then quotes the tool result', async () => {
  await using sandbox = await startSandbox()
  const client = new OpenAI({ apiKey: 'none', baseURL: sandbox.url })
  const asked = user('{"city" : "Köln"}')
  const first = await client.chat.completions.create({
    model: 'tool',
    messages: [asked],
    tools: TOOLS,
  })
  const call = first.choices[0]!.message.tool_calls![0]!
  assert.ok(call.type === 'function')
  assert.equal(call.function.arguments, '{"city" : "Köln"}')
  const second = await client.chat.completions.create({
    model: 'tool',
    tools: TOOLS,
    messages: [
      asked,
      first.choices[0]!.message,
      { role: 'tool', tool_call_id: call.id, content: 'rain' },
    ],
  })
  assert.equal(second.choices[0]?.message.content, 'The tool answered: rain')
})

test('the reasoning model thinks before it speaks and counts both', async () => {
  await using sandbox = await startSandbox()
  const client = new OpenAI({ apiKey: 'none', baseURL: sandbox.url })
  const answer = await client.chat.completions.create({
    model: 'reasoning',
    messages: [user('why?')],
  })
  const message: object = answer.choices[0]!.message
  assert.match('reasoning_content' in message ? String(message.reasoning_content) : '', /why\?/)
  const thought = answer.usage?.completion_tokens_details?.reasoning_tokens ?? 0
  assert.ok(thought > 0 && thought < (answer.usage?.completion_tokens ?? 0))
})

test('a request without model or messages, or that is no JSON object, gets a 400', async () => {
  await using sandbox = await startSandbox()
  for (const body of [
    '',
    '{',
    '[]',
    'null',
    '"text"',
    '{"model":"echo"}',
    '{"messages":[{"role":"user","content":"x"}]}',
    '{"model":"echo","messages":[]}',
    '{"model":"echo","messages":"no"}',
    '{"model":7,"messages":[null]}',
  ]) {
    const answer = await fetch(`${sandbox.url}/v1/chat/completions`, { method: 'POST', body })
    assert.equal(answer.status, 400, body)
    const { error } = JSON.parse(await answer.text())
    assert.equal(error.type, 'invalid_request_error')
  }
})

test('Azure paths take the deployment as the model', async () => {
  await using sandbox = await startSandbox()
  for (const path of [
    '/openai/deployments/echo/chat/completions?api-version=2026-01-01',
    '/azure/openai/deployments/echo/chat/completions',
  ]) {
    const answer = await fetch(sandbox.url + path, {
      method: 'POST',
      body: JSON.stringify({ messages: [user('from Azure')] }),
    })
    const { choices } = JSON.parse(await answer.text())
    assert.equal(choices[0]?.message.content, 'from Azure')
  }
})
