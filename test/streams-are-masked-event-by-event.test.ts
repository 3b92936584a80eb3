import assert from 'node:assert/strict'
import { test } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import { Ollama } from 'ollama'
import OpenAI from 'openai'
import { dialectByName } from '../src/dialects/registry.ts'
import { spliced } from '../src/lib/spliced.ts'
import type { AnswerView } from '../src/model/dialect.ts'
import { chatCall } from './harness/data-plane.ts'
import type { TestDialect } from './harness/data-plane.ts'
import { startGateway } from './harness/gateway.ts'
import type { TestGateway } from './harness/gateway.ts'

const CARD = '4111 1111 1111 1111'
const EMAIL = 'jane.doe@example.org'
const KEY = ['ghp_', '16C7e42F292c6912E7710c838347Ae178B4a'].join('')
const SECRETS = [CARD, EMAIL, KEY]
const SAID = `Grüße 🎈 mail ${EMAIL}, card ${CARD}, and ${KEY} at the end ${EMAIL}`
const MASKED =
  'Grüße 🎈 mail <EMAIL_ADDRESS>, card <CREDIT_CARD>, and <CREDENTIAL> at the end <EMAIL_ADDRESS>'
const STREAMED = ['openai', 'anthropic', 'gemini', 'bedrock', 'ollama'] as const

const MASKING = `masking:
  packs: [strict]
  directions: [response]
`

/** Headers carry ASCII. */
const ascii = (json: string): string =>
  json.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

interface Streamed {
  readonly answer: Response
  readonly bytes: Buffer
  readonly view: AnswerView
}

async function stream(
  gateway: TestGateway,
  dialect: TestDialect,
  said: string,
  script: object,
): Promise<Streamed> {
  const { path, body } = chatCall(dialect, true)
  const answer = await fetch(gateway.url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${gateway.key}`,
      'content-type': 'application/json',
      'x-sandbox-script': ascii(JSON.stringify(script)),
    },
    body: body.replace('hello', () => said),
  })
  const chunks: Buffer[] = []
  try {
    for await (const chunk of answer.body ?? []) chunks.push(Buffer.from(chunk))
  } catch {
    // A cut stream ends with an error; what came before counts.
  }
  const bytes = Buffer.concat(chunks)
  const reader = dialectByName(dialect)
  const at = path.indexOf('?')
  const surface = reader.recognise({
    method: 'POST',
    path: (at === -1 ? path : path.slice(0, at)).replace(/^\/[a-z]+/, ''),
    query: at === -1 ? '' : path.slice(at),
  })
  assert.ok(surface !== null)
  const view = reader.readAnswer(surface, answer.headers.get('content-type') ?? '', bytes)
  return { answer, bytes, view }
}

/** No piece of a secret that would help anybody. */
function assertUnseen({ bytes, view }: Streamed, what: string): void {
  for (const secret of SECRETS) {
    for (let at = 0; at + 7 <= secret.length; at += 1) {
      const piece = secret.slice(at, at + 7)
      if (piece === 'example') continue
      assert.ok(!bytes.includes(piece), `${what}: ${piece}`)
      assert.ok(!JSON.stringify(view).includes(piece), `${what}: ${piece}`)
    }
  }
}

test('every cut of every stream gives the text of the whole, masked; evidence has both views', async () => {
  await using gateway = await startGateway({ yaml: MASKING })
  for (const dialect of STREAMED) {
    for (const script of [
      {},
      { chunkBytes: 1 },
      { chunkBytes: 13, events: 3 },
      { chunkBytes: 64, events: 200 },
    ]) {
      const what = `${dialect} ${JSON.stringify(script)}`
      const streamed = await stream(gateway, dialect, SAID, { text: SAID, ...script })
      assert.equal(streamed.answer.status, 200, what)
      assert.equal(streamed.view.text, MASKED, what)
      assertUnseen(streamed, what)
      const record = await gateway.recorded(streamed.answer.headers.get('x-custody-exchange'))
      assert.equal(record.row.state, 'complete', what)
      const received = Buffer.concat(record.answerChunks.map((chunk) => chunk.bytes))
      const shown = spliced(received, record.closing?.answerSplices ?? [])
      assert.ok(shown.equals(streamed.bytes), what)
      assert.deepEqual(
        record.closing?.findings?.map(({ entity }) => entity),
        ['EMAIL_ADDRESS', 'CREDIT_CARD', 'CREDENTIAL', 'EMAIL_ADDRESS'],
        what,
      )
    }
  }
})

test('a stream in which nothing is found is the provider’s, byte for byte', async () => {
  await using gateway = await startGateway({
    yaml: 'masking: { packs: [credentials], directions: [response] }\n',
  })
  for (const dialect of STREAMED) {
    gateway.sandbox.clear()
    const { bytes } = await stream(gateway, dialect, 'x', { text: 'Grüße 🎈.', events: 1 })
    const [sent] = gateway.sandbox.received()
    assert.equal(bytes.toString(), gateway.sandbox.answerOf(sent!.seq).toString(), dialect)
  }
})

test('a stream that is cut, stalls, fails or is garbled anywhere shows no part of a value', async () => {
  await using gateway = await startGateway({ yaml: `${MASKING}limits: { idleMs: 300ms }\n` })
  for (const dialect of STREAMED) {
    const scripts: object[] = [{ failMidway: true }, { malformed: true }, { encoding: 'gzip' }]
    for (let at = 150; at < 2400; at += 450) scripts.push({ cutAfterBytes: at })
    scripts.push({ stallAfterBytes: 900, stallMs: 3000 })
    for (const script of scripts) {
      const what = `${dialect} ${JSON.stringify(script)}`
      assertUnseen(
        await stream(gateway, dialect, SAID, { text: SAID, events: 40, ...script }),
        what,
      )
    }
  }
})

test('real clients read masked streams, tool arguments included', async () => {
  await using gateway = await startGateway({ yaml: MASKING })
  const openai = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url}/openai/v1` })
  const args = JSON.stringify({ to: EMAIL, password: 'hunter2', n: 5 })
  const shown = { to: '<EMAIL_ADDRESS>', password: '<SECRET_FIELD>', n: 5 }
  const chat = await openai.chat.completions
    .stream({
      model: 'tool',
      messages: [{ role: 'user', content: args }],
      tools: [{ type: 'function', function: { name: 'send', parameters: { type: 'object' } } }],
    })
    .finalChatCompletion()
  const [toolCall] = chat.choices[0]?.message.tool_calls ?? []
  assert.ok(toolCall?.type === 'function')
  assert.equal(toolCall.function.name, 'send')
  assert.deepEqual(JSON.parse(toolCall.function.arguments), shown)
  const anthropic = new Anthropic({ apiKey: gateway.key, baseURL: `${gateway.url}/anthropic` })
  const message = await anthropic.messages
    .stream({
      model: 'tool',
      max_tokens: 50,
      messages: [{ role: 'user', content: args }],
      tools: [{ name: 'send', input_schema: { type: 'object' } }],
    })
    .finalMessage()
  const used = message.content.find((block) => block.type === 'tool_use')
  assert.deepEqual(used?.input, shown)
  const text = await anthropic.messages
    .stream({ model: 'echo', max_tokens: 50, messages: [{ role: 'user', content: SAID }] })
    .finalText()
  assert.equal(text, MASKED)
  const gemini = new GoogleGenAI({
    apiKey: gateway.key,
    httpOptions: { baseUrl: `${gateway.url}/gemini` },
  })
  let said = ''
  for await (const part of await gemini.models.generateContentStream({
    model: 'echo',
    contents: SAID,
  }))
    said += part.text ?? ''
  assert.equal(said, MASKED)
  const ollama = new Ollama({
    host: `${gateway.url}/ollama`,
    headers: { authorization: `Bearer ${gateway.key}` },
  })
  said = ''
  for await (const part of await ollama.chat({
    model: 'echo',
    messages: [{ role: 'user', content: SAID }],
    stream: true,
  }))
    said += part.message.content
  assert.equal(said, MASKED)
})

