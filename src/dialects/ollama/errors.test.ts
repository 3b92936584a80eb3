import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Ollama } from 'ollama'
import { ollama } from './index.ts'

const surfaceOf = (path: string): NonNullable<ReturnType<typeof ollama.recognise>> =>
  ollama.recognise({ method: 'POST', path, query: '' }) ?? assert.fail(path)
const error = {
  code: 'upstream.reset',
  status: 502,
  message: 'The upstream closed the connection.',
  exchangeId: 'ex_1',
}

/** The real client, given this answer instead of a connection. */
const clientAnswered = (
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Ollama =>
  new Ollama({
    fetch: () => Promise.resolve(new Response(new Uint8Array(body), { status, headers })),
  })

test('the client shows the message of a gateway error', async () => {
  const { status, headers, body } = ollama.renderError(null, error)
  assert.deepEqual(JSON.parse(body.toString()), { error: error.message })
  assert.equal(headers['x-request-id'], 'ex_1')
  const client = clientAnswered(status, headers, body)
  await assert.rejects(client.chat({ model: 'm' }), { message: error.message, status_code: 502 })
})

test('the client raises an error in the middle of a stream', async () => {
  const bytes = ollama.renderStreamError(surfaceOf('/api/chat'), error) ?? assert.fail()
  const client = clientAnswered(200, { 'content-type': 'application/x-ndjson' }, bytes)
  await assert.rejects(
    async () => {
      for await (const part of await client.chat({ model: 'm', stream: true }))
        assert.fail(part.message.content)
    },
    { message: error.message },
  )
  const follower = ollama.follow(surfaceOf('/api/chat'), 'application/x-ndjson') ?? assert.fail()
  assert.equal(follower.push(bytes), 0)
  assert.deepEqual([follower.terminal, follower.failed], [true, true])
})

test('only surfaces that answer in lines can be ended by a line', () => {
  for (const path of ['/api/generate', '/api/pull', '/api/create'])
    assert.notEqual(ollama.renderStreamError(surfaceOf(path), error), null, path)
  for (const path of ['/api/embed', '/api/show', '/api/other'])
    assert.equal(ollama.renderStreamError(surfaceOf(path), error), null, path)
})
