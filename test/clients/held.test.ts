import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { ErrorCode } from '../../src/model/errors.ts'
import { HOLD_POLICY, approvalGateway, fastClock } from '../harness/approval-gateway.ts'
import type { ApprovalGateway } from '../harness/approval-gateway.ts'
import { clientsPage, keepClients } from '../harness/clients-page.ts'
import type { Observed } from '../harness/clients-page.ts'
import OpenAI from 'openai'
import { Agent, fetch as undiciFetch } from 'undici'
import { startForwarder } from '../harness/forwarder.ts'
import { until, untilSeen } from '../harness/until.ts'
import { ZOO } from '../harness/zoo.ts'
import type { ZooClient } from '../harness/zoo.ts'

/** So short that the end of a caller's time is seen without waiting for minutes. */
const SHORT = 'approvals: { hold: { budget: 400ms } }\n'
const DENY_POLICY = `version: 1
rules:
  - id: no-bluebird
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

const observed = new Map<string, Observed>()
const nameOf = ({ name, version }: ZooClient): string => `${name} ${version}`
const seen = (client: ZooClient, what: Partial<Observed>): void => {
  const name = nameOf(client)
  observed.set(name, { name: client.name, version: client.version, ...observed.get(name), ...what })
}

const prompt = (client: ZooClient, what: string): string =>
  `about project bluebird, ${what}, ${nameOf(client)}`

function placeOf({ console }: ApprovalGateway) {
  return { url: console.gateway.url, key: console.gateway.key }
}

async function failureOf(call: Promise<string>): Promise<string> {
  try {
    const text = await call
    return assert.fail(`it was answered: ${text}`)
  } catch (error) {
    assert.ok(error instanceof Error)
    return `${error.message} ${'responseBody' in error ? String(error.responseBody) : ''}`
  }
}

/** Requests that came in, each an exchange of its own. */
async function requests(gateway: ApprovalGateway): Promise<number> {
  await gateway.console.gateway.app.evidence.flush()
  return (await gateway.console.admin('GET', '/exchanges?limit=200')).body.items.length
}

test('denied by a rule: exactly one request of each client, nothing sent, and its user reads which rule', async () => {
  await using gateway = await approvalGateway({ policy: DENY_POLICY })
  for (const client of ZOO) {
    const before = await requests(gateway)
    const said = await failureOf(client.ask(placeOf(gateway), prompt(client, 'denied')))
    assert.match(said, /Project names stay inside/, nameOf(client))
    assert.equal((await requests(gateway)) - before, 1, nameOf(client))
    seen(client, { denied: 1 })
  }
  assert.equal(gateway.sent().length, 0)
})

/** All that wait, of all cards: requests with the same findings share one. */
async function waiting(gateway: ApprovalGateway): Promise<number> {
  return (await gateway.approvals('pending')).reduce((sum, one) => sum + one.waiting, 0)
}

async function approveAll(gateway: ApprovalGateway): Promise<void> {
  for (const { id } of await gateway.approvals('pending'))
    await gateway.decide(id, { choice: 'once' })
}

test('held for five seconds, then approved: each client is answered as if nothing had been', async () => {
  await using gateway = await approvalGateway()
  const calls = ZOO.map((client) => client.ask(placeOf(gateway), prompt(client, 'approved')))
  const answers = Promise.all(calls)
  answers.catch(() => undefined)
  await until(async () => (await waiting(gateway)) === ZOO.length)
  // Some clients show impatience only after a while.
  await pause(5_000)
  assert.equal(await requests(gateway), ZOO.length)
  assert.equal(gateway.sent().length, 0)
  await approveAll(gateway)
  for (const [n, text] of (await answers).entries()) {
    const client = ZOO[n]!
    assert.equal(text, prompt(client, 'approved'), nameOf(client))
    seen(client, { approved: true })
  }
  assert.equal(gateway.sent().length, ZOO.length)
})

test('an answer that a rule ends midway: one request of each client, and its user reads which rule', async () => {
  await using gateway = await approvalGateway({
    policy: DENY_POLICY.replace('on: request', 'on: response'),
  })
  for (const client of ZOO) {
    const before = await requests(gateway)
    const said = await failureOf(client.stream(placeOf(gateway), prompt(client, 'midway')))
    assert.match(said, /stopped by policy: Project names stay inside/, nameOf(client))
    const made = (await requests(gateway)) - before
    assert.equal(made, 1, nameOf(client))
    seen(client, { midway: made })
  }
})

test('held, then denied: exactly one request, nothing sent, and its user reads the reference', async () => {
  await using gateway = await approvalGateway()
  for (const client of ZOO) {
    const before = await requests(gateway)
    const call = failureOf(client.ask(placeOf(gateway), prompt(client, 'refused')))
    const { id } = await gateway.pending()
    await gateway.decide(id, { choice: 'deny' })
    const said = await call
    assert.ok(said.includes(id), `${nameOf(client)}: ${said}`)
    assert.match(said, /was not approved/, nameOf(client))
    assert.equal((await requests(gateway)) - before, 1, nameOf(client))
    seen(client, { heldDenied: 1 })
  }
  assert.equal(gateway.sent().length, 0)
})

test('at the end of its time a client that retries joins its approval, and any other is told to run again', async () => {
  await using gateway = await approvalGateway({ yaml: SHORT })
  for (const client of ZOO) {
    const text = prompt(client, 'joins')
    const before = await requests(gateway)
    const call = client.ask(placeOf(gateway), text)
    if (client.retries) {
      const { id } = await gateway.pending()
      await until(async () => (await requests(gateway)) - before >= 1)
      await gateway.decide(id, { choice: 'once' })
      assert.equal(await call, text, nameOf(client))
      const [approval] = await gateway.approvals('decided')
      assert.ok(approval !== undefined && approval.id === id && approval.requests === 1)
      seen(client, { joins: 'retries by itself and joins' })
    } else {
      const said = await failureOf(call)
      assert.match(said, /waits for approval/, nameOf(client))
      assert.equal((await requests(gateway)) - before, 1, nameOf(client))
      const [approval] = await gateway.approvals('pending')
      assert.ok(approval !== undefined)
      await gateway.decide(approval.id, { choice: 'once' })
      assert.equal(await client.ask(placeOf(gateway), text), text)
      seen(client, { joins: 'told to run again; passes then' })
    }
  }
})

test('nobody decides: the request expires, nothing is sent, and its user is told so once', async () => {
  await using gateway = await approvalGateway({
    policy: HOLD_POLICY.replace(
      '    stage: enforce\n',
      '    stage: enforce\n    approval: { expires: 1m }\n',
    ),
    clock: fastClock(40),
  })
  const said = await Promise.all(
    ZOO.map((client) => failureOf(client.ask(placeOf(gateway), prompt(client, 'expires')))),
  )
  for (const [n, client] of ZOO.entries()) {
    assert.match(said[n]!, /approved this request in time/, nameOf(client))
    seen(client, { expired: true })
  }
  assert.equal(await requests(gateway), ZOO.length)
  assert.equal(gateway.sent().length, 0)
})

test('the silence of 240 seconds ends before the 300 of Node clients, and one of 500 would not', async () => {
  // Time runs twenty times faster, for the gateway and for the limit of the client alike.
  const dispatcher = new Agent({ headersTimeout: 300_000 / 20 })
  try {
    // Within its budget the gateway answers; beyond it, the client has hung up and nobody was told anything.
    await Promise.all([
      endsFirst(dispatcher, '240s', 'approval.waiting'),
      endsFirst(dispatcher, '500s', 'request.aborted'),
    ])
  } finally {
    await dispatcher.close()
  }
})

async function endsFirst(dispatcher: Agent, budget: string, first: ErrorCode): Promise<void> {
  await using gateway = await approvalGateway({
    yaml: `approvals: { hold: { budget: ${budget} } }\n`,
    clock: fastClock(20),
  })
  const { url, key } = placeOf(gateway)
  const client = new OpenAI({
    apiKey: key,
    baseURL: `${url}/openai/v1`,
    timeout: 3_600_000,
    fetch: (input, init) => undiciFetch(input as string, { ...(init as object), dispatcher }),
  })
  const content = `about project bluebird within ${budget}`
  const call = client.chat.completions.create({
    model: 'echo',
    messages: [{ role: 'user', content }],
  })
  const { id } = await gateway.pending()
  const [again] = await untilSeen(
    () => gateway.approvals('pending'),
    ([one]) => one?.attempts === 2,
  )
  assert.equal(again?.id, id)
  await gateway.decide(id, { choice: 'once' })
  assert.equal((await call).choices[0]?.message.content, content)
  assert.equal(gateway.sent().length, 1)
  const { body } = await gateway.console.admin('GET', '/exchanges?limit=9')
  const ends = body.items.map((one: { errorCode: string | null }) => one.errorCode)
  assert.ok(ends.includes(first), ends.join())
}

test('held over a restart: a client that retries finds its approval at the next gateway', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'custody-zoo-'))
  const clients = ZOO.filter(({ retries }) => retries)
  await using forwarder = await startForwarder()
  try {
    let token = ''
    let answers: Promise<readonly string[]>
    let ids: readonly string[]
    {
      await using gateway = await approvalGateway({ folder })
      forwarder.leadTo(gateway.console.gateway.url)
      token = gateway.token
      const place = { url: forwarder.url, key: gateway.console.gateway.key }
      answers = Promise.all(clients.map((client) => client.ask(place, prompt(client, 'restarts'))))
      answers.catch(() => undefined)
      await until(async () => (await waiting(gateway)) === clients.length)
      ids = (await gateway.approvals('pending')).map(({ id }) => id)
      forwarder.leadTo(null)
    }
    await using gateway = await approvalGateway({ folder, token })
    forwarder.leadTo(gateway.console.gateway.url)
    await until(async () => (await waiting(gateway)) === clients.length)
    const found = (await gateway.approvals('pending')).map(({ id }) => id)
    assert.deepEqual(found, ids)
    await approveAll(gateway)
    for (const [n, text] of (await answers).entries()) {
      const client = clients[n]!
      assert.equal(text, prompt(client, 'restarts'), nameOf(client))
      seen(client, { restart: true })
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

after(() => {
  const page = clientsPage([...observed.values()])
  const { was, is } = keepClients(page, process.env['UPDATE_CLIENTS'] === '1')
  if (process.env['UPDATE_CLIENTS'] !== '1') assert.equal(was, is, 'run it with UPDATE_CLIENTS=1')
})
