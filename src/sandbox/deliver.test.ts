import assert from 'node:assert/strict'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import { Ollama } from 'ollama'
import OpenAI from 'openai'
import type { Script } from './script.ts'
import type { Sandbox } from './start-sandbox.ts'
import { startSandbox } from './start-sandbox.ts'

const chat = (stream: boolean, model = 'echo') =>
  JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'Grüße, 世界 🎈' }] })

function post(sandbox: Sandbox, script: Script, stream = true, model = 'echo') {
  return fetch(`${sandbox.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'x-sandbox-script': JSON.stringify(script) },
    body: chat(stream, model),
  })
}

/** Undecoded answer bytes, chunk by chunk as HTTP/1.1 frames them. */
async function rawPost(sandbox: Sandbox, script: Script, stream = true) {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const outgoing = request(`${sandbox.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'x-sandbox-script': JSON.stringify(script) },
  })
  outgoing.once('response', resolve).once('error', reject).end(chat(stream))
  const answer = await promise
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk)
  return { headers: answer.headers, body: Buffer.concat(chunks), chunks: chunks.length }
}

test('a whole answer has its exact length and a stream is chunked', async () => {
  await using sandbox = await startSandbox()
  const whole = await rawPost(sandbox, {}, false)
  assert.equal(whole.headers['content-length'], String(whole.body.length))
  const streamed = await rawPost(sandbox, {})
  assert.equal(streamed.headers['content-length'], undefined)
  assert.equal(streamed.headers['transfer-encoding'], 'chunked')
})

test('chunks of any size carry the same bytes as the answer in one piece', async () => {
  await using sandbox = await startSandbox()
  for (const stream of [true, false]) {
    const plain = await rawPost(sandbox, {}, stream)
    for (const chunkBytes of [1, 7, 1000, 1_000_000]) {
      const chopped = await rawPost(sandbox, { chunkBytes }, stream)
      assert.deepEqual(chopped.body, plain.body)
    }
  }
})

test('paced events arrive apart from each other and in order', async () => {
  await using sandbox = await startSandbox()
  const paced = await rawPost(sandbox, { events: 6, intervalMs: 15 })
  const plain = await rawPost(sandbox, { events: 6 })
  assert.deepEqual(paced.body, plain.body)
  assert.ok(paced.chunks >= 4, String(paced.chunks))
})

test('the number of events and the size of the text are what the script says', async () => {
  await using sandbox = await startSandbox({ script: { events: 9 } })
  const answer = await post(sandbox, { bytes: 5000 })
  const deltas = (await answer.text())
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice('data: '.length)).choices[0].delta.content ?? '')
    .filter((text) => text !== '')
  assert.equal(deltas.length, 9)
  assert.equal(Buffer.byteLength(deltas.join('')), 5000)
})

test('a cut ends the connection after exactly so many bytes', async () => {
  await using sandbox = await startSandbox()
  for (const stream of [true, false]) {
    for (const cutAfterBytes of [0, 1, 100, 333]) {
      const answer = await post(sandbox, { cutAfterBytes, chunkBytes: 50 }, stream)
      await assert.rejects(answer.text())
      const last = sandbox.received().at(-1)
      assert.deepEqual([last?.answerBytes, last?.aborted], [cutAfterBytes, true])
    }
  }
})

test('a cut before the headers leaves the caller without an answer', async () => {
  await using sandbox = await startSandbox()
  await assert.rejects(post(sandbox, { cutBeforeHeaders: true }))
  const [first] = sandbox.received()
  assert.deepEqual([first?.status, first?.aborted], [null, true])
})

test('a stalled answer goes on where it stopped', async () => {
  await using sandbox = await startSandbox()
  const plain = await rawPost(sandbox, {})
  const stalled = await rawPost(sandbox, { stallAfterBytes: 100, stallMs: 20 })
  assert.deepEqual(stalled.body, plain.body)
  assert.ok(stalled.chunks >= 2)
})

