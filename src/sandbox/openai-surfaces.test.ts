import assert from 'node:assert/strict'
import { test } from 'node:test'
import OpenAI, { AzureOpenAI, toFile } from 'openai'
import { PARAGRAPH } from './scripted-answer.ts'
import type { Sandbox } from './start-sandbox.ts'
import { startSandbox } from './start-sandbox.ts'

const clientOf = (sandbox: Sandbox) =>
  new OpenAI({ apiKey: 'none', baseURL: `${sandbox.url}/v1`, maxRetries: 0 })

test('text completions echo the prompt, whole and streamed', async () => {
  await using sandbox = await startSandbox()
  const client = clientOf(sandbox)
  const whole = await client.completions.create({ model: 'echo', prompt: 'Once upon' })
  assert.equal(whole.choices[0]?.text, 'Once upon')
  const stream = await client.completions.create({
    model: 'echo',
    prompt: 'Once upon a time there was',
    stream: true,
    stream_options: { include_usage: true },
  })
  let text = ''
  let tokens = 0
  for await (const chunk of stream) {
    text += chunk.choices[0]?.text ?? ''
    tokens += chunk.usage?.completion_tokens ?? 0
  }
  assert.equal(text, 'Once upon a time there was')
  assert.equal(tokens, 7)
})

test('embeddings are the same as base64 and as floats, of unit length, and differ by text', async () => {
  await using sandbox = await startSandbox()
  const client = clientOf(sandbox)
  const request = { model: 'sandbox', input: ['one', 'two'], dimensions: 8 }
  const packed = await client.embeddings.create(request)
  const floats = await client.embeddings.create({ ...request, encoding_format: 'float' })
  assert.equal(packed.data.length, 2)
  for (const [i, { embedding }] of packed.data.entries()) {
    assert.equal(embedding.length, 8)
    assert.deepEqual(Array.from(embedding), floats.data[i]?.embedding)
    const length = Math.hypot(...embedding)
    assert.ok(Math.abs(length - 1) < 1e-6, String(length))
  }
  assert.notDeepEqual(packed.data[0]?.embedding, packed.data[1]?.embedding)
})

test('models can be listed and retrieved', async () => {
  await using sandbox = await startSandbox()
  const client = clientOf(sandbox)
  const { data } = await client.models.list()
  assert.ok(data.some((model) => model.id === 'echo'))
  assert.equal((await client.models.retrieve('echo')).id, 'echo')
})

test('moderations judge each text and flag none', async () => {
  await using sandbox = await startSandbox()
  const { results } = await clientOf(sandbox).moderations.create({ input: ['a', 'b'] })
  assert.deepEqual(
    results.map((result) => [result.flagged, result.categories.violence]),
    [
      [false, false],
      [false, false],
    ],
  )
})

test('images are valid PNG', async () => {
  await using sandbox = await startSandbox()
  const { data } = await clientOf(sandbox).images.generate({ model: 'sandbox', prompt: 'a dot' })
  const png = Buffer.from(data?.[0]?.b64_json ?? '', 'base64')
  assert.equal(png.subarray(1, 4).toString(), 'PNG')
})

test('speech is a valid WAV and a recording is transcribed', async () => {
  await using sandbox = await startSandbox()
  const client = clientOf(sandbox)
  const speech = await client.audio.speech.create({ model: 'tts', voice: 'alloy', input: 'Hi' })
  const wav = Buffer.from(await speech.arrayBuffer())
  assert.equal(wav.toString('latin1', 0, 4), 'RIFF')
  assert.equal(wav.readUInt32LE(4), wav.length - 8)
  const file = await toFile(wav, 'hi.wav')
  const { text } = await client.audio.transcriptions.create({ model: 'whisper', file })
  assert.match(text, /sandbox/)
  await assert.rejects(client.audio.transcriptions.create({ model: 'error-413', file }), {
    status: 413,
  })
})

test('files and batches are accepted and described', async () => {
  await using sandbox = await startSandbox()
  const client = clientOf(sandbox)
  const file = await client.files.create({
    file: await toFile(Buffer.from('{}\n'), 'jobs.jsonl'),
    purpose: 'batch',
  })
  assert.equal(file.filename, 'jobs.jsonl')
  assert.equal(file.purpose, 'batch')
  const batch = await client.batches.create({
    input_file_id: file.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  })
  assert.equal(batch.input_file_id, file.id)
  assert.equal((await client.batches.retrieve(batch.id)).id, batch.id)
  assert.equal((await client.batches.cancel(batch.id)).status, 'cancelling')
  assert.equal((await client.files.list()).data.length, 1)
  assert.equal((await client.files.delete(file.id)).deleted, true)
})

test('the Azure client reaches its deployments', async () => {
  await using sandbox = await startSandbox()
  for (const endpoint of [sandbox.url, `${sandbox.url}/azure`]) {
    const client = new AzureOpenAI({ apiKey: 'none', endpoint, apiVersion: '2026-01-01' })
    const messages = [{ role: 'user' as const, content: 'hello' }]
    const chat = await client.chat.completions.create({ model: 'gpt-9', messages })
    assert.equal(chat.choices[0]?.message.content, PARAGRAPH)
    const { data } = await client.embeddings.create({ model: 'embed', input: 'x' })
    assert.equal(data[0]?.embedding.length, 1536)
  }
})

test('a surface without its required field answers 400, an unknown path 404, a wrong method 405', async () => {
  await using sandbox = await startSandbox()
  for (const [path, status] of [
    ['/v1/completions', 400],
    ['/v1/embeddings', 400],
    ['/v1/moderations', 400],
    ['/v1/images/generations', 400],
    ['/v1/audio/speech', 400],
    ['/v1/audio/transcriptions', 400],
    ['/v1/files', 400],
    ['/v1/batches', 400],
    ['/v1/nothing', 404],
    ['/v2/chat/completions', 404],
    ['/v1/chat/completions/', 404],
    ['/v1/models', 405],
  ] as const) {
    const answer = await fetch(sandbox.url + path, { method: 'POST', body: '{}' })
    assert.equal(answer.status, status, path)
    assert.equal(JSON.parse(await answer.text()).error.code, `sandbox_${status}`, path)
  }
})
