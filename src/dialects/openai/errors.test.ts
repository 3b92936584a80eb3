import { test } from 'node:test'
import assert from 'node:assert/strict'
import OpenAI, { APIError } from 'openai'
import type { Surface } from '../../model/dialect.ts'
import { openai } from './index.ts'

const surfaceOf = (path: string, method = 'POST'): Surface =>
  openai.recognise({ method, path, query: '' }) ?? assert.fail(path)
const chat = surfaceOf('/v1/chat/completions')
const responses = surfaceOf('/v1/responses')
const timeout = {
  code: 'upstream.timeout',
  status: 504,
  message: 'The upstream did not answer in time.',
  exchangeId: 'ex_1',
}
const denied = {
  code: 'policy.denied',
  status: 400,
  message: 'Blocked by rule "no keys".',
  exchangeId: 'ex_2',
}

/** The real SDK, given this answer instead of a connection. */
function clientAnswered(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): OpenAI {
  return new OpenAI({
    apiKey: 'none',
    maxRetries: 0,
    fetch: () => Promise.resolve(new Response(new Uint8Array(body), { status, headers })),
  })
}

async function raised(run: () => Promise<unknown>): Promise<APIError> {
  try {
    await run()
  } catch (error) {
    return error instanceof APIError ? error : assert.fail(String(error))
  }
  return assert.fail('nothing was raised')
}

test('the SDK shows message, code, type and exchange of a gateway error', async () => {
  const { status, headers, body } = openai.renderError(chat, timeout)
  assert.deepEqual(JSON.parse(body.toString()), {
    error: {
      message: timeout.message,
      type: 'custody_upstream',
      code: 'upstream.timeout',
      param: null,
    },
  })
  const client = clientAnswered(status, headers, body)
  const error = await raised(() => client.chat.completions.create({ model: 'm', messages: [] }))
  assert.deepEqual(
    [error.status, error.code, error.type, error.requestID],
    [504, 'upstream.timeout', 'custody_upstream', 'ex_1'],
  )
  assert.ok(error.message.includes(timeout.message))
})

test('an error outside any surface has the same shape', () => {
  assert.deepEqual(
    openai.renderError(null, { ...denied, code: 'internal' }).body,
    openai.renderError(chat, { ...denied, code: 'internal' }).body,
  )
  assert.ok(
    openai.renderError(null, { ...denied, code: 'internal' }).body.includes('"custody_internal"'),
  )
})

for (const [name, error, type] of [
  ['timeout', timeout, 'custody_upstream'],
  // The AI SDK sends the prompt again unless the type says that it is the request's fault.
  ['policy', denied, 'custody_policy_invalid_request'],
] as const) {
  test(`the SDK raises a ${name} error in the middle of a chat stream`, async () => {
    const bytes = openai.renderStreamError(chat, error) ?? assert.fail()
    const head = Buffer.from('data: {"choices":[{"delta":{"content":"a"}}]}\n\n')
    const client = clientAnswered(
      200,
      { 'content-type': 'text/event-stream' },
      Buffer.concat([head, bytes]),
    )
    const seen: unknown[] = []
    const thrown = await raised(async () => {
      for await (const chunk of await client.chat.completions.create({
        model: 'm',
        messages: [],
        stream: true,
      }))
        seen.push(chunk)
    })
    assert.equal(seen.length, 1)
    assert.deepEqual([thrown.code, thrown.type], [error.code, type])
    assert.ok(thrown.message.includes(error.message))
  })
}

test('the SDK raises a transport error in the middle of a responses stream', async () => {
  const bytes = openai.renderStreamError(responses, timeout) ?? assert.fail()
  const client = clientAnswered(200, { 'content-type': 'text/event-stream' }, bytes)
  const thrown = await raised(async () => {
    for await (const event of await client.responses.create({
      model: 'm',
      input: 'x',
      stream: true,
    }))
      assert.fail(event.type)
  })
  assert.deepEqual([thrown.code, thrown.type], ['upstream.timeout', 'custody_upstream'])
})

test('a refusal by policy ends a responses stream with the one event that Codex takes as final', () => {
  const text = (openai.renderStreamError(responses, denied) ?? assert.fail()).toString()
  const [event, data] = text.split('\n')
  assert.equal(event, 'event: response.failed')
  const json: unknown = JSON.parse((data ?? '').slice('data: '.length))
  assert.partialDeepStrictEqual(json, {
    type: 'response.failed',
    response: { status: 'failed', error: { code: 'invalid_prompt', message: denied.message } },
  })
})

test('what the gateway writes into a stream ends it for the follower and is read as an error', () => {
  for (const surface of [chat, responses, surfaceOf('/v1/responses/resp_1', 'GET')]) {
    for (const error of [timeout, denied]) {
      const bytes = openai.renderStreamError(surface, error) ?? assert.fail()
      const follower = openai.follow(surface, 'text/event-stream') ?? assert.fail()
      assert.equal(follower.push(bytes), 0)
      assert.deepEqual([follower.terminal, follower.failed], [true, true])
      assert.equal(openai.readAnswer(surface, 'text/event-stream', bytes).error, error.message)
    }
  }
})

test('surfaces whose answer is no text stream have no error to end it with', () => {
  for (const path of ['/v1/embeddings', '/v1/files', '/v1/models', '/anything']) {
    assert.equal(openai.renderStreamError(surfaceOf(path), timeout), null, path)
  }
})
