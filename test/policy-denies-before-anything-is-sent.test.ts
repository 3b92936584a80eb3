import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { chatCall, DIALECTS } from './harness/data-plane.ts'
import { startGateway } from './harness/gateway.ts'
import type { TestGateway } from './harness/gateway.ts'

const POLICY = `version: 1
rules:
  - id: no-merger
    title: Project names stay inside
    on: request
    keywords: ["project bluebird"]
    then: deny
    stage: enforce
    message: Project names stay inside.
    tests:
      - name: named in a prompt
        given: { text: "about Project Bluebird" }
        expect: deny
`

function post(gateway: TestGateway, path: string, body: string, headers = {}): Promise<Response> {
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

const chat = (content: unknown): string =>
  JSON.stringify({ model: 'echo', messages: [{ role: 'user', content }] })

test('in every dialect a keyword of the plain policy is refused with nothing sent, and the record says by which rule', async () => {
  await using gateway = await startGateway({ policy: POLICY })
  for (const dialect of DIALECTS) {
    for (const stream of [false, true]) {
      const { path, body } = chatCall(dialect, stream)
      const allowed = await post(gateway, path, body)
      assert.equal(allowed.status, 200, dialect)
      assert.equal(allowed.headers.get('x-custody-decision'), null)
      await allowed.arrayBuffer()
      gateway.sandbox.clear()
      const denied = await post(gateway, path, body.replace('hello', 'about PROJECT  Bluebird'))
      assert.equal(denied.status, 400, dialect)
      assert.equal(denied.headers.get('x-should-retry'), 'false')
      assert.equal(denied.headers.get('x-custody-decision'), 'deny')
      assert.equal(denied.headers.get('x-custody-rule'), 'no-merger')
      const text = await denied.text()
      assert.match(text, /Blocked by policy: Project names stay inside\. Found: KEYWORD ×1\./)
      assert.doesNotMatch(text, /bluebird/i)
      assert.equal(gateway.sandbox.received().length, 0, `${dialect}: nothing is sent`)
      const record = await gateway.recorded(denied.headers.get('x-custody-exchange'))
      const { decision } = record.facts
      assert.equal(decision?.policy, createHash('sha256').update(POLICY).digest('hex'))
      assert.equal(decision?.verdict, 'deny')
      assert.equal(decision?.deciding, 'no-merger')
      assert.equal(decision?.hits[0]?.findings.length, 1)
      assert.doesNotMatch(JSON.stringify(record.facts), /bluebird/i)
      assert.equal(record.closing?.errorCode, 'policy.denied')
    }
  }
})

test('disguises do not help, and what only resembles the keyword passes', async () => {
  await using gateway = await startGateway({ policy: POLICY })
  const { path } = chatCall('openai', false)
  const refused = [
    'project bluebird',
    'ＰＲＯＪＥＣＴ ｂｌｕｅｂｉｒｄ',
    'pro\u200bject blue\u00adbird',
    'projеct bluеbird',
    'project\u00a0\n bluebird',
    Buffer.from('all about project bluebird, you know').toString('base64'),
    '{"nested":"project \\u0062luebird"}',
  ]
  for (const text of refused)
    assert.equal((await post(gateway, path, chat(text))).status, 400, JSON.stringify(text))
  for (const text of ['project bluebirds', 'a project, bluebird', 'subproject bluebird', ''])
    assert.equal((await post(gateway, path, chat(text))).status, 200, JSON.stringify(text))
})

test('a keyword is found wherever it stands: system, tools, arguments, results, history', async () => {
  await using gateway = await startGateway({ policy: POLICY })
  const { path } = chatCall('openai', false)
  const word = 'project bluebird'
  const user = { role: 'user', content: 'hello' }
  const call = (args: string): object => ({
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'c', type: 'function', function: { name: 'search', arguments: args } }],
  })
  const bodies = [
    { messages: [{ role: 'system', content: word }, user] },
    { messages: [{ role: 'user', content: word }, { role: 'assistant', content: 'a' }, user] },
    {
      messages: [
        user,
        call(JSON.stringify({ query: word })),
        { role: 'tool', tool_call_id: 'c', content: 'x' },
      ],
    },
    { messages: [user, call('{}'), { role: 'tool', tool_call_id: 'c', content: word }] },
    {
      messages: [user],
      tools: [{ type: 'function', function: { name: 'f', description: word, parameters: {} } }],
    },
    { messages: [{ role: 'user', content: [{ type: 'text', text: word }] }] },
  ]
  for (const body of bodies) {
    const answer = await post(gateway, path, JSON.stringify({ model: 'echo', ...body }))
    assert.equal(answer.status, 400, JSON.stringify(body))
  }
  assert.equal(gateway.sandbox.received().length, 0)
})

test('a rule that masks replaces what it found and nothing else', async () => {
  await using gateway = await startGateway({
    policy: `version: 1
rules:
  - id: cards
    title: Cards are masked
    on: request
    entities: [CREDIT_CARD]
    then: mask
    stage: enforce
  - id: names
    title: Code names are masked
    on: request
    keywords: [bluebird]
    label: CODE_NAME
    then: mask
    mask: hash
    stage: enforce
`,
  })
  const { path } = chatCall('openai', false)
  const answer = await post(
    gateway,
    path,
    chat('card 4111 1111 1111 1111, a@example.org, bluebird'),
  )
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('x-custody-decision'), 'mask')
  const [received] = gateway.sandbox.received()
  const sent = Buffer.from(received?.body ?? '', 'base64').toString()
  assert.match(sent, /card <CREDIT_CARD>, a@example\.org, <CODE_NAME:[0-9a-f]{16}>/)
})

test('what rules only watch changes no byte, whatever they say', async () => {
  const rules = ['deny', 'mask', 'hold']
    .map(
      (then) =>
        `  - { id: watch-${then}, title: T, on: request, keywords: [hello], then: ${then}, stage: shadow }\n`,
    )
    .join('')
  await using gateway = await startGateway({ policy: `version: 1\nrules:\n${rules}` })
  const { path, body } = chatCall('openai', false)
  const answer = await post(gateway, path, body)
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('x-custody-decision'), null)
  assert.equal(Buffer.from(gateway.sandbox.received()[0]?.body ?? '', 'base64').toString(), body)
  const { decision } = (await gateway.recorded(answer.headers.get('x-custody-exchange'))).facts
  assert.equal(decision?.verdict, 'allow')
  assert.deepEqual(
    decision?.hits.map(({ rule, inForce }) => [rule, inForce]),
    [
      ['watch-deny', false],
      ['watch-hold', false],
      ['watch-mask', false],
    ],
  )
})
