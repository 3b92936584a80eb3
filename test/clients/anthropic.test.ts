import assert from 'node:assert/strict'
import { test } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import Anthropic0 from 'anthropic-sdk-0'
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
    name: 'weather',
    input_schema: { type: 'object' as const, properties: { city: { type: 'string' } } },
  },
]
const SYSTEM = noise('system prompt', 24_000)

const user = (content: string) => ({ role: 'user' as const, content })

for (const [name, Client, keyHeader] of [
  ['@anthropic-ai/sdk 1', Anthropic, 'authorization'],
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same calls, older private types
  ['@anthropic-ai/sdk 0', Anthropic0 as unknown as typeof Anthropic, 'x-api-key'],
] as const) {
  const clientOf = (tapped: TappedGateway, prefix = '/anthropic') =>
    new Client({ apiKey: tapped.key, baseURL: tapped.url + prefix })

  test(`${name}: a message and its stream pass byte for byte and are recorded with usage`, async () => {
    await using tapped = await startTappedGateway()
    const client = clientOf(tapped)
    const request = { max_tokens: 100, messages: [user('Grüße, 世界 🎈, slowly now')] }
    const whole = await client.messages.create({ ...request, model: 'echo' })
    const streamed = await client.messages.stream({ ...request, model: 'echo-slow' }).finalMessage()
    const [first, second] = await tapped.traffic()
    for (const [traffic, message, stream] of [
      [first!, whole, false],
      [second!, streamed, true],
    ] as const) {
      assertRow(traffic, {
        upstream: 'anthropic',
        surface: 'anthropic.messages',
        state: 'complete',
        status: 200,
        stream,
        model: message.model,
        finishReason: 'end_turn',
        inputTokens: message.usage.input_tokens,
        outputTokens: message.usage.output_tokens,
      })
      assert.equal(assembled(traffic).text, 'Grüße, 世界 🎈, slowly now')
      assert.equal(traffic.record.closing?.responseId, message.id)
      const names = traffic.tapped.headers.map(([header]) => header.toLowerCase())
      assert.ok(names.includes(keyHeader) && names.includes('anthropic-version'))
    }
    const times = second!.record.answerChunks.map(({ atMs }) => atMs)
    assert.ok(times.length > 4 && times.at(-1)! > times[0]!, 'each event keeps its own time')
  })

  test(`${name}: the key is accepted as api key and as auth token, and by environment alone`, async () => {
    await using tapped = await startTappedGateway()
    const baseURL = `${tapped.url}/anthropic`
    const request = { model: 'echo', max_tokens: 9, messages: [user('hi')] }
    await new Client({ apiKey: tapped.key, baseURL }).messages.create(request)
    await new Client({ authToken: tapped.key, apiKey: null, baseURL }).messages.create(request)
    for (const variable of ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN']) {
      process.env['ANTHROPIC_BASE_URL'] = baseURL
      process.env[variable] = tapped.key
      try {
        await new Client().messages.create(request)
      } finally {
        delete process.env['ANTHROPIC_BASE_URL']
        delete process.env[variable]
      }
    }
    const carriers = (await tapped.traffic()).map(({ tapped: { headers } }) =>
      headers
        .map(([header]) => header.toLowerCase())
        .filter((h) => /^(authorization|x-api-key)$/.test(h)),
    )
    assert.deepEqual(carriers, [[keyHeader], ['authorization'], [keyHeader], ['authorization']])
  })

  test(`${name}: the caller's key may come in both places at once, as some helpers send it`, async () => {
    await using tapped = await startTappedGateway()
    const client = new Client({
      apiKey: tapped.key,
      baseURL: `${tapped.url}/anthropic`,
      defaultHeaders: { authorization: `Bearer ${tapped.key}`, 'x-api-key': tapped.key },
    })
    await client.messages.create({ model: 'echo', max_tokens: 9, messages: [user('hi')] })
    const [only] = await tapped.traffic()
    assertRow(only!, { state: 'complete' })
  })

  test(`${name}: thinking streams with its signature untouched`, async () => {
    await using tapped = await startTappedGateway()
    const message = await clientOf(tapped)
      .messages.stream({
        model: 'reasoning',
        max_tokens: 4000,
        thinking: { type: 'enabled', budget_tokens: 2000 },
        messages: [user('why?')],
      })
      .finalMessage()
    const [block] = message.content
    assert.ok(block?.type === 'thinking' && block.signature.length > 40)
    const [only] = await tapped.traffic()
    assert.ok(only!.tapped.answer.includes(block.signature))
    assert.equal(assembled(only!).reasoning, block.thinking)
  })

  test(`${name}: a tool conversation of two turns stores its history once`, async () => {
    await using tapped = await startTappedGateway()
    const client = clientOf(tapped)
    const request = { model: 'tool', max_tokens: 100, system: SYSTEM, tools: TOOLS }
    const asked = await client.messages
      .stream({ ...request, messages: [user('{"city" : "Köln"}')] })
      .finalMessage()
    const call = asked.content.find((block) => block.type === 'tool_use')!
    assert.deepEqual(call.input, { city: 'Köln' })
    const answered = await client.messages.create({
      ...request,
      messages: [
        user('{"city" : "Köln"}'),
        { role: 'assistant', content: asked.content },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: call.id, content: 'rain' }],
        },
      ],
    })
    const [block] = answered.content
    assert.equal(block?.type === 'text' && block.text, 'The tool answered: rain')
    const [first, second] = await tapped.traffic()
    assert.deepEqual(first!.record.facts.toolNames, ['weather'])
    assertRow(first!, { finishReason: 'tool_use' })
    assert.deepEqual(assembled(first!).toolCalls, [
      { id: call.id, name: 'weather', arguments: '{"city" : "Köln"}' },
    ])
    assertHistoryStoredOnce(first!, second!, SYSTEM.length)
  })

  test(`${name}: count_tokens, models and batches are recorded surfaces`, async () => {
    await using tapped = await startTappedGateway()
    const client = clientOf(tapped)
    const prompt = { model: 'echo', messages: [user('hello')] }
    const counted = await client.messages.countTokens(prompt)
    assert.ok((await client.models.list()).data.length > 0)
    assert.equal((await client.models.retrieve('echo')).id, 'echo')
    const params = { ...prompt, max_tokens: 9 }
    const batch = await client.messages.batches.create({ requests: [{ custom_id: 'a', params }] })
    assert.equal((await client.messages.batches.retrieve(batch.id)).id, batch.id)
    const traffic = await tapped.traffic()
    assert.deepEqual(
      traffic.map(({ record }) => [record.row.surface, record.row.upstream, record.row.status]),
      [
        ['anthropic.count-tokens', 'anthropic', 200],
        ['anthropic.models', 'anthropic', 200],
        ['anthropic.models', 'anthropic', 200],
        ['anthropic.batches', 'anthropic', 200],
        ['anthropic.batches', 'anthropic', 200],
      ],
    )
    assertRow(traffic[0]!, { model: 'echo', inputTokens: counted.input_tokens })
  })

  test(`${name}: errors of the provider pass, and the client sends as many requests as without us`, async () => {
    for (const [status, type, requests] of [
      [400, Client.BadRequestError, 1],
      [401, Client.AuthenticationError, 1],
      [404, Client.NotFoundError, 1],
      [429, Client.RateLimitError, 3],
      [500, Client.InternalServerError, 3],
      [529, Client.InternalServerError, 3],
    ] as const) {
      await using tapped = await startTappedGateway()
      const client = new Client({
        apiKey: tapped.key,
        baseURL: `${tapped.url}/anthropic`,
        defaultHeaders: { 'x-sandbox-script': '{"headers":{"retry-after-ms":"1"}}' },
      })
      const request = { model: `error-${status}`, max_tokens: 9, messages: [user('x')] }
      await assert.rejects(client.messages.create(request), type)
      const traffic = await tapped.traffic()
      assert.equal(traffic.length, requests, String(status))
      for (const one of traffic) assertRow(one, { status, state: 'complete', outputTokens: null })
    }
  })

  test(`${name}: an error event in mid-stream is raised and recorded as the answer it was`, async () => {
    await using tapped = await startTappedGateway()
    const client = new Client({
      apiKey: tapped.key,
      baseURL: `${tapped.url}/anthropic`,
      defaultHeaders: { 'x-sandbox-script': '{"failMidway":true}' },
    })
    const stream = client.messages.stream({
      model: 'hi',
      max_tokens: 9,
      messages: [user('x')],
    })
    await assert.rejects(stream.finalMessage(), Client.APIError)
    const [only] = await tapped.traffic()
    assertRow(only!, { state: 'complete', status: 200, stream: true })
    assert.match(String(assembled(only!).error), /told to fail/)
  })

  test(`${name}: a wrong key is refused in the client's own words and reaches no provider`, async () => {
    await using tapped = await startTappedGateway()
    const client = new Client({ apiKey: 'sk-ant-not-ours', baseURL: `${tapped.url}/anthropic` })
    const request = { model: 'echo', max_tokens: 9, messages: [user('x')] }
    await assert.rejects(client.messages.create(request), (error) => {
      assert.ok(error instanceof Client.AuthenticationError)
      assert.match(error.message, /gateway key/)
      return true
    })
    const [only, ...others] = await tapped.traffic()
    assertRow(only!, { state: 'refused', status: 401 })
    assert.equal(others.length, 0)
  })

  test(`${name}: an abort in mid-stream ends the provider's call and closes the record`, async () => {
    await using tapped = await startTappedGateway()
    const stream = clientOf(tapped).messages.stream({
      model: 'echo-slow',
      max_tokens: 100,
      messages: [user('word '.repeat(400))],
    })
    stream.on('text', () => stream.abort())
    await assert.rejects(stream.finalMessage(), Client.APIUserAbortError)
    const [only] = await tapped.traffic()
    assertRow(only!, { state: 'interrupted', stream: true, model: 'echo-slow' })
    assert.equal(only!.record.closing?.outcome, 'caller-aborted')
    assert.ok(only!.tapped.answer.length > 0 && !only!.tapped.isWhole)
    assert.equal(only!.received?.aborted, true)
  })

  test(`${name}: the single-origin layout and the path tag reach the same upstream`, async () => {
    await using tapped = await startTappedGateway()
    for (const prefix of ['', '/t/nightly-ci', '/t/nightly-ci/anthropic']) {
      const client = clientOf(tapped, prefix)
      await client.messages.create({ model: 'echo', max_tokens: 9, messages: [user('hi')] })
      await client.models.list()
    }
    const traffic = await tapped.traffic()
    assert.equal(traffic.length, 6)
    for (const [i, one] of traffic.entries()) {
      const declaredService = i < 2 ? '' : 'nightly-ci'
      assertRow(one, { upstream: 'anthropic', status: 200, declaredService })
      assert.match(one.received!.path, /^\/v1\/(?:messages|models)/)
    }
  })

  test(`${name}: ANTHROPIC_CUSTOM_HEADERS can say which service calls`, async () => {
    await using tapped = await startTappedGateway()
    process.env['ANTHROPIC_CUSTOM_HEADERS'] = 'x-custody-service: nightly-ci'
    try {
      const messages = [user('hi')]
      await clientOf(tapped).messages.create({ model: 'echo', max_tokens: 9, messages })
    } finally {
      delete process.env['ANTHROPIC_CUSTOM_HEADERS']
    }
    const [only] = await tapped.traffic()
    assertRow(only!, { declaredService: 'nightly-ci', service: 'local' })
  })
}
