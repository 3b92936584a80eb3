import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { test } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { chatCall, DIALECTS } from './harness/data-plane.ts'
import { startGateway } from './harness/gateway.ts'
import type { TestGateway } from './harness/gateway.ts'

const CARD = '4111 1111 1111 1111'
const EMAIL = 'jane.doe@example.org'
const IBAN = 'DE89 3704 0044 0532 0130 00'
const KEY = ['ghp_', '16C7e42F292c6912E7710c838347Ae178B4a'].join('')
const SECRETS = [CARD, EMAIL, IBAN, KEY]

const MASKING = `masking:
  packs: [strict]
  directions: [request]
`

function bodies(gateway: TestGateway): readonly string[] {
  return gateway.sandbox.received().map(({ body }) => Buffer.from(body, 'base64').toString('utf8'))
}

function post(gateway: TestGateway, path: string, body: string | Buffer, headers = {}) {
  return fetch(gateway.url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${gateway.key}`,
      'content-type': 'application/json',
      ...headers,
    },
    body,
  })
}

const chat = (content: unknown, more: object = {}): string =>
  JSON.stringify({ model: 'echo', messages: [{ role: 'user', content }], ...more })

test('in every dialect the provider receives the mask and evidence keeps both views', async () => {
  await using gateway = await startGateway({ yaml: MASKING })
  for (const dialect of DIALECTS) {
    const { path, body } = chatCall(dialect, false)
    const sent = body.replace('hello', `mail ${EMAIL} about card ${CARD}, ${IBAN} \\"${KEY}\\"`)
    gateway.sandbox.clear()
    const answer = await post(gateway, path, sent)
    assert.equal(answer.status, 200, dialect)
    const text = await answer.text()
    const [received = ''] = bodies(gateway)
    for (const secret of SECRETS) {
      assert.ok(!received.includes(secret), `${dialect}: ${received}`)
      assert.ok(!text.includes(secret), dialect)
    }
    const masked = `mail <EMAIL_ADDRESS> about card <CREDIT_CARD>, <IBAN_CODE> \\"<CREDENTIAL>\\"`
    assert.equal(received, body.replace('hello', masked), dialect)
    const record = await gateway.recorded(answer.headers.get('x-custody-exchange'))
    assert.equal(record.requestBody?.toString(), sent)
    assert.equal(spliced(sent, record.facts.requestSplices), received)
    assert.deepEqual(
      record.facts.findings?.map(({ entity, operator }) => `${entity} ${operator}`),
      ['EMAIL_ADDRESS replace', 'CREDIT_CARD replace', 'IBAN_CODE replace', 'CREDENTIAL replace'],
      dialect,
    )
    for (const secret of SECRETS) assert.ok(!JSON.stringify(record.facts).includes(secret))
  }
})

function spliced(
  body: string,
  splices: readonly { readonly start: number; readonly end: number; readonly with: string }[],
): string {
  const bytes = Buffer.from(body)
  let from = 0
  let out = ''
  for (const splice of splices) {
    out += bytes.toString('utf8', from, splice.start) + splice.with
    from = splice.end
  }
  return out + bytes.toString('utf8', from)
}

test('a body in which nothing is found goes byte for byte, spaces and escapes included', async () => {
  await using gateway = await startGateway({ yaml: MASKING })
  const body =
    '{ "model":"echo",\n "messages" : [{"content":"caf\\u00e9 \\/ 世界 🎈","role":"user"}] }'
  const answer = await post(gateway, '/openai/v1/chat/completions', body)
  assert.equal(answer.status, 200)
  assert.deepEqual(bodies(gateway), [body])
  const record = await gateway.recorded(answer.headers.get('x-custody-exchange'))
  assert.deepEqual(record.facts.findings, [])
})

test('an escape does not hide a value, and only its own bytes are replaced', async () => {
  await using gateway = await startGateway({ yaml: MASKING })
  const body = `{"model":"echo","messages":[{"role":"user","content":"é\\u0020jane.doe\\u0040example.org\\n"}]}`
  await post(gateway, '/openai/v1/chat/completions', body)
  assert.deepEqual(bodies(gateway), [
    `{"model":"echo","messages":[{"role":"user","content":"é\\u0020<EMAIL_ADDRESS>\\n"}]}`,
  ])
})

test('tool arguments stay JSON, whole-value names are masked, media and signatures are left alone', async () => {
  await using gateway = await startGateway({ yaml: MASKING })
  const client = new Anthropic({ apiKey: gateway.key, baseURL: `${gateway.url}/anthropic` })
  const signature = 'c2lnbmVk'.repeat(20)
  const image = 'iVBORw0KGgo='.repeat(30)
  await client.messages.create({
    model: 'echo',
    max_tokens: 100,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: image } },
          { type: 'text', text: EMAIL, cache_control: { type: 'ephemeral' } },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: `the card is ${CARD}`, signature },
          {
            type: 'tool_use',
            id: 'toolu_1',
            name: 'pay',
            input: { name: EMAIL, password: 'hunter2', amount: 12, card: 4111111111111111 },
          },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: JSON.stringify({ iban: IBAN }) },
        ],
      },
    ],
  })
  const sent = JSON.parse(bodies(gateway)[0]!)
  const [first, second, third] = sent.messages
  assert.equal(first.content[0].source.data, image)
  assert.deepEqual(first.content[1], {
    type: 'text',
    text: '<EMAIL_ADDRESS>',
    cache_control: { type: 'ephemeral' },
  })
  assert.deepEqual(second.content[0], {
    type: 'thinking',
    thinking: `the card is ${CARD}`,
    signature,
  })
  assert.deepEqual(second.content[1].input, {
    name: '<EMAIL_ADDRESS>',
    password: '<SECRET_FIELD>',
    amount: 12,
    card: '<CREDIT_CARD>',
  })
  assert.deepEqual(JSON.parse(third.content[0].content), { iban: '<IBAN_CODE>' })
})

test('the same value gives the same replacement, so a longer conversation begins with the same bytes', async () => {
  await using gateway = await startGateway({
    yaml: `${MASKING}  operators: { default: tokenize }\n`,
  })
  const client = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url}/openai/v1` })
  const first = { role: 'user' as const, content: `I am ${EMAIL}, pay from ${IBAN}.` }
  await client.chat.completions.create({ model: 'echo', messages: [first] })
  const more = [
    first,
    { role: 'assistant' as const, content: 'Done.' },
    { role: 'user' as const, content: `Mail ${EMAIL}.` },
  ]
  await client.chat.completions.create({ model: 'echo', messages: more })
  const [one = '', two = ''] = bodies(gateway)
  assert.match(one, /I am <EMAIL_ADDRESS_[0-9a-f]{16}>, pay from <IBAN_CODE_[0-9a-f]{16}>\./)
  const prefix = one.slice(0, one.indexOf(']'))
  assert.equal(two.slice(0, prefix.length), prefix)
  const tokens = [...two.matchAll(/<EMAIL_ADDRESS_[0-9a-f]{16}>/g)].map(([token]) => token)
  assert.equal(tokens.length, 2)
  assert.equal(tokens[0], tokens[1])
})

