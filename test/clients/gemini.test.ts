import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GoogleGenAI } from '@google/genai'
import {
  assembled,
  assertHistoryStoredOnce,
  assertRow,
  startTappedGateway,
} from '../harness/faithful.ts'
import type { TappedGateway } from '../harness/faithful.ts'
import { noise } from '../harness/noise.ts'

const TOOLS = [
  {
    functionDeclarations: [
      {
        name: 'weather',
        parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } } },
      },
    ],
  },
]
const SYSTEM = noise('system prompt', 24_000)

const clientOf = (tapped: TappedGateway, prefix = '/gemini', apiVersion?: string) =>
  new GoogleGenAI({
    apiKey: tapped.key,
    httpOptions: { baseUrl: tapped.url + prefix },
    ...(apiVersion === undefined ? {} : { apiVersion }),
  })

test('@google/genai: an answer and its stream pass byte for byte and are recorded with usage', async () => {
  await using tapped = await startTappedGateway()
  const client = clientOf(tapped)
  const contents = 'Grüße, 世界 🎈, slowly now'
  const whole = await client.models.generateContent({ model: 'echo', contents })
  assert.equal(whole.text, contents)
  let text = ''
  let usage = whole.usageMetadata
  for await (const chunk of await client.models.generateContentStream({
    model: 'echo-slow',
    contents,
  })) {
    text += chunk.text ?? ''
    usage = chunk.usageMetadata ?? usage
  }
  assert.equal(text, contents)
  const [first, second] = await tapped.traffic()
  assertRow(first!, {
    upstream: 'gemini',
    surface: 'gemini.generate-content',
    state: 'complete',
    status: 200,
    model: 'echo',
    stream: false,
    finishReason: 'STOP',
    inputTokens: whole.usageMetadata!.promptTokenCount!,
    outputTokens: whole.usageMetadata!.candidatesTokenCount!,
  })
  assertRow(second!, {
    upstream: 'gemini',
    surface: 'gemini.stream-generate-content',
    state: 'complete',
    status: 200,
    model: 'echo-slow',
    stream: true,
    finishReason: 'STOP',
    inputTokens: usage!.promptTokenCount!,
    outputTokens: usage!.candidatesTokenCount!,
  })
  assert.equal(assembled(second!).text, contents)
  const times = second!.record.answerChunks.map(({ atMs }) => atMs)
  assert.ok(times.length > 4 && times.at(-1)! > times[0]!, 'each event keeps its own time')
})

test('@google/genai: thoughts pass and are recorded apart from the text', async () => {
  await using tapped = await startTappedGateway()
  const answer = await clientOf(tapped).models.generateContent({
    model: 'reasoning',
    contents: 'why?',
  })
  const [only] = await tapped.traffic()
  assert.equal(assembled(only!).text, answer.text)
  assert.match(assembled(only!).reasoning, /why\?/)
  assert.equal(
    only!.record.closing?.usage.reasoningTokens,
    answer.usageMetadata?.thoughtsTokenCount,
  )
})

test('@google/genai: a function conversation of two turns stores its history once', async () => {
  await using tapped = await startTappedGateway()
  const client = clientOf(tapped)
  const config = { tools: TOOLS, systemInstruction: SYSTEM }
  const question = { role: 'user', parts: [{ text: '{"city":"Köln"}' }] }
  const called = []
  for await (const chunk of await client.models.generateContentStream({
    model: 'tool',
    contents: [question],
    config,
  })) {
    called.push(...(chunk.functionCalls ?? []))
  }
  assert.deepEqual(
    called.map((call) => [call.name, call.args]),
    [['weather', { city: 'Köln' }]],
  )
  const answered = await client.models.generateContent({
    model: 'tool',
    contents: [
      question,
      { role: 'model', parts: [{ functionCall: called[0]! }] },
      {
        role: 'user',
        parts: [{ functionResponse: { name: 'weather', response: { sky: 'blue' } } }],
      },
    ],
    config,
  })
  assert.match(answered.text ?? '', /^The tool answered: .*blue/)
  const [first, second] = await tapped.traffic()
  assert.deepEqual(first!.record.facts.toolNames, ['weather'])
  const [call, ...others] = assembled(first!).toolCalls
  assert.deepEqual(
    [call?.name, JSON.parse(call?.arguments ?? ''), others],
    ['weather', { city: 'Köln' }, []],
  )
  assertHistoryStoredOnce(first!, second!, SYSTEM.length)
})

test('@google/genai: counting, embedding and listing are recorded surfaces', async () => {
  await using tapped = await startTappedGateway()
  const client = clientOf(tapped)
  const counted = await client.models.countTokens({ model: 'echo', contents: 'hello there' })
  const embedded = await client.models.embedContent({ model: 'sandbox', contents: ['a', 'b'] })
  assert.equal(embedded.embeddings?.length, 2)
  const names: unknown[] = []
  for await (const model of await client.models.list()) names.push(model.name)
  assert.ok(names.includes('models/echo'))
  assert.equal((await client.models.get({ model: 'echo' })).name, 'models/echo')
  const traffic = await tapped.traffic()
  assert.deepEqual(
    traffic.map(({ record }) => [record.row.surface, record.row.model]),
    [
      ['gemini.count-tokens', 'echo'],
      ['gemini.batch-embed-contents', 'sandbox'],
      ['gemini.models', null],
      ['gemini.models', 'echo'],
    ],
  )
  assertRow(traffic[0]!, { inputTokens: counted.totalTokens!, status: 200 })
})

