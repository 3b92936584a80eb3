import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { HOLD_POLICY, approvalGateway, fastClock } from '../harness/approval-gateway.ts'
import type { ApprovalGateway } from '../harness/approval-gateway.ts'
import { clientsPage, keepClients } from '../harness/clients-page.ts'
import type { Observed } from '../harness/clients-page.ts'
import OpenAI from 'openai'
import { Agent, fetch as undiciFetch } from 'undici'
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

test('held, then approved: each client is answered as if nothing had been', async () => {
  await using gateway = await approvalGateway()
  for (const client of ZOO) {
    const text = prompt(client, 'approved')
    const call = client.ask(placeOf(gateway), text)
    const { id } = await gateway.pending()
    // Some clients show impatience only after a while.
    await pause(client === ZOO[0] ? 5_000 : 300)
    await gateway.decide(id, { choice: 'once' })
    assert.equal(await call, text, nameOf(client))
    seen(client, { approved: true })
  }
  assert.equal(gateway.sent().length, ZOO.length)
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
      for (let n = 0; (await requests(gateway)) - before < 1 && n < 200; n += 1) await pause(50)
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

test('the silence of 240 seconds ends before the 300 of Node clients, and one of 330 would not', async () => {
  // Time runs sixty times faster, for the gateway and for the limit of the client alike.
  const dispatcher = new Agent({ headersTimeout: 300_000 / 60 })
  try {
    for (const [budget, attempts] of [
      ['240s', 2],
      ['330s', 2],
    ] as const) {
      await using gateway = await approvalGateway({
        yaml: `approvals: { hold: { budget: ${budget} } }\n`,
        clock: fastClock(60),
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
      const first = await gateway.pending()
      let approval = first
      for (let n = 0; approval.attempts < attempts && n < 600; n += 1) {
        await pause(50)
        approval = (await gateway.approvals('pending'))[0] ?? approval
      }
      assert.equal(approval.attempts, attempts)
      assert.equal(approval.id, first.id)
      await gateway.decide(first.id, { choice: 'once' })
      assert.equal((await call).choices[0]?.message.content, content)
      assert.equal(gateway.sent().length, 1)
      const ends = (await gateway.console.admin('GET', '/exchanges?limit=9')).body.items.map(
        (one: { errorCode: string | null }) => one.errorCode,
      )
      // Within its budget the gateway answers; beyond it, the client has hung up and nobody was told anything.
      assert.ok(
        ends.includes(budget === '240s' ? 'approval.waiting' : 'request.aborted'),
        ends.join(),
      )
    }
  } finally {
    await dispatcher.close()
  }
})

test('held over a restart: a client that retries finds its approval at the next gateway', async () => {
  for (const client of ZOO.filter(({ retries }) => retries)) {
    const folder = await mkdtemp(join(tmpdir(), 'custody-zoo-'))
    const text = prompt(client, 'restarts')
    try {
      const listen = await freePort()
      let token = ''
      let key = ''
      let id = ''
      let call: Promise<string>
      {
        await using gateway = await approvalGateway({ folder, port: listen })
        token = gateway.token
        key = gateway.console.gateway.key
        call = client.ask({ url: gateway.console.gateway.url, key }, text)
        call.catch(() => undefined)
        id = (await gateway.pending()).id
      }
      await using gateway = await approvalGateway({ folder, port: listen, token })
      const { id: found } = await gateway.pending()
      assert.equal(found, id, nameOf(client))
      await gateway.decide(id, { choice: 'once' })
      assert.equal(await call, text, nameOf(client))
      seen(client, { restart: true })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
})

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  assert.ok(address !== null && typeof address === 'object')
  return address.port
}

after(() => {
  const page = clientsPage([...observed.values()])
  const { was, is } = keepClients(page, process.env['UPDATE_CLIENTS'] === '1')
  if (process.env['UPDATE_CLIENTS'] !== '1') assert.equal(was, is, 'run it with UPDATE_CLIENTS=1')
})