test('deltas, the events that repeat them and the last event of a response say the same', async () => {
  await using gateway = await startGateway({ yaml: MASKING })
  const client = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url}/openai/v1` })
  for (const script of [{}, { events: 200, chunkBytes: 5 }, { events: 1 }]) {
    const events = await client.responses.create(
      { model: 'echo', input: 'x', stream: true },
      { headers: { 'x-sandbox-script': ascii(JSON.stringify({ text: SAID, ...script })) } },
    )
    let text = ''
    for await (const event of events) {
      assert.ok(!SECRETS.some((secret) => JSON.stringify(event).includes(secret)))
      if (event.type === 'response.output_text.delta') text += event.delta
      if (event.type === 'response.output_text.done') assert.equal(event.text, MASKED)
      if (event.type === 'response.content_part.done')
        assert.equal('text' in event.part ? event.part.text : '', MASKED)
      if (event.type === 'response.completed') {
        const [message] = event.response.output
        const [part] = message?.type === 'message' ? message.content : []
        assert.equal(part?.type === 'output_text' ? part.text : '', MASKED)
      }
    }
    assert.equal(text, MASKED)
  }
  const final = await client.responses
    .stream({
      model: 'tool',
      input: JSON.stringify({ to: EMAIL, password: 'hunter2' }),
      tools: [{ type: 'function', name: 'send', parameters: { type: 'object' }, strict: false }],
    })
    .finalResponse()
  const called = final.output.find((item) => item.type === 'function_call')
  assert.deepEqual(JSON.parse(called?.arguments ?? ''), {
    to: '<EMAIL_ADDRESS>',
    password: '<SECRET_FIELD>',
  })
  const plain = await client.completions.create(
    { model: 'echo', prompt: 'x', stream: true },
    { headers: { 'x-sandbox-script': ascii(JSON.stringify({ text: SAID, events: 50 })) } },
  )
  let completed = ''
  for await (const part of plain) completed += part.choices[0]?.text ?? ''
  assert.equal(completed, MASKED)
})

test('a token comes back in a stream, however its pieces fall', async () => {
  await using gateway = await startGateway({
    yaml: 'masking: { packs: [strict], operators: { EMAIL_ADDRESS: tokenize } }\n',
  })
  for (const dialect of STREAMED) {
    for (const events of [1, 9, 60]) {
      const { view } = await stream(gateway, dialect, `I am ${EMAIL}, card ${CARD}.`, { events })
      assert.ok(
        view.text.startsWith(`I am ${EMAIL}, card <CREDIT_CARD>.`),
        `${dialect} ${view.text}`,
      )
    }
  }
  for (const { body } of gateway.sandbox.received())
    assert.ok(!Buffer.from(body, 'base64').includes(EMAIL))
})

test('block ends a stream that has begun with an error of the dialect', async () => {
  await using gateway = await startGateway({
    yaml: `${MASKING}  operators: { CREDENTIAL: block }\n`,
  })
  for (const dialect of STREAMED) {
    const streamed = await stream(gateway, dialect, SAID, { text: SAID, events: 30 })
    assertUnseen(streamed, dialect)
    const record = await gateway.recorded(streamed.answer.headers.get('x-custody-exchange'))
    assert.equal(record.row.errorCode, 'policy.answer-blocked', dialect)
    assert.equal(record.row.state, 'interrupted', dialect)
  }
})
