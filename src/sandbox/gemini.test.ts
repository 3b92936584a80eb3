import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GoogleGenAI } from '@google/genai'
import { PARAGRAPH } from './scripted-answer.ts'
import type { Sandbox } from './start-sandbox.ts'
import { startSandbox } from './start-sandbox.ts'

const clientOf = (sandbox: Sandbox) =>
  new GoogleGenAI({ apiKey: 'none', httpOptions: { baseUrl: sandbox.url } })

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

test('@google/genai reads a whole answer with usage', async () => {
  await using sandbox = await startSandbox()
  const answer = await clientOf(sandbox).models.generateContent({
    model: 'echo',
    contents: 'Grüße 🎈',
  })
  assert.equal(answer.text, 'Grüße 🎈')
  assert.equal(answer.candidates?.[0]?.finishReason, 'STOP')
  const usage = answer.usageMetadata
  assert.equal(
    usage?.totalTokenCount,
    (usage?.promptTokenCount ?? 0) + (usage?.candidatesTokenCount ?? 0),
  )
})

test('@google/genai reads a stream', async () => {
  await using sandbox = await startSandbox()
  const stream = await clientOf(sandbox).models.generateContentStream({
    model: 'anything',
    contents: 'hello',
  })
  let text = ''
  let reason: string | undefined
  for await (const chunk of stream) {
    text += chunk.text ?? ''
    reason = chunk.candidates?.[0]?.finishReason
  }
  assert.equal(text, PARAGRAPH)
  assert.equal(reason, 'STOP')
})

test('@google/genai reads function calls, whole and streamed, and the answer to their result', async () => {
  await using sandbox = await startSandbox()
  const client = clientOf(sandbox)
  const request = { model: 'tool', contents: '{"city":"Rome"}', config: { tools: TOOLS } }
  const whole = await client.models.generateContent(request)
  assert.deepEqual(whole.functionCalls?.[0]?.args, { city: 'Rome' })
  const calls: unknown[] = []
  for await (const chunk of await client.models.generateContentStream(request)) {
    calls.push(...(chunk.functionCalls ?? []).map((call) => call.args))
  }
  assert.deepEqual(calls, [{ city: 'Rome' }])
  const result = { name: 'weather', response: { output: 'sunny' } }
  const after = await client.models.generateContent({
    ...request,
    contents: [
      { role: 'user', parts: [{ text: 'How is it?' }] },
      { role: 'model', parts: [{ functionCall: { name: 'weather', args: {} } }] },
      { role: 'user', parts: [{ functionResponse: result }] },
    ],
  })
  assert.equal(after.text, 'The tool answered: sunny')
})

test('@google/genai sees thoughts apart from the text', async () => {
  await using sandbox = await startSandbox()
  const answer = await clientOf(sandbox).models.generateContent({
    model: 'reasoning',
    contents: 'why?',
  })
  const [thought, text] = answer.candidates?.[0]?.content?.parts ?? []
  assert.equal(thought?.thought, true)
  assert.match(String(thought?.text), /why\?/)
  assert.equal(text?.text, PARAGRAPH)
  assert.equal(answer.text, PARAGRAPH)
  assert.ok((answer.usageMetadata?.thoughtsTokenCount ?? 0) > 0)
})

test('@google/genai raises the failure that the model name asks for', async () => {
  await using sandbox = await startSandbox()
  const client = clientOf(sandbox)
  await assert.rejects(client.models.generateContent({ model: 'error-400', contents: 'x' }), {
    status: 400,
    message: /INVALID_ARGUMENT/,
  })
  await assert.rejects(client.models.generateContentStream({ model: 'error-403', contents: 'x' }), {
    status: 403,
    message: /PERMISSION_DENIED/,
  })
})

test('@google/genai counts tokens, embeds and lists models', async () => {
  await using sandbox = await startSandbox()
  const client = clientOf(sandbox)
  const answer = await client.models.generateContent({ model: 'echo', contents: 'hello there' })
  const counted = await client.models.countTokens({ model: 'echo', contents: 'hello there' })
  assert.equal(counted.totalTokens, answer.usageMetadata?.promptTokenCount)
  const embedded = await client.models.embedContent({ model: 'echo', contents: ['a', 'b'] })
  assert.deepEqual(
    embedded.embeddings?.map((embedding) => embedding.values?.length),
    [768, 768],
  )
  const names: unknown[] = []
  for await (const model of await client.models.list()) names.push(model.name)
  assert.ok(names.includes('models/echo'))
})

const CONTENTS = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'hello' }] }] })

test('every version and the Vertex paths reach the same model', async () => {
  await using sandbox = await startSandbox()
  for (const prefix of [
    '/v1',
    '/v1beta',
    '/gemini/v1alpha',
    '/v1/projects/p/locations/europe-west4/publishers/google',
    '/v1beta1/publishers/google',
  ]) {
    const url = `${sandbox.url}${prefix}/models/echo:generateContent`
    const answer = await fetch(url, { method: 'POST', body: CONTENTS })
    const { candidates } = JSON.parse(await answer.text())
    assert.equal(candidates[0].content.parts[0].text, 'hello', prefix)
  }
})

test('without alt=sse a stream is one JSON array of the same chunks', async () => {
  await using sandbox = await startSandbox()
  const url = `${sandbox.url}/v1beta/models/anything:streamGenerateContent`
  const array = await fetch(url, { method: 'POST', body: CONTENTS })
  assert.match(String(array.headers.get('content-type')), /^application\/json/)
  const events = await fetch(`${url}?alt=sse`, { method: 'POST', body: CONTENTS })
  const chunks = (await events.text())
    .split('\r\n\r\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line.slice('data: '.length)))
  assert.ok(chunks.length > 5)
  assert.deepEqual(JSON.parse(await array.text()), chunks)
})

test('a request without contents, or that is no JSON object, gets a 400', async () => {
  await using sandbox = await startSandbox()
  for (const body of ['', '{', '[]', '{}', '{"contents":[]}', '{"contents":"x"}']) {
    for (const verb of ['generateContent', 'streamGenerateContent?alt=sse', 'countTokens']) {
      const url = `${sandbox.url}/v1beta/models/echo:${verb}`
      const answer = await fetch(url, { method: 'POST', body })
      assert.equal(answer.status, 400, `${verb} ${body}`)
      assert.equal(JSON.parse(await answer.text()).error.status, 'INVALID_ARGUMENT')
    }
  }
})
