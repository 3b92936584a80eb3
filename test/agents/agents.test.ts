import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { AGENTS, installAgents } from '../harness/agents.ts'
import { HOLD_POLICY, approvalGateway, fastClock } from '../harness/approval-gateway.ts'
import type { ApprovalGateway } from '../harness/approval-gateway.ts'
import { agentsTable, keepAgents } from '../harness/clients-page.ts'
import type { Observed } from '../harness/clients-page.ts'
import type { AskingClient } from '../harness/zoo.ts'

const DENY_POLICY = HOLD_POLICY.replace('then: hold', 'then: deny').replace(
  'expect: hold',
  'expect: deny',
)
const ANSWER_POLICY = DENY_POLICY.replace('on: request', 'on: response')

const observed = new Map<string, Observed>()
const seen = ({ name, version }: AskingClient, what: Partial<Observed>): void => {
  observed.set(name, { name, version, ...observed.get(name), ...what })
}
const prompt = ({ name }: AskingClient, what: string): string =>
  `about project bluebird, ${what}, ${name}`
const placeOf = ({ console }: ApprovalGateway) => ({
  url: console.gateway.url,
  key: console.gateway.key,
})

async function failureOf(call: Promise<string>): Promise<string> {
  let said: string
  try {
    said = await call
  } catch (error) {
    return String(error)
  }
  return assert.fail(`it was answered: ${said}`)
}

/** Requests that came in, each an exchange of its own. */
async function requests({ console }: ApprovalGateway): Promise<number> {
  await console.gateway.app.evidence.flush()
  return (await console.admin('GET', '/exchanges?limit=200')).body.items.length
}

before(() => installAgents())

for (const agent of AGENTS) {
  const { name } = agent

  test(`${name}: denied by a rule, one request and a message that its user reads`, async () => {
    await using gateway = await approvalGateway({ policy: DENY_POLICY })
    const said = await failureOf(agent.ask(placeOf(gateway), prompt(agent, 'denied')))
    assert.match(said, /Project names stay inside/)
    assert.equal(await requests(gateway), 1)
    assert.equal(gateway.sent().length, 0)
    seen(agent, { denied: 1 })
  })

  test(`${name}: held for five seconds, then approved or denied`, async () => {
    await using gateway = await approvalGateway()
    const approved = agent.ask(placeOf(gateway), prompt(agent, 'approved'))
    const first = await gateway.pending()
    await pause(5_000)
    await gateway.decide(first.id, { choice: 'once' })
    assert.match(await approved, /about project bluebird, approved/)
    const sent = gateway.sent().length
    const before = await requests(gateway)
    seen(agent, { approved: true })
    const denied = failureOf(agent.ask(placeOf(gateway), prompt(agent, 'refused')))
    const second = await gateway.pending()
    await gateway.decide(second.id, { choice: 'deny' })
    const said = await denied
    assert.ok(said.includes(second.id), said)
    assert.equal((await requests(gateway)) - before, 1)
    assert.equal(gateway.sent().length, sent)
    seen(agent, { heldDenied: 1 })
  })

  test(`${name}: at the end of its time it joins its approval, or is told to run again`, async () => {
    await using gateway = await approvalGateway({
      yaml: 'approvals: { hold: { budget: 400ms } }\n',
    })
    const text = prompt(agent, 'joins')
    const call = agent.ask(placeOf(gateway), text)
    if (!agent.retries) {
      assert.match(await failureOf(call), /waits for approval/)
      assert.equal(await requests(gateway), 1)
      const [approval] = await gateway.approvals('pending')
      await gateway.decide(approval!.id, { choice: 'conversation' })
      seen(agent, { joins: 'told to run again' })
      return
    }
    const { id } = await gateway.pending()
    for (let n = 0; (await requests(gateway)) < 1 && n < 400; n += 1) await pause(50)
    await gateway.decide(id, { choice: 'once' })
    assert.match(await call, /about project bluebird, joins/)
    const [approval] = await gateway.approvals('decided')
    assert.deepEqual([approval?.id, approval?.requests], [id, 1])
    seen(agent, { joins: 'retries by itself and joins' })
  })

  test(`${name}: nobody decides, and it is told so once`, async () => {
    await using gateway = await approvalGateway({
      policy: HOLD_POLICY.replace(
        '    stage: enforce\n',
        '    stage: enforce\n    approval: { expires: 1m }\n',
      ),
      clock: fastClock(20),
    })
    const said = await failureOf(agent.ask(placeOf(gateway), prompt(agent, 'expires')))
    assert.match(said, /approved this request in time/)
    assert.equal(await requests(gateway), 1)
    assert.equal(gateway.sent().length, 0)
    seen(agent, { expired: true })
  })

  test(`${name}: the gateway restarts while it waits`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'custody-agent-restart-'))
    try {
      const text = prompt(agent, 'restarts')
      let token = ''
      let port = 0
      let id = ''
      let call: Promise<string>
      {
        await using gateway = await approvalGateway({ folder })
        token = gateway.token
        port = Number(new URL(gateway.console.gateway.url).port)
        call = agent.ask(placeOf(gateway), text)
        call.catch(() => undefined)
        id = (await gateway.pending()).id
      }
      await using gateway = await approvalGateway({ folder, port, token })
      const ended = call.then(
        () => null,
        () => null,
      )
      const back = gateway.pending().catch(() => null)
      const found = await Promise.race([back, ended])
      seen(agent, { restart: found !== null })
      if (found === null) return
      assert.equal(found.id, id)
      await gateway.decide(id, { choice: 'once' })
      assert.match(await call, /about project bluebird, restarts/)
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  })

  test(`${name}: an answer that a rule ends midway is not asked for again, and its user reads why`, async () => {
    await using gateway = await approvalGateway({ policy: ANSWER_POLICY })
    const said = await agent
      .ask(placeOf(gateway), prompt(agent, 'midway'))
      .catch((error: unknown) => String(error))
    assert.match(said, /Project names stay inside/)
    assert.equal(await requests(gateway), 1)
    seen(agent, { midway: 1 })
  })
}

after(() => {
  const all = [...observed.values()]
  const isWhole = all.length === AGENTS.length && all.every((one) => Object.keys(one).length === 9)
  if (isWhole) keepAgents(agentsTable(all))
})
