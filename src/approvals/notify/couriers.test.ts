import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { office, question } from '../../../test/harness/approval-office.ts'
import { openStore } from '../../store/store.ts'
import { APPROVAL_SETTINGS } from '../../../test/harness/approval-settings.ts'
import { deliverDue, noticesOf } from './couriers.ts'
import { eventBody } from './webhook.ts'

const secret = { reveal: () => 'whsec_c2VjcmV0c2VjcmV0c2VjcmV0' }

async function receiverThat(status: number) {
  let calls = 0
  const server = createServer((request, response) => {
    calls += 1
    request.resume().on('end', () => response.writeHead(status).end('{}'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return {
    url: `http://127.0.0.1:${address.port}`,
    calls: () => calls,
    [Symbol.dispose]: () => void server.close(),
  }
}

for (const [status, isDead, calls] of [
  [503, true, 8],
  [302, true, 8],
  [204, false, 1],
] as const) {
  test(`a receiver that answers ${status} is ${isDead ? 'given up after a day, and that is kept' : 'told once'}`, async () => {
    using receiver = await receiverThat(status)
    await using one = await office()
    await using store = await openStore({ kind: 'sqlite', folder: one.folder })
    const settings = {
      ...APPROVAL_SETTINGS,
      webhooks: [{ name: 'soc', url: receiver.url, secret }],
    }
    const { approval } = await one.desk.ask(question(one))
    const { notices } = store.control
    const rows = noticesOf(settings, approval, 0, one.clock.nowMs())
    await notices.add(rows)
    await notices.add(rows)
    const faults: string[] = []
    for (let n = 0; n < 12; n += 1) {
      await deliverDue({
        notices,
        table: store.control.approvals,
        clock: one.clock,
        seal: one.seal,
        settings: () => settings,
        consoleUrl: () => 'http://console.test',
        mayQuote: async () => true,
        onFault: (what) => faults.push(what),
      })
      one.clock.pass(24 * 3_600_000)
    }
    assert.equal(receiver.calls(), calls)
    const dead = await notices.dead(9)
    assert.equal(dead.length, isDead ? 1 : 0)
    assert.equal(faults.length, isDead ? 1 : 0)
    if (isDead) assert.match(dead[0]!.lastError, new RegExp(`answered ${status}`))
  })
}

test('two workers never deliver one notice at the same time', async () => {
  await using one = await office()
  await using store = await openStore({ kind: 'sqlite', folder: one.folder })
  await using other = await openStore({ kind: 'sqlite', folder: one.folder })
  const settings = {
    ...APPROVAL_SETTINGS,
    webhooks: [{ name: 'soc', url: 'http://127.0.0.1:1', secret }],
  }
  const { approval } = await one.desk.ask(question(one))
  const nowMs = one.clock.nowMs()
  await store.control.notices.add(noticesOf(settings, approval, 0, nowMs))
  const taken = await Promise.all(
    [store, other, store, other].map(({ control }) =>
      control.notices.take(nowMs, nowMs + 60_000, 9),
    ),
  )
  assert.equal(taken.flat().length, 1)
  assert.equal((await store.control.notices.take(nowMs + 59_999, nowMs + 99_999, 9)).length, 0)
  assert.equal((await store.control.notices.take(nowMs + 60_000, nowMs + 99_999, 9)).length, 1)
})

test('only what people must answer goes to Teams and mail', async () => {
  await using one = await office()
  const { approval } = await one.desk.ask(question(one))
  const settings = {
    ...APPROVAL_SETTINGS,
    teams: [{ name: 'soc', url: secret }],
    email: { smtpUrl: secret, from: 'a@example.org', to: ['b@example.org'] },
  }
  const receivers = (step: number) =>
    noticesOf(
      settings,
      {
        ...approval,
        history: [...approval.history, { ...approval.history[0]!, kind: 'denied' as const }],
      },
      step,
      0,
    ).map(({ receiver }) => receiver)
  assert.deepEqual(receivers(0), ['teams soc', 'email'])
  assert.deepEqual(receivers(1), [])
})

test('an event tells how things were after its own step, so that a repeated delivery is the same', async () => {
  await using one = await office()
  const { approval } = await one.desk.ask(question(one))
  const told = eventBody(approval, 0, 'http://console.test')
  await one.decide(approval.id, 'erin', { choice: 'deny' })
  const after = await one.deciding.table.byId(approval.id)
  assert.ok(after !== null)
  const bodies = after.history.map((_, step) => eventBody(after, step, 'http://console.test'))
  assert.equal(bodies[0], told)
  assert.deepEqual(
    bodies.map((body) => JSON.parse(body).data.state),
    ['pending', 'pending', 'denied'],
  )
})
