import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { embed, generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai'
import type { EmbeddingModel, LanguageModel } from 'ai'
import {
  assembled,
  assertHistoryStoredOnce,
  assertRow,
  startTappedGateway,
} from '../harness/faithful.ts'
import { noise } from '../harness/noise.ts'

// The provider knows the limits of known models only, and warns once per call of the others.
Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false })

interface Gateway {
  readonly url: string
  readonly key: string
}

interface Provider {
  readonly upstream: string
  readonly whole: string
  readonly streamed: string
  /** `prefix` precedes the upstream's own segment, which the single-origin layout leaves out. */
  readonly model: (gateway: Gateway, name: string, layout?: Layout) => LanguageModel
}

interface Layout {
  readonly prefix: string
  readonly isSingleOrigin: boolean
}

const PREFIXED: Layout = { prefix: '', isSingleOrigin: false }

const segment = (layout: Layout, upstream: string): string =>
  layout.prefix + (layout.isSingleOrigin ? '' : `/${upstream}`)

const PROVIDERS: Readonly<Record<string, Provider>> = {
  'openai responses': {
    upstream: 'openai',
    whole: 'openai.responses',
    streamed: 'openai.responses',
    model: ({ url, key }, name, layout = PREFIXED) =>
      createOpenAI({ apiKey: key, baseURL: `${url}${segment(layout, 'openai')}/v1` })(name),
  },
  'openai chat': {
    upstream: 'openai',
    whole: 'openai.chat-completions',
    streamed: 'openai.chat-completions',
    model: ({ url, key }, name, layout = PREFIXED) =>
      createOpenAI({ apiKey: key, baseURL: `${url}${segment(layout, 'openai')}/v1` }).chat(name),
  },
  anthropic: {
    upstream: 'anthropic',
    whole: 'anthropic.messages',
    streamed: 'anthropic.messages',
    model: ({ url, key }, name, layout = PREFIXED) => {
      // This provider appends /messages to the base URL, so only the bare origin needs its /v1.
      const baseURL =
        url + (layout.isSingleOrigin ? `${layout.prefix}/v1` : segment(layout, 'anthropic'))
      return createAnthropic({ apiKey: key, baseURL })(name)
    },
  },
  google: {
    upstream: 'gemini',
    whole: 'gemini.generate-content',
    streamed: 'gemini.stream-generate-content',
    model: ({ url, key }, name, layout = PREFIXED) =>
      createGoogleGenerativeAI({
        apiKey: key,
        baseURL: `${url}${segment(layout, 'gemini')}/v1beta`,
      })(name),
  },
}

const SYSTEM = noise('system prompt', 24_000)
const weather = tool({
  description: 'Tells the weather.',
  inputSchema: jsonSchema<{ city: string }>({
    type: 'object',
    properties: { city: { type: 'string' } },
  }),
  execute: ({ city }) => `sunny in ${city}`,
})

