import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ollama } from 'ollama'
import {
  assembled,
  assertHistoryStoredOnce,
  assertRow,
  startTappedGateway,
} from '../harness/faithful.ts'
import type { TappedGateway } from '../harness/faithful.ts'
import { noise } from '../harness/noise.ts'

const SYSTEM = noise('system prompt', 24_000)
const TOOLS = [
  {
    type: 'function',
    function: {
      name: 'weather',
      description: '',
      parameters: { type: 'object', properties: { city: { type: 'string' } } },
    },
  },
]

const user = (content: string) => ({ role: 'user', content })

const clientOf = (tapped: TappedGateway, prefix = '/ollama') =>
  new Ollama({
    host: tapped.url + prefix,
    headers: { authorization: `Bearer ${tapped.key}` },
  })

test('ollama: chat, generate and their streams pass byte for byte and are recorded with usage', async () => {
  await using tapped = await startTappedGateway()
  const client = clientOf(tapped)
  const text = 'Grüße, 世界 🎈, slowly now'
  const chat = await client.chat({ model: 'echo', messages: [user(text)] })
  assert.equal(chat.message.content, text)
  const generated = await client.generate({ model: 'echo', prompt: text })
  assert.equal(generated.response, text)
  let chatted = ''
  let last = chat
  const messages = [user(text)]
  for await (const part of await client.chat({ model: 'echo-slow', messages, stream: true })) {
    chatted += part.message.content
    last = part
  }
  let written = ''
  for await (const part of await client.generate({ model: 'echo', prompt: text, stream: true })) {
    written += part.response
  }
  assert.deepEqual([chatted, written], [text, text])
  const traffic = await tapped.traffic()
  for (const [i, [surface, stream, counted]] of (
    [
      ['ollama.chat', false, chat],
      ['ollama.generate', false, generated],
      ['ollama.chat', true, last],
      ['ollama.generate', true, generated],
    ] as const
  ).entries()) {
    assertRow(traffic[i]!, {
      upstream: 'ollama',
      surface,
      stream,
      state: 'complete',
      status: 200,
      finishReason: 'stop',
      inputTokens: counted.prompt_eval_count,
      outputTokens: counted.eval_count,
    })
    assert.equal(assembled(traffic[i]!).text, text)
  }
  const times = traffic[2]!.record.answerChunks.map(({ atMs }) => atMs)
  assert.ok(times.length > 4 && times.at(-1)! > times[0]!, 'each event keeps its own time')
})

test('ollama: a tool conversation of two turns stores its history once', async () => {
  await using tapped = await startTappedGateway()
  const client = clientOf(tapped)
  const history = [{ role: 'system', content: SYSTEM }, user('{"city":"Rome"}')]
  const called = []
  for await (const part of await client.chat({
    model: 'tool',
    messages: history,
    tools: TOOLS,
    stream: true,
  })) {
    called.push(...(part.message.tool_calls ?? []))
  }
  assert.deepEqual(called[0]?.function.arguments, { city: 'Rome' })
  const answered = await client.chat({
    model: 'tool',
    messages: [
      ...history,
      { role: 'assistant', content: '', tool_calls: called },
      { role: 'tool', content: 'sunny', tool_name: 'weather' },
    ],
    tools: TOOLS,
  })
  assert.equal(answered.message.content, 'The tool answered: sunny')
  const [first, second] = await tapped.traffic()
  assert.deepEqual(first!.record.facts.toolNames, ['weather'])
  const [call] = assembled(first!).toolCalls
  assert.deepEqual([call?.name, JSON.parse(call?.arguments ?? '')], ['weather', { city: 'Rome' }])
  assertHistoryStoredOnce(first!, second!, SYSTEM.length)
})

test('ollama: thinking passes and is recorded apart from the text', async () => {
  await using tapped = await startTappedGateway()
  const answer = await clientOf(tapped).chat({
    model: 'reasoning',
    messages: [user('why?')],
    think: true,
  })
  const [only] = await tapped.traffic()
  assert.equal(assembled(only!).reasoning, answer.message.thinking)
  assert.equal(assembled(only!).text, answer.message.content)
})

test('ollama: embedding, listing and showing are recorded surfaces', async () => {
  await using tapped = await startTappedGateway()
  const client = clientOf(tapped)
  const embedded = await client.embed({ model: 'echo', input: ['a', 'b'] })
  assert.equal(embedded.embeddings.length, 2)
  assert.ok((await client.list()).models.length > 0)
  await client.ps()
  await client.show({ model: 'echo' })
  await client.version()
  const traffic = await tapped.traffic()
  assertRow(traffic[0]!, {
    surface: 'ollama.embed',
    model: 'echo',
    inputTokens: embedded.prompt_eval_count,
  })
  for (const one of traffic) assertRow(one, { upstream: 'ollama', status: 200 })
  assert.equal(traffic.length, 5)
})

test('ollama: errors of the provider pass and are not sent again, and a wrong key is refused', async () => {
  await using tapped = await startTappedGateway()
  const client = clientOf(tapped)
  const statuses = [400, 404, 429, 500, 503]
  for (const status of statuses) {
    const request = { model: `error-${status}`, messages: [user('x')] }
    await assert.rejects(client.chat(request), { name: 'ResponseError', status_code: status })
  }
  const stranger = new Ollama({ host: `${tapped.url}/ollama` })
  await assert.rejects(stranger.list(), { name: 'ResponseError', status_code: 401 })
  const traffic = await tapped.traffic()
  assert.deepEqual(
    traffic.map(({ record }) => [record.row.state, record.row.status]),
    [...statuses.map((status) => ['complete', status]), ['refused', 401]],
  )
})

test("ollama: an abort in mid-stream ends the provider's call and closes the record", async () => {
  await using tapped = await startTappedGateway()
  const stream = await clientOf(tapped).chat({
    model: 'echo-slow',
    messages: [user('word '.repeat(400))],
    stream: true,
  })
  await assert.rejects(
    async () => {
      for await (const _ of stream) stream.abort()
    },
    { name: 'AbortError' },
  )
  const [only] = await tapped.traffic()
  assertRow(only!, { state: 'interrupted', stream: true, model: 'echo-slow' })
  assert.equal(only!.record.closing?.outcome, 'caller-aborted')
  assert.equal(only!.received?.aborted, true)
})

test('ollama: the single-origin layout and the path tag reach the same upstream', async () => {
  await using tapped = await startTappedGateway()
  for (const prefix of ['', '/t/nightly-ci', '/t/nightly-ci/ollama']) {
    const client = clientOf(tapped, prefix)
    await client.chat({ model: 'echo', messages: [user('hi')] })
    await client.list()
    const declaredService = prefix === '' ? '' : 'nightly-ci'
    for (const one of (await tapped.traffic()).slice(-2)) {
      assertRow(one, { upstream: 'ollama', status: 200, declaredService })
    }
  }
})
