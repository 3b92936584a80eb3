import assert from 'node:assert/strict'
import { test } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import Anthropic0 from 'anthropic-sdk-0'
import { PARAGRAPH } from './scripted-answer.ts'
import { startSandbox } from './start-sandbox.ts'

const user = (content: string) => ({ role: 'user' as const, content })
const TOOLS = [
  {
    name: 'weather',
    input_schema: { type: 'object' as const, properties: { city: { type: 'string' } } },
  },
]

/** Ids depend on the body, and the bodies differ in `stream`. */
const withoutIds = (content: readonly object[]) =>
  content.map((block) => ({ ...block, id: undefined }))

for (const [name, Client] of [
  ['@anthropic-ai/sdk 1', Anthropic],
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same calls, older private types
  ['@anthropic-ai/sdk 0', Anthropic0 as unknown as typeof Anthropic],
] as const) {
  test(`${name} reads a whole message with usage and request id`, async () => {
    await using sandbox = await startSandbox()
    const client = new Client({ apiKey: 'none', baseURL: sandbox.url })
    const { data, request_id } = await client.messages
      .create({ model: 'echo', max_tokens: 100, messages: [user('Grüße, 世界 🎈')] })
      .withResponse()
    assert.equal(data.content[0]?.type === 'text' && data.content[0].text, 'Grüße, 世界 🎈')
    assert.equal(data.stop_reason, 'end_turn')
    assert.ok(data.usage.input_tokens > 0 && data.usage.output_tokens > 0)
    assert.equal(request_id, 'req_sandbox000000000001')
  })

  test(`${name} assembles a stream to the same message as the whole answer`, async () => {
    await using sandbox = await startSandbox()
    const client = new Client({ apiKey: 'none', baseURL: `${sandbox.url}/anthropic` })
    for (const model of ['echo', 'tool', 'reasoning', 'anything']) {
      const question = { model, max_tokens: 100, messages: [user('Grüße 🎈')], tools: TOOLS }
      const whole = await client.messages.create(question)
      const streamed = await client.messages.stream(question).finalMessage()
      assert.deepEqual(withoutIds(streamed.content), withoutIds(whole.content), model)
      assert.equal(streamed.stop_reason, whole.stop_reason)
      assert.equal(streamed.usage.output_tokens, whole.usage.output_tokens)
    }
  })

  test(`${name} reads thinking with a signature before the text`, async () => {
    await using sandbox = await startSandbox()
    const client = new Client({ apiKey: 'none', baseURL: sandbox.url })
    const { content } = await client.messages.create({
      model: 'reasoning',
      max_tokens: 100,
      messages: [user('why?')],
    })
    assert.ok(content[0]?.type === 'thinking' && content[0].signature.length > 40)
    assert.ok(content[1]?.type === 'text' && content[1].text === PARAGRAPH)
  })

  test(`${name} raises the failure that the model name asks for`, async () => {
    await using sandbox = await startSandbox()
    const client = new Client({ apiKey: 'none', baseURL: sandbox.url, maxRetries: 0 })
    for (const [status, type] of [
      [400, 'invalid_request_error'],
      [429, 'rate_limit_error'],
      [529, 'overloaded_error'],
    ] as const) {
      const request = { model: `error-${status}`, max_tokens: 9, messages: [user('x')] }
      await assert.rejects(client.messages.create(request), { status, type })
    }
  })

  test(`${name} counts the tokens that the message then uses`, async () => {
    await using sandbox = await startSandbox()
    const client = new Client({ apiKey: 'none', baseURL: sandbox.url })
    const prompt = { model: 'echo', system: 'Be kind.', messages: [user('hello')], tools: TOOLS }
    const counted = await client.messages.countTokens(prompt)
    const answer = await client.messages.create({ ...prompt, max_tokens: 10 })
    assert.equal(counted.input_tokens, answer.usage.input_tokens)
  })
}

test('the tool model quotes the tool result of the last message', async () => {
  await using sandbox = await startSandbox()
  const client = new Anthropic({ apiKey: 'none', baseURL: sandbox.url })
  const answer = await client.messages.create({
    model: 'tool',
    max_tokens: 10,
    tools: TOOLS,
    messages: [
      user('{"city":"Rome"}'),
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Rome' } }],
      },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'sunny' }],
      },
    ],
  })
  const [block] = answer.content
  assert.equal(block?.type === 'text' && block.text, 'The tool answered: sunny')
})

test('a long prompt is read from the cache, apart from the fresh input tokens', async () => {
  await using sandbox = await startSandbox()
  const client = new Anthropic({ apiKey: 'none', baseURL: sandbox.url })
  const messages = [user('x'.repeat(8188))]
  const { usage } = await client.messages.create({ model: 'hi', max_tokens: 1, messages })
  // 8188 bytes of content and 4 of the role.
  assert.deepEqual([usage.input_tokens, usage.cache_read_input_tokens], [1024, 1024])
})

test('a request that lacks a required field, or that is no JSON object, gets a 400', async () => {
  await using sandbox = await startSandbox()
  for (const body of [
    '{',
    '7',
    '{"model":"echo","max_tokens":1}',
    '{"max_tokens":1,"messages":[{"role":"user","content":"x"}]}',
    '{"model":"echo","messages":[{"role":"user","content":"x"}]}',
  ]) {
    const answer = await fetch(`${sandbox.url}/v1/messages`, { method: 'POST', body })
    assert.equal(answer.status, 400, body)
    const { type, error, request_id } = JSON.parse(await answer.text())
    assert.equal(type, 'error')
    assert.equal(error.type, 'invalid_request_error')
    assert.equal(request_id, answer.headers.get('request-id'))
  }
})

test('a scripted call comes behind the text, with the arguments as they were written', async () => {
  await using sandbox = await startSandbox()
  const script = { text: 'wait', call: { name: 'weather', input: '{ "city": "Bonn" }' } }
  const client = new Anthropic({
    apiKey: 'none',
    baseURL: sandbox.url,
    defaultHeaders: { 'x-sandbox-script': JSON.stringify(script) },
  })
  const message = await client.messages
    .stream({ model: 'm', max_tokens: 100, messages: [user('x')], tools: TOOLS })
    .finalMessage()
  const [said, called] = message.content
  assert.ok(said?.type === 'text' && said.text === 'wait')
  assert.ok(called?.type === 'tool_use' && called.name === 'weather')
  assert.deepEqual(called.input, { city: 'Bonn' })
  assert.equal(message.stop_reason, 'tool_use')
})
