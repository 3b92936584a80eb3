import assert from 'node:assert/strict'
import { test } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { chatCall, DIALECTS } from './harness/data-plane.ts'
import { startGateway } from './harness/gateway.ts'
import type { TestGateway } from './harness/gateway.ts'

const CARD = '4111 1111 1111 1111'
const EMAIL = 'jane.doe@example.org'
const KEY = ['ghp_', '16C7e42F292c6912E7710c838347Ae178B4a'].join('')
const SECRETS = [CARD, EMAIL, KEY]
const SAID = `mail ${EMAIL}, card ${CARD}, \\"${KEY}\\"`
const MASKED = `mail <EMAIL_ADDRESS>, card <CREDIT_CARD>, \\"<CREDENTIAL>\\"`

const MASKING = `masking:
  packs: [strict]
  directions: [response]
`

async function call(
  gateway: TestGateway,
  path: string,
  body: string,
  script: object = {},
): Promise<{ readonly answer: Response; readonly bytes: string; readonly ended: boolean }> {
  const answer = await fetch(gateway.url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${gateway.key}`,
      'content-type': 'application/json',
      'x-sandbox-script': JSON.stringify(script),
    },
    body,
  })
  let bytes = ''
  try {
    for await (const chunk of answer.body ?? []) bytes += Buffer.from(chunk).toString('latin1')
    return { answer, bytes, ended: true }
  } catch {
    return { answer, bytes, ended: false }
  }
}

function assertUnseen(bytes: string, what: string): void {
  for (const secret of SECRETS) assert.ok(!bytes.includes(secret), what)
}

test('a whole answer of each dialect, in pieces of any size, shows masks only; evidence has both views', async () => {
  await using gateway = await startGateway({ yaml: MASKING })
  for (const dialect of DIALECTS) {
    const { path, body } = chatCall(dialect, false)
    for (const chunkBytes of [1, 7, 4096]) {
      gateway.sandbox.clear()
      const what = `${dialect} ${chunkBytes}`
      const { answer, bytes } = await call(gateway, path, body.replace('hello', SAID), {
        chunkBytes,
      })
      assert.equal(answer.status, 200, what)
      assertUnseen(bytes, what)
      assert.ok(bytes.includes(MASKED), `${what}: ${bytes}`)
      assert.equal(answer.headers.get('content-length'), String(Buffer.byteLength(bytes, 'latin1')))
      const record = await gateway.recorded(answer.headers.get('x-custody-exchange'))
      const received = Buffer.concat(record.answerChunks.map((chunk) => chunk.bytes))
      const [sandboxed] = gateway.sandbox.received()
      assert.ok(received.equals(gateway.sandbox.answerOf(sandboxed!.seq)), what)
      let shown = ''
      let from = 0
      for (const splice of record.closing?.answerSplices ?? []) {
        shown += received.toString('latin1', from, splice.start) + splice.with
        from = splice.end
      }
      assert.equal(shown + received.toString('latin1', from), bytes, what)
      assert.deepEqual(
        record.closing?.findings?.map(({ entity }) => entity),
        ['EMAIL_ADDRESS', 'CREDIT_CARD', 'CREDENTIAL'],
      )
      assert.equal(record.row.state, 'complete')
      const asked = sandboxed!.headers.find(([name]) => name.toLowerCase() === 'accept-encoding')
      assert.equal(asked?.[1], 'identity')
    }
  }
})

test('an answer in which nothing is found is the provider’s, byte for byte', async () => {
  await using gateway = await startGateway({ yaml: MASKING })
  for (const dialect of DIALECTS) {
    const { path, body } = chatCall(dialect, false)
    gateway.sandbox.clear()
    const { bytes } = await call(gateway, path, body)
    const [sandboxed] = gateway.sandbox.received()
    assert.equal(bytes, gateway.sandbox.answerOf(sandboxed!.seq).toString('latin1'), dialect)
  }
})

test('real clients read masked answers, tool arguments included', async () => {
  await using gateway = await startGateway({ yaml: MASKING })
  const openai = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url}/openai/v1` })
  const chat = await openai.chat.completions.create({
    model: 'tool',
    messages: [{ role: 'user', content: JSON.stringify({ to: EMAIL, password: 'hunter2' }) }],
    tools: [{ type: 'function', function: { name: 'send', parameters: { type: 'object' } } }],
  })
  const [toolCall] = chat.choices[0]?.message.tool_calls ?? []
  assert.ok(toolCall?.type === 'function')
  assert.deepEqual(JSON.parse(toolCall.function.arguments), {
    to: '<EMAIL_ADDRESS>',
    password: '<SECRET_FIELD>',
  })
  const anthropic = new Anthropic({ apiKey: gateway.key, baseURL: `${gateway.url}/anthropic` })
  const message = await anthropic.messages.create({
    model: 'echo',
    max_tokens: 50,
    messages: [{ role: 'user', content: `it is ${CARD}` }],
  })
  assert.deepEqual(
    message.content.flatMap((block) => (block.type === 'text' ? block.text : [])),
    ['it is <CREDIT_CARD>'],
  )
})

