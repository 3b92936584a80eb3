import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { ChatOpenAI } from '@langchain/openai'
import { generateText, jsonSchema, streamText } from 'ai'
import type { LanguageModel, ToolSet } from 'ai'
import { PARAGRAPH } from './scripted-answer.ts'
import type { Sandbox } from './start-sandbox.ts'
import { startSandbox } from './start-sandbox.ts'

/** Each of the AI SDK's own providers, with the base URL its documentation suggests. */
const PROVIDERS: Readonly<Record<string, (sandbox: Sandbox, model: string) => LanguageModel>> = {
  'OpenAI responses': ({ url }, model) =>
    createOpenAI({ apiKey: 'none', baseURL: `${url}/v1` })(model),
  'OpenAI chat': ({ url }, model) =>
    createOpenAI({ apiKey: 'none', baseURL: `${url}/v1` }).chat(model),
  Anthropic: ({ url }, model) =>
    createAnthropic({ apiKey: 'none', baseURL: `${url}/anthropic` })(model),
  Google: ({ url }, model) =>
    createGoogleGenerativeAI({ apiKey: 'none', baseURL: `${url}/gemini/v1beta` })(model),
}

const tools: ToolSet = {
  weather: {
    description: 'Tells the weather.',
    inputSchema: jsonSchema({ type: 'object', properties: { city: { type: 'string' } } }),
  },
}

for (const [name, modelOf] of Object.entries(PROVIDERS)) {
  test(`the AI SDK generates and streams text through ${name}`, async () => {
    await using sandbox = await startSandbox()
    const whole = await generateText({ model: modelOf(sandbox, 'echo'), prompt: 'Grüße 🎈' })
    assert.equal(whole.text, 'Grüße 🎈')
    assert.ok((whole.usage.inputTokens ?? 0) > 0 && (whole.usage.outputTokens ?? 0) > 0)
    const { textStream } = streamText({ model: modelOf(sandbox, 'anything'), prompt: 'hello' })
    let text = ''
    for await (const piece of textStream) text += piece
    assert.equal(text, PARAGRAPH)
  })

  test(`the AI SDK calls tools through ${name}, whole and streamed`, async () => {
    await using sandbox = await startSandbox()
    const request = { model: modelOf(sandbox, 'tool'), prompt: '{"city":"Rome"}', tools }
    const whole = await generateText(request)
    const streamed = await streamText(request).toolCalls
    for (const calls of [whole.toolCalls, streamed]) {
      assert.deepEqual(
        calls.map((call) => [call.toolName, call.input]),
        [['weather', { city: 'Rome' }]],
      )
    }
  })

  test(`the AI SDK reads reasoning through ${name} and raises failures`, async () => {
    await using sandbox = await startSandbox()
    const { text } = await generateText({ model: modelOf(sandbox, 'reasoning'), prompt: 'why?' })
    assert.equal(text, PARAGRAPH)
    const failing = { model: modelOf(sandbox, 'error-400'), prompt: 'x', maxRetries: 0 }
    await assert.rejects(generateText(failing), { statusCode: 400 })
  })
}

test('LangChain invokes, streams, binds tools and raises failures', async () => {
  await using sandbox = await startSandbox()
  const modelOf = (model: string) =>
    new ChatOpenAI({
      model,
      apiKey: 'none',
      maxRetries: 0,
      configuration: { baseURL: `${sandbox.url}/v1` },
    })
  assert.equal((await modelOf('echo').invoke('Grüße 🎈')).content, 'Grüße 🎈')
  let text = ''
  for await (const chunk of await modelOf('anything').stream('hello')) text += chunk.text
  assert.equal(text, PARAGRAPH)
  const schema = { type: 'object', properties: { city: { type: 'string' } } }
  const offer = { type: 'function' as const, function: { name: 'weather', parameters: schema } }
  const { tool_calls } = await modelOf('tool').bindTools([offer]).invoke('{"city":"Rome"}')
  assert.deepEqual(tool_calls?.[0]?.args, { city: 'Rome' })
  await assert.rejects(modelOf('error-400').invoke('x'), { status: 400 })
})
