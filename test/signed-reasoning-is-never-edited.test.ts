import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { chatCall } from './harness/data-plane.ts'
import { startGateway } from './harness/gateway.ts'
import type { TestGateway } from './harness/gateway.ts'

const EMAIL = 'jane.doe@example.org'
const MASKED = 'mail <EMAIL_ADDRESS> now'
const SCRIPT = JSON.stringify({
  text: `mail ${EMAIL} now`,
  reasoning: `She wrote from ${EMAIL}, so I answer.`,
  events: 9,
})
const HEADERS = { 'x-sandbox-script': SCRIPT }

const gateways = new Map<string, TestGateway>()
const at = (choice: string): TestGateway => gateways.get(choice)!

before(async () => {
  for (const choice of ['pass', 'drop', 'block'])
    gateways.set(
      choice,
      await startGateway({
        yaml: `masking: { packs: [pii], directions: [response], signedReasoning: ${choice} }\n`,
      }),
    )
})
after(async () => {
  for (const gateway of gateways.values()) await gateway[Symbol.asyncDispose]()
})

function anthropicAt(choice: string): Anthropic {
  const { key, url } = at(choice)
  return new Anthropic({ apiKey: key, baseURL: `${url}/anthropic`, defaultHeaders: HEADERS })
}

function openaiAt(choice: string): OpenAI {
  const { key, url } = at(choice)
  return new OpenAI({ apiKey: key, baseURL: `${url}/openai/v1`, defaultHeaders: HEADERS })
}

const QUESTION = {
  model: 'reasoning',
  max_tokens: 2000,
  messages: [{ role: 'user' as const, content: 'x' }],
}
const ENCRYPTED = {
  model: 'reasoning',
  input: 'x',
  include: ['reasoning.encrypted_content' as const],
}

test('passing reasoning keeps every byte of it and is named in the record', async () => {
  for (const stream of [true, false]) {
    const client = anthropicAt('pass')
    const message = stream
      ? await client.messages.stream(QUESTION).finalMessage()
      : await client.messages.create(QUESTION)
    const [thinking, text] = message.content
    assert.equal(
      thinking?.type === 'thinking' ? thinking.thinking : '',
      JSON.parse(SCRIPT).reasoning,
    )
    assert.ok(thinking?.type === 'thinking' && thinking.signature.length > 10)
    assert.equal(text?.type === 'text' ? text.text : '', MASKED)
  }
  const { url, key } = at('pass')
  for (const asked of [true, false]) {
    const answer = await fetch(`${url}/openai/v1/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...HEADERS },
      body: JSON.stringify({ ...ENCRYPTED, stream: asked }),
    })
    const body = await answer.text()
    assert.ok(body.includes('"encrypted_content":"'))
    assert.ok(!body.includes(EMAIL), 'what can be read of it is masked')
    const record = await at('pass').recorded(answer.headers.get('x-custody-exchange'))
    const reasons = record.closing?.uninspected?.map(({ reason }) => reason) ?? []
    assert.ok(reasons.includes('encrypted-reasoning'), `stream ${asked}`)
  }
})

test('what is found in passing reasoning is recorded as kept', async () => {
  for (const dialect of ['anthropic', 'gemini', 'bedrock'] as const) {
    for (const stream of [true, false]) {
      const { path, body } = chatCall(dialect, stream)
      const { url, key } = at('pass')
      const answer = await fetch(url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...HEADERS },
        body,
      })
      await answer.arrayBuffer()
      const record = await at('pass').recorded(answer.headers.get('x-custody-exchange'))
      const operators = record.closing?.findings?.map(({ operator }) => operator).toSorted()
      assert.deepEqual(operators, ['keep', 'replace'], `${dialect} ${stream}`)
    }
  }
})

test('dropped reasoning leaves answers whole, renumbered, and readable for real clients', async () => {
  const anthropic = anthropicAt('drop')
  const openai = openaiAt('drop')
  for (const stream of [true, false]) {
    const message = stream
      ? await anthropic.messages.stream(QUESTION).finalMessage()
      : await anthropic.messages.create(QUESTION)
    assert.deepEqual(
      message.content.map((block) => (block.type === 'text' ? block.text : block.type)),
      [MASKED],
    )
    const response = stream
      ? await openai.responses.stream(ENCRYPTED).finalResponse()
      : await openai.responses.create(ENCRYPTED)
    assert.deepEqual(
      response.output.map(({ type }) => type),
      ['message'],
    )
    assert.equal(response.output_text, MASKED)
  }
  let said = ''
  for await (const event of await openai.responses.create({ ...ENCRYPTED, stream: true })) {
    assert.ok(!JSON.stringify(event).includes('encrypted_content'))
    assert.ok(!event.type.startsWith('response.reasoning'))
    if ('output_index' in event) assert.equal(event.output_index, 0, event.type)
    if (event.type === 'response.output_text.delta') said += event.delta
  }
  assert.equal(said, MASKED)
  const { key, url } = at('drop')
  const gemini = new GoogleGenAI({
    apiKey: key,
    httpOptions: { baseUrl: `${url}/gemini`, headers: HEADERS },
  })
  const parts: unknown[] = []
  for await (const chunk of await gemini.models.generateContentStream({
    model: 'reasoning',
    contents: 'x',
  }))
    parts.push(...(chunk.candidates?.[0]?.content?.parts ?? []))
  assert.doesNotMatch(JSON.stringify(parts), /thought/i)
  const whole = await gemini.models.generateContent({ model: 'reasoning', contents: 'x' })
  assert.equal(whole.text, MASKED)
  assert.doesNotMatch(JSON.stringify(whole.candidates), /thought/i)
})

test('the record says what was dropped, and evidence holds it', async () => {
  for (const stream of [true, false]) {
    const { path, body } = chatCall('bedrock', stream)
    const { url, key } = at('drop')
    const answer = await fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...HEADERS },
      body,
    })
    const shown = Buffer.from(await answer.arrayBuffer())
    assert.ok(!shown.includes('reasoningContent'))
    const record = await at('drop').recorded(answer.headers.get('x-custody-exchange'))
    const received = Buffer.concat(record.answerChunks.map(({ bytes }) => bytes))
    assert.ok(received.includes('reasoningContent'))
    assert.ok((record.closing?.answerSplices?.length ?? 0) > 0)
  }
})

test('blocked: a finding in signed reasoning and reasoning that nobody can read stop the answer', async () => {
  const { url, key } = at('block')
  const bodies = [
    ['anthropic', JSON.stringify(QUESTION)],
    ['anthropic', JSON.stringify({ ...QUESTION, stream: true })],
    ['openai', JSON.stringify(ENCRYPTED)],
    ['openai', JSON.stringify({ ...ENCRYPTED, stream: true })],
  ] as const
  for (const [dialect, body] of bodies) {
    const path = dialect === 'openai' ? '/openai/v1/responses' : '/anthropic/v1/messages'
    const answer = await fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...HEADERS },
      body,
    })
    const shown = await answer.text().catch(() => '')
    assert.ok(!shown.includes(EMAIL))
    const record = await at('block').recorded(answer.headers.get('x-custody-exchange'))
    assert.equal(record.row.errorCode, 'policy.answer-blocked', body)
  }
  const clean = await fetch(`${url}/anthropic/v1/messages`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'x-sandbox-script': JSON.stringify({ text: 'fine', reasoning: 'nothing to see' }),
    },
    body: JSON.stringify(QUESTION),
  })
  assert.equal(clean.status, 200)
  assert.match(await clean.text(), /nothing to see/)
})
