import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { test } from 'node:test'
import { heldClock } from '../../test/harness/approval-office.ts'
import { APPROVAL_SETTINGS } from '../../test/harness/approval-settings.ts'
import { temporaryFolder } from '../../test/harness/evidence.ts'
import { batchOf, closedRow, exchangeId, openRow } from '../../test/store/samples.ts'
import { alertRow } from '../../test/store/seeking-contract.ts'
import { post } from '../approvals/notify/post.ts'
import { signed } from '../approvals/notify/webhook.ts'
import { judgeChanges, tellMatches } from '../incident/alerts/alert-rounds.ts'
import type { AlertParts } from '../incident/alerts/alert-rounds.ts'
import type { ApprovalSettings } from '../model/approval-settings.ts'
import type { PersonRow } from '../model/people.ts'
import type { EvidenceEvent } from '../model/record.ts'
import type { SearchAlertRow } from '../model/search-alerts.ts'
import { openStore } from '../store/store.ts'
import { alertChannels, tellChannel } from './search-alerts.ts'

const SECRET = 'whsec_c2VjcmV0c2VjcmV0c2VjcmV0'
const HOSTILE = '<!channel> \u001b[2J\u202e & <script>'

interface Told {
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** Of a webhook, and of Slack. */
  readonly body: {
    readonly type: string
    readonly data: {
      readonly count: number
      readonly url: string
      readonly exchanges: readonly { readonly id: string }[]
    }
    readonly channel: string
    readonly text: string
    readonly blocks: readonly object[]
  }
}

async function receiver() {
  const told: Told[] = []
  let status = 200
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const text = Buffer.concat(pieces).toString('utf8')
      if (status === 200) told.push({ headers: request.headers, text, body: JSON.parse(text) })
      response.writeHead(status).end('{"ok":true}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return {
    url: `http://127.0.0.1:${address.port}`,
    told,
    answer: (next: number) => {
      status = next
    },
    [Symbol.dispose]: () => void server.close(),
  }
}

const person: PersonRow = {
  id: 'per_1',
  login: 'ida',
  name: 'Ida',
  roles: ['investigator'],
  createdAtMs: 0,
  disabledAtMs: null,
  lastLoginAtMs: null,
  version: 1,
  managedBy: '',
}

