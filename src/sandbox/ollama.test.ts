import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ollama } from 'ollama'
import { PARAGRAPH } from './scripted-answer.ts'
import type { Sandbox } from './start-sandbox.ts'
import { startSandbox } from './start-sandbox.ts'

const clientOf = (sandbox: Sandbox) => new Ollama({ host: sandbox.url })
const messages = [{ role: 'user', content: 'Grüße 🎈' }]
const tools = [
  {
    type: 'function',
    function: {
      name: 'weather',
      description: '',
      parameters: { type: 'object', properties: { city: { type: 'string' } } },
    },
  },
]

test('ollama chats whole and streamed', async () => {
  await using sandbox = await startSandbox()
  const client = clientOf(sandbox)
  const whole = await client.chat({ model: 'echo:latest', messages })
  assert.equal(whole.message.content, 'Grüße 🎈')
  assert.ok(whole.prompt_eval_count > 0 && whole.eval_count > 0)
  let text = ''
  let isDone = false
  for await (const part of await client.chat({ model: 'anything', messages, stream: true })) {
    text += part.message.content
    isDone = part.done
  }
  assert.equal(text, PARAGRAPH)
  assert.equal(isDone, true)
})

test('ollama reads tool calls, thinking and the answer to a tool result', async () => {
  await using sandbox = await startSandbox()
  const client = clientOf(sandbox)
  const called = await client.chat({ model: 'tool', messages, tools })
  assert.deepEqual(called.message.tool_calls?.[0]?.function.arguments, { city: 'city' })
  const streamed: unknown[] = []
  for await (const part of await client.chat({ model: 'tool', messages, tools, stream: true })) {
    streamed.push(...(part.message.tool_calls ?? []))
  }
  assert.deepEqual(streamed, called.message.tool_calls)
  const result = { role: 'tool', content: 'sunny', tool_name: 'weather' }
  const after = await client.chat({ model: 'tool', messages: [...messages, result], tools })
  assert.equal(after.message.content, 'The tool answered: sunny')
  const thought = await client.chat({ model: 'reasoning', messages })
  assert.match(String(thought.message.thinking), /Grüße 🎈/)
})

test('ollama generates, embeds and lists', async () => {
  await using sandbox = await startSandbox()
  const client = clientOf(sandbox)
  assert.equal((await client.generate({ model: 'echo', prompt: 'Once' })).response, 'Once')
  let text = ''
  for await (const part of await client.generate({
    model: 'echo',
    prompt: 'Twice',
    stream: true,
  })) {
    text += part.response
  }
  assert.equal(text, 'Twice')
  const { embeddings } = await client.embed({ model: 'echo', input: ['a', 'b'] })
  assert.deepEqual(
    embeddings.map((embedding) => embedding.length),
    [768, 768],
  )
  const { models } = await client.list()
  assert.ok(models.some((model) => model.name === 'echo:latest'))
  assert.ok((await client.show({ model: 'echo' })).capabilities.includes('tools'))
  assert.equal((await client.version()).version, '0.0.0-sandbox')
})

test('ollama raises the failure that the model name asks for', async () => {
  await using sandbox = await startSandbox()
  const client = clientOf(sandbox)
  for (const status of [400, 404, 503]) {
    const request = { model: `error-${status}:latest`, messages }
    await assert.rejects(client.chat(request), { status_code: status })
    await assert.rejects(client.chat({ ...request, stream: true }), { status_code: status })
  }
})

test('a request streams unless told not to, and without a model it gets a 400', async () => {
  await using sandbox = await startSandbox()
  const post = (body: string) => fetch(`${sandbox.url}/ollama/api/chat`, { method: 'POST', body })
  const streamed = await post(JSON.stringify({ model: 'echo', messages }))
  assert.equal(streamed.headers.get('content-type'), 'application/x-ndjson')
  assert.equal(streamed.headers.get('content-length'), null)
  await streamed.text()
  for (const body of ['', '{', '[]', '{}']) {
    const answer = await post(body)
    assert.equal(answer.status, 400)
    assert.equal(typeof JSON.parse(await answer.text()).error, 'string')
  }
})
