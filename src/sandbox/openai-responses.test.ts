import assert from 'node:assert/strict'
import { test } from 'node:test'
import OpenAI from 'openai'
import OpenAI6 from 'openai-6'
import { PARAGRAPH } from './scripted-answer.ts'
import { startSandbox } from './start-sandbox.ts'

const TOOLS = [
  {
    type: 'function' as const,
    name: 'weather',
    strict: false,
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
]

/** Ids depend on the body, and the bodies differ in `stream`. */
const withoutIds = (output: readonly object[]) =>
  output.map((item) => ({ ...item, id: '', call_id: '', parsed_arguments: '' }))

for (const [name, Client] of [
  ['openai 7', OpenAI],
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same calls, older private types
  ['openai 6', OpenAI6 as unknown as typeof OpenAI],
] as const) {
  test(`${name} reads a whole response with usage`, async () => {
    await using sandbox = await startSandbox()
    const client = new Client({ apiKey: 'none', baseURL: `${sandbox.url}/v1` })
    const response = await client.responses.create({ model: 'echo', input: 'Grüße 🎈' })
    assert.equal(response.output_text, 'Grüße 🎈')
    assert.equal(response.status, 'completed')
    const { usage } = response
    assert.ok(usage !== undefined && usage.input_tokens > 0)
    assert.equal(usage.total_tokens, usage.input_tokens + usage.output_tokens)
  })

  test(`${name} assembles a stream to the same output as the whole response`, async () => {
    await using sandbox = await startSandbox()
    const client = new Client({ apiKey: 'none', baseURL: `${sandbox.url}/v1` })
    for (const model of ['echo', 'tool', 'reasoning', 'anything']) {
      const question = { model, tools: TOOLS, input: [{ role: 'user' as const, content: 'hé 🎈' }] }
      const whole = await client.responses.create(question)
      const streamed = await client.responses.stream(question).finalResponse()
      assert.deepEqual(
        JSON.parse(JSON.stringify(withoutIds(streamed.output)).replaceAll(',"parsed":null', '')),
        withoutIds(whole.output),
        model,
      )
      assert.deepEqual(streamed.usage, whole.usage)
    }
  })

  test(`${name} raises the failure that the model name asks for`, async () => {
    await using sandbox = await startSandbox()
    const client = new Client({ apiKey: 'none', baseURL: sandbox.url, maxRetries: 0 })
    const request = { model: 'error-429', input: 'x' }
    await assert.rejects(client.responses.create(request), { status: 429, code: 'sandbox_429' })
    await assert.rejects(client.responses.create({ ...request, stream: true }), { status: 429 })
  })
}

test('the stream has every event of the sequence once, in order, numbered without gaps', async () => {
  await using sandbox = await startSandbox()
  const client = new OpenAI({ apiKey: 'none', baseURL: sandbox.url })
  const stream = await client.responses.create({ model: 'reasoning', input: 'why?', stream: true })
  const types: string[] = []
  let numbered = 0
  let text = ''
  for await (const event of stream) {
    assert.equal(event.sequence_number, numbered)
    numbered += 1
    if (event.type === 'response.output_text.delta') text += event.delta
    if (types.at(-1) !== event.type) types.push(event.type)
  }
  assert.equal(text, PARAGRAPH)
  assert.deepEqual(types, [
    'response.created',
    'response.in_progress',
    'response.output_item.added',
    'response.reasoning_summary_part.added',
    'response.reasoning_summary_text.delta',
    'response.reasoning_summary_text.done',
    'response.reasoning_summary_part.done',
    'response.output_item.done',
    'response.output_item.added',
    'response.content_part.added',
    'response.output_text.delta',
    'response.output_text.done',
    'response.content_part.done',
    'response.output_item.done',
    'response.completed',
  ])
})

test('encrypted reasoning comes only when it is asked for', async () => {
  await using sandbox = await startSandbox()
  const client = new OpenAI({ apiKey: 'none', baseURL: sandbox.url })
  const request = { model: 'reasoning', input: 'why?' }
  const plain = await client.responses.create(request)
  const sealed = await client.responses.create({
    ...request,
    include: ['reasoning.encrypted_content'],
  })
  assert.ok(plain.output[0]?.type === 'reasoning' && sealed.output[0]?.type === 'reasoning')
  assert.equal(plain.output[0].encrypted_content, undefined)
  assert.match(String(sealed.output[0].encrypted_content), /^[\w+/=]{80,}$/)
})

test('the tool model answers with text once the last item is a tool result', async () => {
  await using sandbox = await startSandbox()
  const client = new OpenAI({ apiKey: 'none', baseURL: sandbox.url })
  const question = { role: 'user' as const, content: '{"city":"Rome"}' }
  const first = await client.responses.create({ model: 'tool', tools: TOOLS, input: [question] })
  const [call] = first.output
  assert.ok(call?.type === 'function_call' && call.arguments === '{"city":"Rome"}')
  const output = { type: 'function_call_output' as const, call_id: call.call_id, output: 'sunny' }
  const input = [question, call, output]
  const second = await client.responses.create({ model: 'tool', tools: TOOLS, input })
  assert.equal(second.output_text, 'The tool answered: sunny')
})

test('a request without model or input, or that is no JSON object, gets a 400', async () => {
  await using sandbox = await startSandbox()
  for (const body of [
    '{',
    '[]',
    '{"model":"echo"}',
    '{"input":"x"}',
    '{"model":"echo","input":[]}',
  ]) {
    const answer = await fetch(`${sandbox.url}/v1/responses`, { method: 'POST', body })
    assert.equal(answer.status, 400, body)
    assert.equal(JSON.parse(await answer.text()).error.type, 'invalid_request_error')
  }
})

test('a scripted call comes behind the text; a custom tool is given its text, no JSON', async () => {
  await using sandbox = await startSandbox()
  const tools = [...TOOLS, { type: 'custom' as const, name: 'patch' }]
  for (const [tool, input] of [
    ['weather', '{ "city": "Bonn" }'],
    ['patch', '*** Begin\n+x\n'],
  ] as const) {
    const script = { text: 'wait', call: { name: tool, input } }
    const client = new OpenAI({
      apiKey: 'none',
      baseURL: `${sandbox.url}/v1`,
      defaultHeaders: { 'x-sandbox-script': JSON.stringify(script) },
    })
    const { output } = await client.responses
      .stream({ model: 'm', input: 'x', tools })
      .finalResponse()
    const [message, called] = output
    assert.equal(message?.type, 'message')
    if (called?.type === 'custom_tool_call') assert.equal(called.input, input)
    else assert.ok(called?.type === 'function_call' && called.arguments === input)
    assert.equal(called.name, tool)
    assert.equal(called.type, tool === 'patch' ? 'custom_tool_call' : 'function_call')
  }
})