/** A store, a receiver and the rounds of a gateway, one call each. */
async function setUp(alert: Partial<SearchAlertRow> = {}, who: Partial<PersonRow> = {}) {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryFolder())
  const store = stack.use(await openStore({ kind: 'sqlite', folder: folder.path }))
  const to = stack.use(await receiver())
  const clock = heldClock()
  const noted: EvidenceEvent[] = []
  const hidden = (text: string) => ({ reveal: () => text })
  const settings: ApprovalSettings = {
    ...APPROVAL_SETTINGS,
    webhooks: [{ name: 'soc', url: to.url, secret: hidden(SECRET) }],
    slack: {
      channel: 'C1',
      apiUrl: to.url,
      botToken: hidden('xoxb-1'),
      signingSecret: hidden('s'),
      people: {},
    },
  }
  const parts: AlertParts = {
    table: store.control.searchAlerts,
    people: store.control.people,
    search: store.search,
    index: store.index,
    clock,
    note: async (event) => void noted.push(event),
    tell: (message) =>
      tellChannel(
        post,
        { clock, settings: () => settings, consoleUrl: () => 'http://console.test' },
        message,
      ),
    onFault: () => {},
  }
  await store.control.people.insert({ ...person, ...who })
  await judgeChanges(parts)
  await store.control.searchAlerts.insert(alertRow(1, { q: 'principal:bob', ...alert }))
  const owned = stack.move()
  return {
    store,
    to,
    clock,
    noted,
    settings,
    round: async () => {
      while (await judgeChanges(parts));
      await tellMatches(parts)
    },
    alert: async () => (await store.control.searchAlerts.byId(alertRow(1).id))!,
    index: (...rows: ReturnType<typeof closedRow>[]) =>
      store.index.apply(batchOf({ exchanges: rows })),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

test('an exchange that matches is told once, signed, however often it changes', async () => {
  await using one = await setUp()
  await one.index(openRow(1, { principal: 'bob' }), closedRow(2, { principal: 'carl' }))
  await one.round()
  await one.index(closedRow(1, { principal: 'bob', model: HOSTILE }))
  one.clock.pass(120_000)
  await one.round()
  assert.equal(one.to.told.length, 1)
  const [told] = one.to.told
  assert.ok(told !== undefined)
  const { type, data } = told.body
  assert.equal(type, 'search.matched')
  assert.deepEqual([data.count, data.exchanges.map(({ id }) => id)], [1, [exchangeId(1)]])
  assert.equal(data.url, 'http://console.test/exchanges?q=principal%3Abob')
  const again = signed(SECRET, {
    id: String(told.headers['webhook-id']),
    atMs: Number(told.headers['webhook-timestamp']) * 1000,
    body: told.text,
  })
  assert.equal(told.headers['webhook-signature'], again.headers['webhook-signature'])
  const { matched, sent, lastError } = await one.alert()
  assert.deepEqual([matched, sent, lastError], [1, 1, ''])
  assert.deepEqual(
    one.noted.map((event) => [event.type, event.details['exchanges']]),
    [['search.alerted', 1]],
  )
})

test('what comes within its time is told together afterwards', async () => {
  await using one = await setUp({ everyMs: 600_000 })
  await one.index(closedRow(1, { principal: 'bob' }))
  await one.round()
  for (let n = 2; n < 30; n += 1) await one.index(closedRow(n, { principal: 'bob' }))
  one.clock.pass(599_000)
  await one.round()
  assert.equal(one.to.told.length, 1)
  one.clock.pass(2_000)
  await one.round()
  assert.equal(one.to.told.length, 2)
  const { data } = one.to.told[1]!.body
  assert.equal(data.count, 28)
  assert.equal(data.exchanges.length, 20)
})

test('a muted alert counts and says nothing, one that is off does neither', async () => {
  await using one = await setUp()
  const table = one.store.control.searchAlerts
  const now = await one.alert()
  await table.update({ ...now, mutedUntilMs: one.clock.nowMs() + 60_000, version: 2 })
  await one.index(closedRow(1, { principal: 'bob' }))
  await one.round()
  one.clock.pass(120_000)
  await one.round()
  assert.deepEqual([one.to.told.length, (await one.alert()).matched], [0, 1])
  await table.update({ ...(await one.alert()), enabled: false, version: 4 })
  await one.index(closedRow(2, { principal: 'bob' }))
  await one.round()
  assert.deepEqual([one.to.told.length, (await one.alert()).matched], [0, 1])
})

test('a receiver that fails is asked again later, under the same id, and the reason is shown', async () => {
  await using one = await setUp()
  one.to.answer(503)
  await one.index(closedRow(1, { principal: 'bob' }))
  await one.round()
  const failing = await one.alert()
  assert.deepEqual([failing.lastError, failing.sent], ['the receiver answered 503', 0])
  assert.equal(failing.retryAtMs, one.clock.nowMs() + 5_000)
  await one.index(closedRow(2, { principal: 'bob' }))
  one.to.answer(200)
  await one.round()
  assert.equal(one.to.told.length, 0)
  one.clock.pass(5_000)
  await one.round()
  assert.deepEqual(one.to.told[0]?.body.data.count, 1)
  one.clock.pass(60_000)
  await one.round()
  const [first, second] = one.to.told
  assert.equal(second?.body.data.exchanges[0]?.id, exchangeId(2))
  assert.notEqual(first?.headers['webhook-id'], second?.headers['webhook-id'])
  assert.deepEqual([(await one.alert()).lastError, (await one.alert()).sent], ['', 2])
})

test('a receiver that never answers is given up after a day, and that stays to be seen', async () => {
  await using one = await setUp()
  one.to.answer(500)
  await one.index(closedRow(1, { principal: 'bob' }))
  for (let n = 0; n < 10; n += 1) {
    await one.round()
    one.clock.pass(24 * 3_600_000)
  }
  one.to.answer(200)
  await one.round()
  assert.equal(one.to.told.length, 0)
  const { lastError, retryAtMs } = await one.alert()
  assert.deepEqual([lastError, retryAtMs], ['the receiver answered 500', null])

  const { letters } = one.store.control.searchAlerts
  const [letter, ...more] = await letters.list(9)
  assert.ok(letter !== undefined && more.length === 0)
  assert.deepEqual([letter.attempts, letter.error], [8, 'the receiver answered 500'])
  one.to.answer(503)
  await letters.ask([letter.batch], one.clock.nowMs())
  await one.round()
  const [again] = await letters.list(9)
  assert.deepEqual([again?.attempts, again?.error], [9, 'the receiver answered 503'])
  // Asked for by a person: muted or not, and under the same id.
  one.to.answer(200)
  const now = await one.alert()
  const mutedUntilMs = one.clock.nowMs() + 60_000
  await one.store.control.searchAlerts.update({ ...now, mutedUntilMs, version: now.version + 1 })
  await letters.ask([letter.batch], one.clock.nowMs())
  await one.round()
  await one.round()
  assert.deepEqual(
    one.to.told.map(({ headers, body }) => [headers['webhook-id'], body.data.exchanges[0]?.id]),
    [[letter.batch, exchangeId(1)]],
  )
  assert.deepEqual([await letters.count(), (await one.alert()).sent], [0, 1])
})

test('a batch that is asked for again is not told once its alert is off', async () => {
  await using one = await setUp({ attempts: 7 })
  one.to.answer(500)
  await one.index(closedRow(1, { principal: 'bob' }))
  await one.round()
  one.to.answer(200)
  const table = one.store.control.searchAlerts
  const now = await one.alert()
  await table.update({ ...now, enabled: false, version: now.version + 1 })
  const [letter] = await table.letters.list(9)
  await table.letters.ask([letter?.batch ?? ''], one.clock.nowMs())
  await one.round()
  assert.equal(one.to.told.length, 0)
  const [left] = await table.letters.list(9)
  assert.match(left?.error ?? '', /alert is off/)
})

test('whoever may no longer see every exchange hears no more', async () => {
  for (const who of [{ roles: ['member'] }, { disabledAtMs: 1 }] as const) {
    await using one = await setUp({}, who)
    await one.index(closedRow(1, { principal: 'bob' }))
    await one.round()
    assert.deepEqual([one.to.told.length, (await one.alert()).matched], [0, 0])
  }
})

test('what came before the alert is no news, and neither is an index that is made again', async () => {
  await using one = await setUp({ createdAtMs: heldClock().nowMs() + 10 })
  await one.index(closedRow(1, { principal: 'bob' }), closedRow(20, { principal: 'bob' }))
  await one.round()
  assert.deepEqual(one.to.told[0]?.body.data.count, 1)
  await one.store.dropIndex()
  await one.index(closedRow(1, { principal: 'bob' }), closedRow(20, { principal: 'bob' }))
  one.clock.pass(120_000)
  await one.round()
  assert.equal(one.to.told.length, 1)
})

test('Slack is told in plain text, and a channel that is gone is a failure', async () => {
  await using one = await setUp({ channel: 'slack', name: HOSTILE })
  assert.deepEqual(alertChannels(one.settings), ['webhook soc', 'slack'])
  await one.index(closedRow(1, { principal: 'bob', model: HOSTILE }))
  await one.round()
  const { headers, text, body } = one.to.told[0]!
  assert.equal(headers.authorization, 'Bearer xoxb-1')
  assert.equal(body.channel, 'C1')
  assert.ok(!body.text.includes('<!channel>'))
  for (const block of body.blocks.slice(0, 2)) assert.match(JSON.stringify(block), /plain_text/)
  assert.ok(!text.includes('mrkdwn') && !text.includes(String.raw`\u001b`))

  await using lost = await setUp({ channel: 'webhook gone' })
  await lost.index(closedRow(1, { principal: 'bob' }))
  await lost.round()
  assert.match((await lost.alert()).lastError, /there is no channel webhook gone/)
})