test('stopping the sandbox ends a stalled answer', async () => {
  const sandbox = await startSandbox()
  const answer = await post(sandbox, { stallAfterBytes: 10 })
  const ended = assert.rejects(answer.text())
  await sandbox[Symbol.asyncDispose]()
  await ended
})

test('gzip answers decode to the plain ones, streamed and whole', async () => {
  await using sandbox = await startSandbox()
  for (const stream of [true, false]) {
    const plain = await rawPost(sandbox, {}, stream)
    const packed = await rawPost(sandbox, { encoding: 'gzip', chunkBytes: 9 }, stream)
    assert.equal(packed.headers['content-encoding'], 'gzip')
    assert.deepEqual(gunzipSync(packed.body), plain.body)
    assert.equal(
      await (await post(sandbox, { encoding: 'gzip' }, stream)).text(),
      String(plain.body),
    )
  }
})

test('status, headers and delay are scripted, and the failure keeps the shape of the dialect', async () => {
  await using sandbox = await startSandbox()
  const failing = await post(sandbox, { status: 429, headers: { 'Retry-After': '7' }, delayMs: 1 })
  assert.equal(failing.status, 429)
  assert.equal(failing.headers.get('retry-after'), '7')
  assert.equal(JSON.parse(await failing.text()).error.type, 'rate_limit_error')
  const accepted = await post(sandbox, { status: 202 }, false)
  assert.equal(accepted.status, 202)
  await accepted.text()
})

test('a script that cannot be read is refused loudly', async () => {
  await using sandbox = await startSandbox()
  const answer = await fetch(`${sandbox.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'x-sandbox-script': '{"evnts":3}' },
    body: chat(true),
  })
  assert.equal(answer.status, 400)
  assert.match(await answer.text(), /no knob 'evnts'/)
})

/** One stream through each SDK, so that a fault of the wire becomes an error of the SDK. */
const READERS: Readonly<Record<string, (sandbox: Sandbox) => Promise<void>>> = {
  'OpenAI chat': async ({ url }) => {
    const client = new OpenAI({ apiKey: 'none', baseURL: url, maxRetries: 0, logLevel: 'off' })
    const messages = [{ role: 'user' as const, content: 'hello' }]
    for await (const _ of await client.chat.completions.create({
      model: 'x',
      messages,
      stream: true,
    }));
  },
  'OpenAI responses': async ({ url }) => {
    const client = new OpenAI({ apiKey: 'none', baseURL: url, maxRetries: 0, logLevel: 'off' })
    for await (const _ of await client.responses.create({ model: 'x', input: 'hi', stream: true }));
  },
  Anthropic: async ({ url }) => {
    const client = new Anthropic({ apiKey: 'none', baseURL: url, maxRetries: 0, logLevel: 'off' })
    const messages = [{ role: 'user' as const, content: 'hello' }]
    const request = { model: 'x', max_tokens: 9, messages, stream: true as const }
    for await (const _ of await client.messages.create(request));
  },
  Gemini: async ({ url }) => {
    const client = new GoogleGenAI({ apiKey: 'none', httpOptions: { baseUrl: url } })
    for await (const _ of await client.models.generateContentStream({
      model: 'x',
      contents: 'hi',
    }));
  },
  Ollama: async ({ url }) => {
    const client = new Ollama({ host: url })
    const messages = [{ role: 'user', content: 'hello' }]
    for await (const _ of await client.chat({ model: 'x', messages, stream: true }));
  },
}

for (const [name, read] of Object.entries(READERS)) {
  test(`the SDK of ${name} reads the plain stream and raises every scripted fault`, async () => {
    await using fine = await startSandbox()
    await read(fine)
    for (const script of [{ failMidway: true }, { malformed: true }, { cutAfterBytes: 700 }]) {
      // The ollama client skips lines it cannot read.
      if (name === 'Ollama' && script.malformed === true) continue
      await using faulty = await startSandbox({ script })
      await assert.rejects(read(faulty), `${name} ${JSON.stringify(script)}`)
    }
  })
}