test('block refuses in the dialect, nothing is sent, and the record says why without the value', async () => {
  await using gateway = await startGateway({
    yaml: `${MASKING}  operators: { CREDENTIAL: block }\n`,
  })
  const client = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url}/openai/v1` })
  const failure = await client.chat.completions
    .create({ model: 'echo', messages: [{ role: 'user', content: `use ${KEY}` }] })
    .then(
      () => null,
      (error: unknown) => error,
    )
  assert.ok(failure instanceof OpenAI.BadRequestError)
  assert.match(failure.message, /Found: CREDENTIAL\./)
  assert.ok(!failure.message.includes(KEY))
  assert.deepEqual(gateway.sandbox.received(), [])
  const record = await gateway.recorded(failure.headers.get('x-custody-exchange'))
  assert.equal(record.row.state, 'refused')
  assert.equal(record.row.errorCode, 'policy.blocked')
  assert.deepEqual(
    record.facts.findings?.map(({ entity, operator }) => [entity, operator]),
    [['CREDENTIAL', 'block']],
  )
})

test('a compressed body is masked and sent plain, and passes compressed when nothing is found', async () => {
  await using gateway = await startGateway({ yaml: MASKING })
  const encoded = { 'content-encoding': 'gzip' }
  const path = '/openai/v1/chat/completions'
  const clean = gzipSync(chat('nothing here'))
  await post(gateway, path, clean, encoded)
  assert.equal((await post(gateway, path, gzipSync(chat(EMAIL)), encoded)).status, 200)
  const [first, second] = gateway.sandbox.received()
  assert.ok(Buffer.from(first!.body, 'base64').equals(clean))
  assert.equal(Buffer.from(second!.body, 'base64').toString(), chat('<EMAIL_ADDRESS>'))
  assert.ok(!second!.headers.some(([name]) => name.toLowerCase() === 'content-encoding'))
})

test('a long prompt is masked by a thread, byte for byte like a short one', async () => {
  await using gateway = await startGateway({ yaml: MASKING })
  const filler = 'The quick brown fox jumps over the lazy dog. '.repeat(4000)
  const answer = await post(
    gateway,
    '/openai/v1/chat/completions',
    chat(`${filler}${EMAIL} ${filler}${CARD}`),
  )
  assert.equal(answer.status, 200)
  assert.deepEqual(bodies(gateway), [chat(`${filler}<EMAIL_ADDRESS> ${filler}<CREDIT_CARD>`)])
})

test('a prompt above the inspection limit is refused, not passed', async () => {
  await using gateway = await startGateway({
    yaml: `${MASKING}limits: { inspectBytesMax: 64KiB }\n`,
  })
  const answer = await post(
    gateway,
    '/openai/v1/chat/completions',
    chat('x'.repeat(100_000) + EMAIL),
  )
  assert.equal(answer.status, 400)
  assert.match(await answer.text(), /policy\.uninspectable/)
  assert.deepEqual(gateway.sandbox.received(), [])
})