for (const [name, provider] of Object.entries(PROVIDERS)) {
  test(`AI SDK, ${name}: generateText and streamText pass byte for byte and are recorded with usage`, async () => {
    await using tapped = await startTappedGateway()
    const prompt = 'Grüße, 世界 🎈, slowly now'
    const whole = await generateText({ model: provider.model(tapped, 'echo'), prompt })
    assert.equal(whole.text, prompt)
    const streamed = streamText({ model: provider.model(tapped, 'echo-slow'), prompt })
    let text = ''
    for await (const piece of streamed.textStream) text += piece
    assert.equal(text, prompt)
    const usage = await streamed.usage
    const [first, second] = await tapped.traffic()
    assertRow(first!, {
      upstream: provider.upstream,
      surface: provider.whole,
      state: 'complete',
      stream: false,
      inputTokens: whole.usage.inputTokens!,
      outputTokens: whole.usage.outputTokens!,
    })
    assertRow(second!, {
      upstream: provider.upstream,
      surface: provider.streamed,
      state: 'complete',
      stream: true,
      inputTokens: usage.inputTokens!,
      outputTokens: usage.outputTokens!,
    })
    assert.equal(assembled(second!).text, prompt)
  })

  for (const style of ['generateText', 'streamText'] as const) {
    test(`AI SDK, ${name}: ${style} runs a tool loop of two turns that stores its history once`, async () => {
      await using tapped = await startTappedGateway()
      const request = {
        model: provider.model(tapped, 'tool'),
        instructions: SYSTEM,
        prompt: '{"city":"Rome"}',
        tools: { weather },
        stopWhen: stepCountIs(3),
      }
      const text =
        style === 'generateText'
          ? (await generateText(request)).text
          : await streamText(request).text
      assert.match(text, /^The tool answered: .*sunny in Rome/)
      const [first, second, ...others] = await tapped.traffic()
      assert.equal(others.length, 0)
      assert.deepEqual(first!.record.facts.toolNames, ['weather'])
      const [call] = assembled(first!).toolCalls
      assert.deepEqual(
        [call?.name, JSON.parse(call?.arguments ?? '')],
        ['weather', { city: 'Rome' }],
      )
      assertHistoryStoredOnce(first!, second!, SYSTEM.length)
    })
  }

  test(`AI SDK, ${name}: errors of the provider pass with their status, retried as without us`, async () => {
    for (const [status, requests] of [
      [400, 1],
      [401, 1],
      [429, 2],
      [500, 2],
    ] as const) {
      await using tapped = await startTappedGateway()
      const headers = { 'x-sandbox-script': '{"headers":{"retry-after-ms":"1"}}' }
      const model = provider.model(tapped, `error-${status}`)
      const failing = generateText({ model, prompt: 'x', headers, maxRetries: 1 })
      await assert.rejects(
        failing,
        requests === 1 ? { statusCode: status } : { name: 'AI_RetryError' },
      )
      const traffic = await tapped.traffic()
      assert.deepEqual(
        traffic.map(({ record }) => record.row.status),
        Array.from({ length: requests }, () => status),
      )
    }
  })

  test(`AI SDK, ${name}: a wrong key is refused and reaches no provider`, async () => {
    await using tapped = await startTappedGateway()
    const model = provider.model({ url: tapped.url, key: 'not-ours' }, 'echo')
    await assert.rejects(generateText({ model, prompt: 'x' }), {
      statusCode: 401,
      message: /gateway key/,
    })
    const [only, ...others] = await tapped.traffic()
    assertRow(only!, { state: 'refused', status: 401 })
    assert.equal(others.length, 0)
  })

  test(`AI SDK, ${name}: an abort in mid-stream ends the provider's call and closes the record`, async () => {
    await using tapped = await startTappedGateway()
    const abort = new AbortController()
    const { textStream } = streamText({
      model: provider.model(tapped, 'echo-slow'),
      prompt: 'word '.repeat(400),
      abortSignal: abort.signal,
    })
    const readUntilAbort = async (): Promise<void> => {
      for await (const _ of textStream) abort.abort()
    }
    await readUntilAbort().catch(() => undefined)
    const [only] = await tapped.traffic()
    assertRow(only!, { state: 'interrupted', stream: true, model: 'echo-slow' })
    assert.equal(only!.record.closing?.outcome, 'caller-aborted')
    assert.equal(only!.received?.aborted, true)
  })

  test(`AI SDK, ${name}: the single-origin layout and the path tag reach the same upstream`, async () => {
    await using tapped = await startTappedGateway()
    for (const layout of [
      { prefix: '', isSingleOrigin: true },
      { prefix: '/t/nightly-ci', isSingleOrigin: true },
      { prefix: '/t/nightly-ci', isSingleOrigin: false },
    ]) {
      await generateText({ model: provider.model(tapped, 'echo', layout), prompt: 'hi' })
      assertRow((await tapped.traffic()).at(-1)!, {
        upstream: provider.upstream,
        status: 200,
        declaredService: layout.prefix === '' ? '' : 'nightly-ci',
      })
    }
  })
}

test('AI SDK: embeddings of OpenAI and Google are recorded', async () => {
  await using tapped = await startTappedGateway()
  const { url, key } = tapped
  const models: readonly EmbeddingModel[] = [
    createOpenAI({ apiKey: key, baseURL: `${url}/openai/v1` }).embedding('sandbox'),
    createGoogleGenerativeAI({ apiKey: key, baseURL: `${url}/gemini/v1beta` }).embedding('sandbox'),
  ]
  for (const model of models) {
    const { embedding } = await embed({ model, value: 'hello' })
    assert.ok(embedding.length > 0)
  }
  const traffic = await tapped.traffic()
  assert.deepEqual(
    traffic.map(({ record }) => [record.row.surface, record.row.status]),
    [
      ['openai.embeddings', 200],
      ['gemini.embed-content', 200],
    ],
  )
})

test('AI SDK: environment variables are enough for OpenAI and Anthropic', async () => {
  await using tapped = await startTappedGateway()
  const variables = {
    OPENAI_BASE_URL: `${tapped.url}/openai/v1`,
    OPENAI_API_KEY: tapped.key,
    ANTHROPIC_BASE_URL: `${tapped.url}/anthropic`,
    ANTHROPIC_API_KEY: tapped.key,
  }
  Object.assign(process.env, variables)
  try {
    for (const model of [createOpenAI()('echo'), createAnthropic()('echo')]) {
      assert.equal((await generateText({ model, prompt: 'hi' })).text, 'hi')
    }
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name]
  }
  const traffic = await tapped.traffic()
  assert.deepEqual(
    traffic.map(({ record }) => record.row.upstream),
    ['openai', 'anthropic'],
  )
})
