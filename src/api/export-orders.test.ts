import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { readBundle } from '../evidence/bundle/read-bundle.ts'
import type { TestConsole, TestPerson } from '../../test/harness/console.ts'
import { startConsole } from '../../test/harness/console.ts'

let console: TestConsole
let asker: TestPerson
let second: TestPerson
let exchange = ''
const reason = 'the regulator asked for it'

before(async () => {
  console = await startConsole({
    yaml: 'bundles: { approval: raw, approvers: [approver, auditor] }\n',
  })
  asker = await console.person('ida', ['investigator', 'approver'])
  second = await console.person('max', ['auditor'])
  exchange = await console.chat('what must not leave by itself')
})
after(() => console[Symbol.asyncDispose]())

const ask = () =>
  asker.call('POST', '/exports', { body: { exchanges: [exchange], content: 'raw', reason } })
const decide = (who: TestPerson, id: string, decision: string) =>
  who.call('POST', `/exports/orders/${id}/decision`, { body: { decision, reason } })

async function fetched(id: string): Promise<Response> {
  return fetch(`${console.api}/exports/orders/${id}/bundle`, {
    method: 'POST',
    headers: { authorization: `Bearer ${asker.token}`, 'content-type': 'application/json' },
    body: '{}',
  })
}

const eventsNow = async () => {
  await console.gateway.app.evidence.flush()
  const isExchange = (await console.gateway.recorded(exchange)).row.id
  const rows = await console.gateway.app.index.eventsOf(isExchange, 100)
  return rows.map(({ event }) => event.type)
}

test('a masked export leaves at once where only raw ones need approval', async () => {
  const answer = await fetch(`${console.api}/exports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${asker.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ exchanges: [exchange], reason }),
  })
  assert.equal(answer.status, 200)
  await answer.arrayBuffer()
})

test('a raw export waits until another person approved exactly it, and leaves once', async () => {
  const asked = await ask()
  assert.equal(asked.status, 202, asked.text)
  const id = String(asked.body.order)
  assert.equal((await fetched(id)).status, 409)
  const listed = await second.call('GET', '/exports/orders')
  assert.equal(listed.body.items[0].state, 'pending')
  assert.deepEqual(listed.body.items[0].exchanges, [exchange])
  assert.equal(listed.body.items[0].mayDecide, true)
  // Who asked has a role that approves, and still may not.
  assert.equal((await decide(asker, id, 'approved')).status, 403)
  const wrong = await console.person('eva', ['investigator'])
  assert.equal((await decide(wrong, id, 'approved')).status, 403)
  const approved = await decide(second, id, 'approved')
  assert.equal(approved.status, 200, approved.text)
  assert.equal((await decide(second, id, 'denied')).status, 409)
  const stolen = await wrong.call('POST', `/exports/orders/${id}/bundle`, { body: {} })
  assert.equal(stolen.status, 409)
  const answer = await fetched(id)
  assert.equal(answer.status, 200)
  assert.ok(answer.body !== null)
  const { manifest } = await readBundle(answer.body)
  assert.equal(manifest.content, 'raw')
  assert.deepEqual(manifest.approvals, [`${id} by max: ${reason}`])
  assert.deepEqual(manifest.selection.exchanges, [exchange])
  assert.equal((await fetched(id)).status, 409)
  const events = await eventsNow()
  for (const type of ['evidence.export-requested', 'evidence.export-decided', 'evidence.exported'])
    assert.ok((events as string[]).includes(type), type)
})

test('whoever decides sees what would leave, with the query that chose it', async () => {
  const filter = { q: 'model:echo', sinceMs: 0 }
  const asked = await asker.call('POST', '/exports', {
    body: { filter, content: 'raw', formats: ['csv'], reason },
  })
  assert.equal(asked.status, 202, asked.text)
  const path = `/exports/orders/${asked.body.order}`
  const { status, body } = await second.call('GET', path)
  assert.equal(status, 200)
  assert.equal(body.order.query, 'model:echo after:1970-01-01')
  assert.deepEqual(
    body.exchanges.map(({ id }: { id: string }) => id),
    [exchange],
  )
  assert.equal(body.gone, 0)
  const member = await console.person('ole', ['member'])
  assert.equal((await member.call('GET', path)).status, 403)
  assert.equal((await second.call('GET', '/exports/orders/xo_nothing')).status, 404)
})

test('a denied export never leaves', async () => {
  const id = String((await ask()).body.order)
  assert.equal((await decide(second, id, 'denied')).status, 200)
  assert.equal((await fetched(id)).status, 409)
  assert.equal((await decide(second, 'xo_nothing', 'approved')).status, 404)
})
