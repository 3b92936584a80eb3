import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { chatCall, DIALECTS } from './harness/data-plane.ts'
import { startGateway } from './harness/gateway.ts'
import type { TestGateway } from './harness/gateway.ts'
import { until } from './harness/until.ts'

const rule = (fields: string): string =>
  `  - { title: Code names stay inside, stage: enforce, ${fields} }\n`
const policy = (...rules: readonly string[]): string => `version: 1\nrules:\n${rules.join('')}`

function post(gateway: TestGateway, path: string, body: string): Promise<Response> {
  return fetch(gateway.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
    body,
  })
}

const DENY = policy(rule('id: names, on: response, keywords: [bluebird], then: deny'))

test('in every dialect an answer with the word is stopped before the word, streamed or not, and recorded', async () => {
  await using gateway = await startGateway({ policy: DENY })
  for (const dialect of DIALECTS) {
    for (const stream of [false, true]) {
      const { path, body } = chatCall(dialect, stream)
      const good = await (await post(gateway, path, body)).text()
      assert.match(good, /hello/, `${dialect} ${stream}`)
      const answer = await post(gateway, path, body.replace('hello', 'some words, then Bluebird'))
      const text = await answer.text().catch((error: Error) => error.message)
      assert.doesNotMatch(text, /bluebird/i, `${dialect} ${stream}`)
      if (!stream) assert.equal(answer.status, 400, dialect)
      assert.match(
        text,
        /stopped by policy: Code names stay inside/,
        `${dialect} ${stream}: ${text}`,
      )
      const id = answer.headers.get('x-custody-exchange')
      const { closing } = await gateway.recorded(id)
      assert.equal(closing?.errorCode, 'policy.answer-denied', dialect)
      assert.equal(closing?.decision?.deciding, 'names')
      assert.equal(closing?.decision?.verdict, 'deny')
    }
  }
})

test('SDKs raise the refusal of a stream with its text, and ask once', async () => {
  await using gateway = await startGateway({ policy: DENY })
  const content = 'some words, then Bluebird'
  gateway.sandbox.clear()
  const openai = new OpenAI({ baseURL: `${gateway.url}/openai/v1`, apiKey: gateway.key })
  await assert.rejects(async () => {
    const stream = await openai.chat.completions.create({
      model: 'echo',
      stream: true,
      messages: [{ role: 'user', content }],
    })
    for await (const event of stream) assert.doesNotMatch(JSON.stringify(event), /bluebird/i)
  }, /stopped by policy/)
  const anthropic = new Anthropic({ baseURL: `${gateway.url}/anthropic`, apiKey: gateway.key })
  await assert.rejects(async () => {
    const stream = anthropic.messages.stream({
      model: 'echo',
      max_tokens: 100,
      messages: [{ role: 'user', content }],
    })
    await stream.finalMessage()
  }, /stopped by policy/)
  assert.equal(gateway.sandbox.received().length, 2)
})

test('an answer is masked where a rule says so, and the rest passes', async () => {
  await using gateway = await startGateway({
    policy: policy(
      rule('id: cards, on: response, entities: [CREDIT_CARD], then: mask'),
      rule('id: other, on: response, keywords: [hello], models: [other], then: deny'),
      rule(
        'id: excused, on: response, keywords: [hello], then: deny, unless: { upstreams: ["*"] }',
      ),
    ),
  })
  for (const stream of [false, true]) {
    const { path, body } = chatCall('openai', stream)
    const answer = await post(gateway, path, body.replace('hello', 'hello 4111 1111 1111 1111'))
    assert.equal(answer.status, 200)
    const text = await answer.text()
    assert.match(text.replaceAll(/"\}.*?"content":"/gs, ''), /hello/)
    assert.doesNotMatch(text, /4111/)
    const { closing } = await gateway.recorded(answer.headers.get('x-custody-exchange'))
    assert.equal(closing?.decision?.verdict, 'mask')
    assert.ok((closing?.answerSplices.length ?? 0) > 0)
  }
})

test('counts and conditions are judged as the answer comes', async () => {
  await using gateway = await startGateway({
    policy: policy(
      rule('id: many, on: response, entities: [CREDIT_CARD], atLeast: 2, then: deny'),
      rule('id: long, on: response, size: { bytes: 60000 }, then: deny'),
    ),
  })
  const { path, body } = chatCall('openai', false)
  const one = await post(gateway, path, body.replace('hello', '4111 1111 1111 1111'))
  assert.equal(one.status, 200)
  const two = await post(
    gateway,
    path,
    body.replace('hello', '4111 1111 1111 1111, 5555 5555 5555 4444'),
  )
  assert.equal(two.status, 400)
  const long = await post(gateway, path, body.replace('hello', 'word '.repeat(20_000)))
  assert.equal(long.status, 400)
})