test('@google/genai: a file is uploaded through the gateway, whatever address the provider names for it', async () => {
  await using tapped = await startTappedGateway()
  const client = clientOf(tapped, '/t/desk/gemini')
  const file = new Blob(['a confidential file'], { type: 'text/plain' })
  const uploaded = await client.files.upload({ file, config: { mimeType: 'text/plain' } })
  assert.equal(uploaded.sizeBytes, '19')
  const received = tapped.gateway.sandbox.received()
  assert.deepEqual(
    received.map(({ path }) => path.split('?')[0]),
    ['/upload/v1/files', '/upload/v1beta/files'],
  )
  // What had gone past the gateway would not carry its credential.
  for (const { headers } of received)
    assert.ok(
      headers.some(
        ([name, value]) => name === 'x-goog-api-key' && value === 'upstream-secret-gemini',
      ),
    )
})

test('@google/genai: errors of the provider pass and are not sent again', async () => {
  await using tapped = await startTappedGateway()
  const client = clientOf(tapped)
  const statuses = [400, 401, 404, 429, 500, 503]
  for (const status of statuses) {
    const request = { model: `error-${status}`, contents: 'x' }
    await assert.rejects(client.models.generateContent(request), { name: 'ApiError', status })
    await assert.rejects(client.models.generateContentStream(request), { name: 'ApiError', status })
  }
  const traffic = await tapped.traffic()
  assert.deepEqual(
    traffic.map(({ record }) => record.row.status),
    statuses.flatMap((status) => [status, status]),
  )
})

test('@google/genai: a wrong key is refused in its own words and reaches no provider', async () => {
  await using tapped = await startTappedGateway()
  const client = new GoogleGenAI({
    apiKey: 'AIza-not-ours',
    httpOptions: { baseUrl: `${tapped.url}/gemini` },
  })
  await assert.rejects(client.models.generateContent({ model: 'echo', contents: 'x' }), {
    name: 'ApiError',
    status: 401,
    message: /UNAUTHENTICATED/,
  })
  const [only] = await tapped.traffic()
  assertRow(only!, { state: 'refused', status: 401 })
})

test("@google/genai: an abort in mid-stream ends the provider's call and closes the record", async () => {
  await using tapped = await startTappedGateway()
  const abort = new AbortController()
  const stream = await clientOf(tapped).models.generateContentStream({
    model: 'echo-slow',
    contents: 'word '.repeat(400),
    config: { abortSignal: abort.signal },
  })
  await assert.rejects(async () => {
    for await (const _ of stream) abort.abort()
  })
  const [only] = await tapped.traffic()
  assertRow(only!, { state: 'interrupted', stream: true, model: 'echo-slow' })
  assert.equal(only!.record.closing?.outcome, 'caller-aborted')
  assert.equal(only!.received?.aborted, true)
})

test('@google/genai: every API version, the single-origin layout and the path tag reach Gemini', async () => {
  await using tapped = await startTappedGateway()
  for (const prefix of ['', '/gemini', '/t/nightly-ci', '/t/nightly-ci/gemini']) {
    for (const version of ['v1', 'v1beta', 'v1alpha']) {
      const client = clientOf(tapped, prefix, version)
      await client.models.generateContent({ model: 'echo', contents: 'hi' })
      const [last] = (await tapped.traffic()).slice(-1)
      const declaredService = prefix.startsWith('/t/') ? 'nightly-ci' : ''
      assertRow(last!, { upstream: 'gemini', status: 200, declaredService })
      assert.equal(last!.received?.path, `/${version}/models/echo:generateContent`)
    }
    await clientOf(tapped, prefix).models.list()
    assertRow((await tapped.traffic()).at(-1)!, { upstream: 'gemini', surface: 'gemini.models' })
  }
})

test('@google/genai: the Vertex paths of a client with an API key reach the same upstream', async () => {
  await using tapped = await startTappedGateway()
  const client = new GoogleGenAI({
    enterprise: true,
    apiKey: tapped.key,
    httpOptions: { baseUrl: `${tapped.url}/gemini` },
  })
  const answer = await client.models.generateContent({ model: 'echo', contents: 'hi' })
  assert.equal(answer.text, 'hi')
  const [only] = await tapped.traffic()
  assertRow(only!, { upstream: 'gemini', model: 'echo', surface: 'gemini.generate-content' })
  assert.match(only!.received!.path, /^\/v1beta1\/publishers\/google\/models\/echo:generateContent/)
})

test('@google/genai: two environment variables are all a program needs', async () => {
  await using tapped = await startTappedGateway()
  process.env['GOOGLE_GEMINI_BASE_URL'] = `${tapped.url}/gemini`
  process.env['GEMINI_API_KEY'] = tapped.key
  try {
    const answer = await new GoogleGenAI({}).models.generateContent({
      model: 'echo',
      contents: 'hi',
    })
    assert.equal(answer.text, 'hi')
  } finally {
    delete process.env['GOOGLE_GEMINI_BASE_URL']
    delete process.env['GEMINI_API_KEY']
  }
  const [only] = await tapped.traffic()
  assertRow(only!, { upstream: 'gemini', status: 200 })
})