test('an answer that is cut, stalls or is compressed shows nothing of what was held', async () => {
  await using gateway = await startGateway({ yaml: `${MASKING}limits: { idleMs: 300ms }\n` })
  for (const dialect of DIALECTS) {
    const { path, body } = chatCall(dialect, false)
    for (const script of [
      { cutAfterBytes: 200 },
      { stallAfterBytes: 200, stallMs: 5000 },
      { encoding: 'gzip' },
      { malformed: true },
    ]) {
      const what = `${dialect} ${JSON.stringify(script)}`
      const { bytes } = await call(gateway, path, body.replace('hello', SAID), script)
      assertUnseen(bytes, what)
    }
  }
})

test('an error of the provider is masked too', async () => {
  await using gateway = await startGateway({ yaml: MASKING })
  const { path, body } = chatCall('openai', false, 'error-400')
  const { answer, bytes } = await call(gateway, path, body.replace('hello', SAID), {
    text: `you said ${EMAIL}`,
  })
  assert.equal(answer.status, 400)
  assertUnseen(bytes, bytes)
})

test('block ends the answer with an error that names the entity to nobody', async () => {
  await using gateway = await startGateway({
    yaml: `${MASKING}  operators: { CREDIT_CARD: block }\n`,
  })
  const { path, body } = chatCall('anthropic', false)
  const { answer, bytes } = await call(gateway, path, body.replace('hello', SAID))
  assert.equal(answer.status, 400)
  assert.match(bytes, /policy\.answer-blocked/)
  assertUnseen(bytes, bytes)
  const record = await gateway.recorded(answer.headers.get('x-custody-exchange'))
  assert.equal(record.row.errorCode, 'policy.answer-blocked')
  assert.ok(record.closing?.findings?.some(({ operator }) => operator === 'block'))
})

test('tokens come back to their caller, also in tool arguments, and to nobody else', async () => {
  await using gateway = await startGateway({
    yaml: 'masking: { packs: [strict], operators: { EMAIL_ADDRESS: tokenize } }\n',
  })
  const client = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url}/openai/v1` })
  const answer = await client.chat.completions.create({
    model: 'echo',
    messages: [{ role: 'user', content: `I am ${EMAIL} with ${CARD}` }],
  })
  assert.equal(answer.choices[0]?.message.content, `I am ${EMAIL} with <CREDIT_CARD>`)
  const [received] = gateway.sandbox.received()
  const sent = Buffer.from(received!.body, 'base64').toString()
  const [token] = /<EMAIL_ADDRESS_[0-9a-f]{16}>/.exec(sent) ?? []
  assert.ok(token !== undefined && !sent.includes(EMAIL))
  const call = await client.chat.completions.create({
    model: 'tool',
    messages: [{ role: 'user', content: JSON.stringify({ to: EMAIL }) }],
    tools: [{ type: 'function', function: { name: 'send', parameters: { type: 'object' } } }],
  })
  const [toolCall] = call.choices[0]?.message.tool_calls ?? []
  assert.ok(toolCall?.type === 'function')
  assert.deepEqual(JSON.parse(toolCall.function.arguments), { to: EMAIL })
})

test('a stream that cannot be masked is refused before anything is sent', async () => {
  await using gateway = await startGateway({ yaml: MASKING })
  const body = JSON.stringify({ model: 'claude-2', prompt: 'x', stream: true })
  const { answer, bytes } = await call(gateway, '/anthropic/v1/complete', body)
  assert.equal(answer.status, 400)
  assert.match(bytes, /cannot be masked yet/)
  assert.deepEqual(gateway.sandbox.received(), [])
})
