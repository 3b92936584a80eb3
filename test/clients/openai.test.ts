import assert from 'node:assert/strict'
import { test } from 'node:test'
import OpenAI, { toFile } from 'openai'
import OpenAI6 from 'openai-6'
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
    type: 'function' as const,
    function: {
      name: 'weather',
      parameters: { type: 'object', properties: { city: { type: 'string' } } },
    },
  },
]
const SYSTEM = noise('system prompt', 24_000)

const user = (content: string) => ({ role: 'user' as const, content })

for (const [name, Client] of [
  ['openai 7', OpenAI],
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same calls, older private types
  ['openai 6', OpenAI6 as unknown as typeof OpenAI],
] as const) {
  const clientOf = (tapped: TappedGateway, prefix = '/openai/v1') =>
    new Client({ apiKey: tapped.key, baseURL: tapped.url + prefix })

  test(`${name}: a chat completion and its stream pass byte for byte and are recorded with usage`, async () => {
    await using tapped = await startTappedGateway()
    const client = clientOf(tapped)
    const whole = await client.chat.completions.create({
      model: 'echo',
      messages: [user('Grüße, 世界 🎈')],
    })
    assert.equal(whole.choices[0]?.message.content, 'Grüße, 世界 🎈')
    const streamed = await client.chat.completions
      .stream({
        model: 'echo-slow',
        messages: [user('Slow words, one after the other.')],
        stream_options: { include_usage: true },
      })
      .finalChatCompletion()
    assert.equal(streamed.choices[0]?.message.content, 'Slow words, one after the other.')
    const [first, second] = await tapped.traffic()
    const common = { upstream: 'openai', surface: 'openai.chat-completions', status: 200 }
    assertRow(first!, {
      ...common,
      state: 'complete',
      model: 'echo',
      stream: false,
      finishReason: 'stop',
      inputTokens: whole.usage!.prompt_tokens,
      outputTokens: whole.usage!.completion_tokens,
    })
    assertRow(second!, {
      ...common,
      state: 'complete',
      model: 'echo-slow',
      stream: true,
      finishReason: 'stop',
      inputTokens: streamed.usage!.prompt_tokens,
      outputTokens: streamed.usage!.completion_tokens,
    })
    assert.equal(assembled(second!).text, 'Slow words, one after the other.')
    const times = second!.record.answerChunks.map(({ atMs }) => atMs)
    assert.ok(times.length > 4 && times.at(-1)! > times[0]!, 'each event keeps its own time')
  })

  test(`${name}: a response and its stream pass, with reasoning, and are recorded`, async () => {
    await using tapped = await startTappedGateway()
    const client = clientOf(tapped)
    const whole = await client.responses.create({ model: 'echo', input: 'Grüße 🎈' })
    assert.equal(whole.output_text, 'Grüße 🎈')
    const streamed = await client.responses
      .stream({ model: 'reasoning', input: 'why?' })
      .finalResponse()
    const [first, second] = await tapped.traffic()
    for (const [traffic, response, stream] of [
      [first!, whole, false],
      [second!, streamed, true],
    ] as const) {
      assertRow(traffic, {
        surface: 'openai.responses',
        state: 'complete',
        stream,
        inputTokens: response.usage!.input_tokens,
        outputTokens: response.usage!.output_tokens,
      })
      assert.equal(assembled(traffic).text, response.output_text)
      assert.equal(traffic.record.closing?.responseId, response.id)
      assert.equal(
        traffic.record.closing?.usage.reasoningTokens,
        response.usage!.output_tokens_details.reasoning_tokens,
      )
    }
    assert.match(assembled(second!).reasoning, /why\?/)
  })

  test(`${name}: completions, embeddings, models and moderations are recorded surfaces`, async () => {
    await using tapped = await startTappedGateway()
    const client = clientOf(tapped)
    const completion = await client.completions.create({ model: 'echo', prompt: 'Once' })
    const stream = await client.completions.create({ model: 'echo', prompt: 'Twice', stream: true })
    let text = ''
    for await (const chunk of stream) text += chunk.choices[0]?.text ?? ''
    assert.equal(text, 'Twice')
    const embedded = await client.embeddings.create({ model: 'sandbox', input: ['a', 'b'] })
    assert.equal(embedded.data.length, 2)
    assert.ok((await client.models.list()).data.some(({ id }) => id === 'echo'))
    assert.equal((await client.models.retrieve('echo')).id, 'echo')
    assert.equal((await client.moderations.create({ input: 'x' })).results[0]?.flagged, false)
    const traffic = await tapped.traffic()
    assert.deepEqual(
      traffic.map(({ record }) => [record.row.surface, record.row.stream, record.row.model]),
      [
        ['openai.completions', false, 'echo'],
        ['openai.completions', true, 'echo'],
        ['openai.embeddings', false, 'sandbox'],
        ['openai.models', false, null],
        ['openai.models', false, null],
        ['openai.moderations', false, null],
      ],
    )
    assertRow(traffic[0]!, { outputTokens: completion.usage!.completion_tokens })
    assertRow(traffic[2]!, { inputTokens: embedded.usage.prompt_tokens })
  })

  test(`${name}: a tool conversation of two turns stores its history once`, async () => {
    await using tapped = await startTappedGateway()
    const client = clientOf(tapped)
    const history = [{ role: 'system' as const, content: SYSTEM }, user('{"city" : "Köln"}')]
    const request = { model: 'tool', tools: TOOLS }
    const asked = await client.chat.completions
      .stream({ ...request, messages: history })
      .finalChatCompletion()
    const message = asked.choices[0]!.message
    const call = message.tool_calls![0]!
    assert.ok(call.type === 'function')
    assert.equal(call.function.arguments, '{"city" : "Köln"}')
    const answered = await client.chat.completions.create({
      ...request,
      messages: [
        ...history,
        { role: 'assistant', content: message.content, tool_calls: message.tool_calls! },
        { role: 'tool', tool_call_id: call.id, content: 'rain' },
      ],
    })
    assert.equal(answered.choices[0]?.message.content, 'The tool answered: rain')
    const [first, second] = await tapped.traffic()
    assert.deepEqual(first!.record.facts.toolNames, ['weather'])
    assertRow(first!, { finishReason: 'tool_calls' })
    assert.deepEqual(assembled(first!).toolCalls, [
      { id: call.id, name: 'weather', arguments: '{"city" : "Köln"}' },
    ])
    assertHistoryStoredOnce(first!, second!, SYSTEM.length)
  })

  test(`${name}: a function call in the Responses API goes there and back`, async () => {
    await using tapped = await startTappedGateway()
    const client = clientOf(tapped)
    const tools = [
      {
        type: 'function' as const,
        name: 'weather',
        strict: false,
        parameters: { type: 'object', properties: { city: { type: 'string' } } },
      },
    ]
    const input = [{ role: 'system' as const, content: SYSTEM }, user('{"city":"Rome"}')]
    const asked = await client.responses.stream({ model: 'tool', input, tools }).finalResponse()
    const call = asked.output.find((item) => item.type === 'function_call')!
    const answered = await client.responses.create({
      model: 'tool',
      tools,
      input: [
        ...input,
        {
          type: 'function_call',
          call_id: call.call_id,
          name: call.name,
          arguments: call.arguments,
        },
        { type: 'function_call_output', call_id: call.call_id, output: 'sunny' },
      ],
    })
    assert.equal(answered.output_text, 'The tool answered: sunny')
    const [first, second] = await tapped.traffic()
    assert.deepEqual(assembled(first!).toolCalls, [
      { id: call.call_id, name: 'weather', arguments: '{"city":"Rome"}' },
    ])
    assertHistoryStoredOnce(first!, second!, SYSTEM.length)
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
        baseURL: `${tapped.url}/openai/v1`,
        defaultHeaders: { 'x-sandbox-script': '{"headers":{"retry-after-ms":"1"}}' },
      })
      const request = { model: `error-${status}`, messages: [user('x')] }
      await assert.rejects(client.chat.completions.create(request), (error) => {
        assert.ok(error instanceof type)
        assert.equal(error.code, `sandbox_${status}`)
        return true
      })
      const traffic = await tapped.traffic()
      assert.equal(traffic.length, requests, String(status))
      for (const [attempt, one] of traffic.entries()) {
        assertRow(one, { status, state: 'complete', outputTokens: null })
        const { headers } = one.record.facts.tags
        assert.equal(headers['x-stainless-retry-count'], String(attempt))
      }
    }
  })

  test(`${name}: a wrong key is refused in the client's own words and reaches no provider`, async () => {
    await using tapped = await startTappedGateway()
    for (const apiKey of ['sk-not-ours', `${tapped.key.slice(0, -1)}_`]) {
      const client = new Client({ apiKey, baseURL: `${tapped.url}/openai/v1` })
      const request = { model: 'echo', messages: [user('x')] }
      await assert.rejects(client.chat.completions.create(request), Client.AuthenticationError)
    }
    const unknown = clientOf(tapped, '/nobody/v1')
    await assert.rejects(unknown.models.list(), Client.NotFoundError)
    const traffic = await tapped.traffic()
    assert.deepEqual(
      traffic.map(({ record, received }) => [record.row.state, record.row.status, received]),
      [
        ['refused', 401, null],
        ['refused', 401, null],
        ['refused', 404, null],
      ],
    )
  })

  test(`${name}: an abort in mid-stream ends the provider's call and closes the record`, async () => {
    await using tapped = await startTappedGateway()
    const client = clientOf(tapped)
    const long = 'word '.repeat(400)
    for (const api of ['chat', 'responses']) {
      const stream =
        api === 'chat'
          ? await client.chat.completions.create({
              model: 'echo-slow',
              messages: [user(long)],
              stream: true,
            })
          : await client.responses.create({ model: 'echo-slow', input: long, stream: true })
      let events = 0
      for await (const _ of stream) {
        events += 1
        if (events === 3) stream.controller.abort()
      }
    }
    const traffic = await tapped.traffic()
    assert.equal(traffic.length, 2)
    for (const one of traffic) {
      assertRow(one, { state: 'interrupted', stream: true })
      assert.equal(one.record.closing?.outcome, 'caller-aborted')
      assert.ok(one.tapped.answer.length > 0 && !one.tapped.isWhole)
      assert.equal(one.received?.aborted, true)
    }
  })

  test(`${name}: uploads and media pass as opaque bytes, larger than what is held in memory too`, async () => {
    await using tapped = await startTappedGateway()
    const client = clientOf(tapped)
    const speech = await client.audio.speech.create({ model: 'tts', voice: 'alloy', input: 'Hi' })
    const wav = Buffer.from(await speech.arrayBuffer())
    const file = await toFile(wav, 'hi.wav')
    const heard = await client.audio.transcriptions.create({ model: 'whisper', file })
    assert.match(heard.text, /sandbox/)
    const content = Buffer.from(noise('upload', 700_000))
    const uploaded = await client.files.create({
      file: await toFile(content, 'jobs.jsonl'),
      purpose: 'batch',
    })
    assert.equal(uploaded.filename, 'jobs.jsonl')
    const picture = await client.images.edit({
      model: 'sandbox',
      image: await toFile(content.subarray(0, 90_000), 'a.png', { type: 'image/png' }),
      prompt: 'a dot',
    })
    assert.ok(picture.data?.[0]?.b64_json)
    const traffic = await tapped.traffic()
    assert.deepEqual(
      traffic.map(({ record }) => [record.row.surface, record.row.state, record.row.model]),
      [
        ['openai.audio-speech', 'complete', 'tts'],
        ['openai.audio', 'complete', null],
        ['openai.files', 'complete', null],
        ['openai.images', 'complete', null],
      ],
    )
    assert.ok(traffic[2]!.record.requestChunks.length > 1, 'streamed through, never held whole')
    assert.ok(traffic[2]!.tapped.body.includes(content))
  })

  test(`${name}: the single-origin layout and the path tag reach the same upstream`, async () => {
    await using tapped = await startTappedGateway()
    for (const prefix of ['/v1', '/t/nightly-ci/v1', '/t/nightly-ci/openai/v1', '/openai']) {
      const client = clientOf(tapped, prefix)
      await client.chat.completions.create({ model: 'echo', messages: [user('hi')] })
      await client.responses.create({ model: 'echo', input: 'hi' })
    }
    const traffic = await tapped.traffic()
    assert.equal(traffic.length, 8)
    for (const [i, one] of traffic.entries()) {
      const declaredService = i >= 2 && i < 6 ? 'nightly-ci' : ''
      assertRow(one, { upstream: 'openai', status: 200, declaredService })
      assert.match(one.received!.path, /^\/v1\/(?:chat\/completions|responses)$/)
    }
  })

  test(`${name}: two environment variables are all a program needs`, async () => {
    await using tapped = await startTappedGateway()
    process.env['OPENAI_BASE_URL'] = `${tapped.url}/openai/v1`
    process.env['OPENAI_API_KEY'] = tapped.key
    try {
      const answer = await new Client().responses.create({ model: 'echo', input: 'hi' })
      assert.equal(answer.output_text, 'hi')
    } finally {
      delete process.env['OPENAI_BASE_URL']
      delete process.env['OPENAI_API_KEY']
    }
    const [only] = await tapped.traffic()
    assertRow(only!, { upstream: 'openai', surface: 'openai.responses' })
  })

  test(`${name}: OPENAI_CUSTOM_HEADERS can say which service calls`, async () => {
    await using tapped = await startTappedGateway()
    process.env['OPENAI_CUSTOM_HEADERS'] = 'x-custody-service: nightly-ci'
    try {
      await clientOf(tapped).responses.create({ model: 'echo', input: 'hi' })
    } finally {
      delete process.env['OPENAI_CUSTOM_HEADERS']
    }
    const [only] = await tapped.traffic()
    assertRow(only!, { declaredService: 'nightly-ci', service: 'local' })
  })
}