test('rules that only watch answers change no byte of them, and say what they saw', async () => {
  await using gateway = await startGateway({ policy: DENY.replace('enforce', 'shadow') })
  await using plain = await startGateway()
  for (const dialect of DIALECTS) {
    for (const stream of [false, true]) {
      const { path, body } = chatCall(dialect, stream)
      const sent = body.replace('hello', 'some words, then Bluebird')
      const [seen, other] = [await post(gateway, path, sent), await post(plain, path, sent)]
      const names = (answer: Response): string[] =>
        [...answer.headers.keys()].filter((name) => name !== 'date').toSorted()
      assert.deepEqual(names(seen), names(other), dialect)
      assert.equal(shape(await seen.text()), shape(await other.text()), `${dialect} ${stream}`)
      const { closing, facts } = await gateway.recorded(seen.headers.get('x-custody-exchange'))
      assert.equal(closing?.decision?.verdict, 'allow')
      assert.deepEqual(
        closing?.decision?.hits.map(({ rule: id }) => id),
        ['names'],
        dialect,
      )
      assert.deepEqual(closing?.answerSplices, [])
      assert.ok(
        facts.sent?.headers.every(
          ([name, value]) => name !== 'accept-encoding' || value !== 'identity',
        ),
      )
    }
  }
})

/** Ids and times differ from answer to answer. */
function shape(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8,}|\d{6,}|"[a-z]+_[\w-]{6,}"|\d{4}-\d\d-\d\dT[\d:.]+Z?/g, '#')
    .slice(0, 100_000)
}

test('a tool call is judged by name and arguments before the answer ends', async () => {
  await using gateway = await startGateway({
    policy: policy(
      rule('id: shell, on: tool_call, tools: ["ba*"], keywords: ["rm -rf"], then: deny'),
      rule('id: mail, on: tool_call, tools: [mail], then: deny, stage: shadow').replace(
        'stage: enforce, ',
        '',
      ),
    ),
  })
  const tool = (name: string): object => ({
    type: 'function',
    function: { name, parameters: { type: 'object', properties: { command: { type: 'string' } } } },
  })
  const ask = (name: string, command: string, stream: boolean): Promise<Response> =>
    post(
      gateway,
      '/openai/v1/chat/completions',
      JSON.stringify({
        model: 'tool',
        stream,
        tools: [tool(name)],
        messages: [{ role: 'user', content: JSON.stringify({ command }) }],
      }),
    )
  for (const stream of [false, true]) {
    const denied = await (await ask('bash', 'rm -rf /', stream)).text()
    assert.match(denied, /stopped by policy/)
    assert.doesNotMatch(denied, /\[DONE\]/)
    for (const [name, command] of [
      ['bash', 'ls'],
      ['read', 'rm -rf /'],
      ['mail', 'hello'],
    ] as const) {
      const answer = await ask(name, command, stream)
      assert.equal(answer.status, 200)
      assert.doesNotMatch(await answer.text(), /stopped by policy/, name)
    }
  }
})

test('alerts go to the log, a counter and a webhook, with names and numbers alone', async () => {
  const received: string[] = []
  const server = createServer((request, response) => {
    request.setEncoding('utf8')
    let text = ''
    request.on('data', (chunk: string) => (text += chunk))
    request.on('end', () => {
      received.push(text)
      response.end('ok')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  try {
    await using gateway = await startGateway({
      env: { POLICY_HOOK: `http://127.0.0.1:${address.port}/hook` },
      policy: `version: 1
webhook: \${POLICY_HOOK}
rules:
${rule('id: told, on: request, keywords: [bluebird], then: allow, alert: [log, metric, webhook], tags: [watch]')}`,
    })
    const { path, body } = chatCall('openai', false)
    await (await post(gateway, path, body)).text()
    const answer = await post(gateway, path, body.replace('hello', 'bluebird'))
    assert.equal(answer.status, 200)
    await answer.text()
    await until(() => received.length > 0)
    assert.equal(received.length, 1)
    const alert = JSON.parse(received[0] ?? '') as Record<string, unknown>
    assert.equal(alert['rule'], 'told')
    assert.deepEqual(alert['kinds'], { KEYWORD: 1 })
    assert.doesNotMatch(received.join(), /bluebird/i)
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
    assert.match(metrics, /custody_policy_alerts_total\{rule="told"\} 1/)
    const { row } = await gateway.recorded(answer.headers.get('x-custody-exchange'))
    assert.deepEqual(row.tags, ['watch'])
  } finally {
    server.close()
  }
})
