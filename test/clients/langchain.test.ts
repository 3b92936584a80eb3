import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages'
import type { AIMessageChunk } from '@langchain/core/messages'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import {
  assembled,
  assertHistoryStoredOnce,
  assertRow,
  startTappedGateway,
} from '../harness/faithful.ts'
import type { TappedGateway } from '../harness/faithful.ts'
import { noise } from '../harness/noise.ts'

const SYSTEM = noise('system prompt', 24_000)
const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
}

interface Options {
  readonly prefix?: string
  readonly useResponsesApi?: boolean
  readonly maxRetries?: number
  readonly key?: string
  readonly script?: string
}

const modelOf = (tapped: TappedGateway, model: string, options: Options = {}) =>
  new ChatOpenAI({
    model,
    apiKey: options.key ?? tapped.key,
    maxRetries: options.maxRetries ?? 0,
    useResponsesApi: options.useResponsesApi ?? false,
    streamUsage: true,
    configuration: {
      baseURL: `${tapped.url}${options.prefix ?? '/openai'}/v1`,
      defaultHeaders: { 'x-sandbox-script': options.script ?? '{}' },
    },
  })

interface UsageMetadata {
  readonly input_tokens: number
  readonly output_tokens: number
}

async function joined(stream: AsyncIterable<AIMessageChunk>): Promise<AIMessageChunk> {
  let whole: AIMessageChunk | null = null
  for await (const chunk of stream) whole = whole === null ? chunk : whole.concat(chunk)
  assert.ok(whole !== null)
  return whole
}

for (const [name, useResponsesApi, surface] of [
  ['chat completions', false, 'openai.chat-completions'],
  ['responses', true, 'openai.responses'],
] as const) {
  test(`LangChain, ${name}: invoke and stream pass byte for byte and are recorded with usage`, async () => {
    await using tapped = await startTappedGateway()
    const prompt = 'Grüße, 世界 🎈, slowly now'
    const whole = await modelOf(tapped, 'echo', { useResponsesApi }).invoke(prompt)
    assert.equal(whole.text, prompt)
    const slow = modelOf(tapped, 'echo-slow', { useResponsesApi })
    const streamed = await joined(await slow.stream(prompt))
    assert.equal(streamed.text, prompt)
    const [first, second] = await tapped.traffic()
    const usages: readonly (UsageMetadata | undefined)[] = [
      whole.usage_metadata,
      streamed.usage_metadata,
    ]
    for (const [i, traffic] of [first!, second!].entries()) {
      assertRow(traffic, {
        upstream: 'openai',
        surface,
        state: 'complete',
        stream: i === 1,
        inputTokens: usages[i]!.input_tokens,
        outputTokens: usages[i]!.output_tokens,
      })
      assert.equal(assembled(traffic).text, prompt)
    }
  })

  test(`LangChain, ${name}: a tool conversation of two turns stores its history once`, async () => {
    await using tapped = await startTappedGateway()
    const model = modelOf(tapped, 'tool', { useResponsesApi }).bindTools([WEATHER])
    const history = [new SystemMessage(SYSTEM), new HumanMessage('{"city":"Rome"}')]
    const asked = await joined(await model.stream(history))
    const call = asked.tool_calls?.[0]
    assert.deepEqual([call?.name, call?.args], ['weather', { city: 'Rome' }])
    const result = new ToolMessage({ content: 'sunny', tool_call_id: call?.id ?? '' })
    const answered = await model.invoke([...history, asked, result])
    assert.equal(answered.text, 'The tool answered: sunny')
    const [first, second] = await tapped.traffic()
    assert.deepEqual(first!.record.facts.toolNames, ['weather'])
    assert.equal(assembled(first!).toolCalls[0]?.name, 'weather')
    assertHistoryStoredOnce(first!, second!, SYSTEM.length)
  })

  test(`LangChain, ${name}: an abort in mid-stream ends the provider's call and closes the record`, async () => {
    await using tapped = await startTappedGateway()
    const abort = new AbortController()
    const stream = await modelOf(tapped, 'echo-slow', { useResponsesApi }).stream(
      'word '.repeat(400),
      { signal: abort.signal },
    )
    const readUntilAbort = async (): Promise<void> => {
      for await (const _ of stream) abort.abort()
    }
    await readUntilAbort().catch(() => undefined)
    const [only] = await tapped.traffic()
    assertRow(only!, { state: 'interrupted', stream: true, model: 'echo-slow' })
    assert.equal(only!.record.closing?.outcome, 'caller-aborted')
  })
}

test('LangChain: errors of the provider pass, retried as often as asked', async () => {
  for (const [status, requests, script] of [
    [400, 1, '{}'],
    [401, 1, '{}'],
    [404, 1, '{}'],
    // Without a hint when to come back this client gives a rate limit up at once.
    [429, 1, '{}'],
    [429, 2, '{"headers":{"retry-after":"1"}}'],
    [500, 2, '{}'],
  ] as const) {
    await using tapped = await startTappedGateway()
    const model = modelOf(tapped, `error-${status}`, { maxRetries: 1, script })
    await assert.rejects(model.invoke('x'), { status })
    const traffic = await tapped.traffic()
    assert.deepEqual(
      traffic.map(({ record }) => record.row.status),
      Array.from({ length: requests }, () => status),
    )
  }
})

test('LangChain: a wrong key is refused and reaches no provider', async () => {
  await using tapped = await startTappedGateway()
  const model = modelOf(tapped, 'echo', { key: 'not-ours' })
  await assert.rejects(model.invoke('x'), { status: 401 })
  const [only, ...others] = await tapped.traffic()
  assertRow(only!, { state: 'refused', status: 401 })
  assert.equal(others.length, 0)
})

test('LangChain: embeddings, the single-origin layout and the path tag reach the same upstream', async () => {
  await using tapped = await startTappedGateway()
  for (const prefix of ['', '/t/nightly-ci', '/t/nightly-ci/openai']) {
    await modelOf(tapped, 'echo', { prefix }).invoke('hi')
    const embeddings = new OpenAIEmbeddings({
      model: 'sandbox',
      apiKey: tapped.key,
      configuration: { baseURL: `${tapped.url}${prefix}/v1` },
    })
    assert.ok((await embeddings.embedQuery('hi')).length > 0)
    const declaredService = prefix === '' ? '' : 'nightly-ci'
    for (const one of (await tapped.traffic()).slice(-2)) {
      assertRow(one, { upstream: 'openai', status: 200, declaredService })
    }
  }
})

test('LangChain: two environment variables are all a program needs', async () => {
  await using tapped = await startTappedGateway()
  process.env['OPENAI_BASE_URL'] = `${tapped.url}/openai/v1`
  process.env['OPENAI_API_KEY'] = tapped.key
  try {
    assert.equal((await new ChatOpenAI({ model: 'echo' }).invoke('hi')).text, 'hi')
  } finally {
    delete process.env['OPENAI_BASE_URL']
    delete process.env['OPENAI_API_KEY']
  }
  const [only] = await tapped.traffic()
  assertRow(only!, { upstream: 'openai', status: 200 })
})
