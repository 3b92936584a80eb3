import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { runCliWith } from '../../test/harness/cli.ts'
import type { TestConsole, TestPerson } from '../../test/harness/console.ts'
import { startConsole } from '../../test/harness/console.ts'

const EMAIL = 'jane.doe@example.org'
const CARD = '4111 1111 1111 1111'
const REASON = 'looking into incident 12'
const KEPT = '203.0.113.77'
const ANSWER = `card ${CARD}, from ${KEPT}, mail ${EMAIL} again`
const SHOWN = `card <CREDIT_CARD>, from ${KEPT}, mail <EMAIL_ADDRESS> again`

let console: TestConsole
let ivy: TestPerson
let id = ''
let seen = Buffer.alloc(0)

before(async () => {
  console = await startConsole({
    yaml: `masking: { packs: [strict], operators: { IP_ADDRESS: keep } }
prices: { models: [{ model: echo, input: 1, output: 1000000 }] }
`,
  })
  ivy = await console.person('ivy', ['investigator'])
  const answer = await fetch(`${console.gateway.url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${console.gateway.key}`,
      'content-type': 'application/json',
      'x-sandbox-script': JSON.stringify({ text: ANSWER, events: 30, chunkBytes: 90 }),
    },
    body: JSON.stringify({
      model: 'echo',
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: 'user', content: `I am ${EMAIL}` }],
    }),
  })
  seen = Buffer.from(await answer.arrayBuffer())
  id = answer.headers.get('x-custody-exchange') ?? ''
  await console.gateway.app.evidence.flush()
  const scope = { kind: 'exchange', exchangeId: id }
  const opened = await ivy.call('POST', '/reveals', { body: { scope, reason: REASON } })
  assert.equal(opened.status, 201, opened.text)
})
after(() => console[Symbol.asyncDispose]())

const read = async (what: string, query: string) => {
  const answer = await ivy.call('GET', `/exchanges/${id}/${what}?mode=revealed&${query}`)
  assert.equal(answer.status, 200, answer.text)
  return answer.body
}
const bytesOf = (body: { base64: string }): Buffer => Buffer.from(body.base64, 'base64')

test('both views of an exchange can be read: as received and as sent', async () => {
  const received = await read('content', 'side=received')
  assert.equal(received.side, 'received')
  assert.ok(received.request.blocks[0].parts[0].text.includes(EMAIL))
  assert.equal(received.answer.assembled.text, ANSWER)
  const sent = await read('content', 'side=sent')
  assert.equal(sent.request.blocks[0].parts[0].text, 'I am <EMAIL_ADDRESS>')
  assert.equal(sent.answer.assembled.text, SHOWN)
  assert.ok(!JSON.stringify({ ...sent.request, received: null, sent: null }).includes(EMAIL))
})

test('the bytes as sent are what the provider got and what the caller got', async () => {
  const [arrived] = console.gateway.sandbox.received()
  const prompt = bytesOf(await read('raw/request', 'side=sent'))
  assert.deepEqual(prompt, Buffer.from(arrived?.body ?? '', 'base64'))
  assert.deepEqual(bytesOf(await read('raw/answer', 'side=sent')), seen)
  assert.ok(!bytesOf(await read('raw/answer', 'side=received')).equals(seen))
})

test('a value that was found and left as it was is marked in the chunk with which it came whole', async () => {
  const { steps } = await read('replay', 'side=received')
  let text = ''
  const marked: string[] = []
  for (const { parts, findings } of steps) {
    for (const part of parts) text += part.text
    for (let i = 0; i < findings; i += 1) marked.push(text)
  }
  assert.equal(marked.length, 1)
  assert.ok(marked[0]?.includes(KEPT) && !marked[0].includes(EMAIL), marked[0])
})

test('the answer as sent plays chunk by chunk, and each replacement is a mark', async () => {
  for (const [side, whole] of [
    ['received', ANSWER],
    ['sent', SHOWN],
  ] as const) {
    const replay = await read('replay', `side=${side}&limit=2000`)
    const parts = replay.steps.flatMap((step: { parts: { text: string }[] }) => step.parts)
    assert.equal(parts.map((part: { text: string }) => part.text).join(''), whole)
    assert.ok(replay.steps.length > 20, 'in more than a few chunks')
    const { body } = await ivy.call('GET', `/exchanges/${id}`)
    const marks = replay.steps.reduce((sum: number, step: { masks: number }) => sum + step.masks, 0)
    assert.equal(marks, body.masks.answer)
    assert.equal(marks, 2)
  }
})

test('the facts of an exchange list what was found, without any value', async () => {
  const { body, text } = await ivy.call('GET', `/exchanges/${id}`)
  assert.deepEqual(
    body.findings.map((one: Record<string, string>) => [one['direction'], one['entity']]),
    [
      ['request', 'EMAIL_ADDRESS'],
      ['answer', 'CREDIT_CARD'],
      ['answer', 'IP_ADDRESS'],
      ['answer', 'EMAIL_ADDRESS'],
    ],
  )
  assert.equal(body.findings[0].fingerprint, body.findings[3].fingerprint)
  assert.ok(!text.includes(EMAIL) && !text.includes(CARD))
})

test('the facts have the cost by the configured prices', async () => {
  const { body } = await ivy.call('GET', `/exchanges/${id}`)
  const { inputTokens, outputTokens } = body.usage
  assert.equal(body.cost.currency, 'USD')
  assert.ok(outputTokens > 0)
  assert.ok(Math.abs(body.cost.amount - (outputTokens + inputTokens / 1_000_000)) < 1e-9)
})

test('masked for the reader, the view as sent tells no word either', async () => {
  for (const what of ['content', 'replay', 'raw/answer']) {
    const { text } = await ivy.call('GET', `/exchanges/${id}/${what}?side=sent`)
    for (const word of ['again', 'EMAIL_ADDRESS', 'jane'])
      assert.ok(!text.includes(word), `${what} ${word}`)
  }
  const unknown = await ivy.call('GET', `/exchanges/${id}/content?side=elsewhere`)
  assert.equal(unknown.status, 422)
})

test('custody show --server --as-sent shows what went out', async () => {
  const env = { CUSTODY_TOKEN: ivy.token, CUSTODY_SERVER: console.gateway.adminUrl }
  const raw = ['show', id, '--as-sent', '--raw', '--answer']
  assert.deepEqual((await runCliWith({ env }, ...raw)).bytes, seen)
})
