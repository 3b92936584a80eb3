import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askedRule } from '../../test/store/approval-samples.ts'
import { office, question } from '../../test/harness/approval-office.ts'
import { REFUSAL_HOLDS_MS } from './desk.ts'

const NONE: ReadonlySet<string> = new Set()
const here = (): boolean => false

test('a request waits until it is approved, and the grant is used with evidence', async () => {
  await using one = await office()
  const ticket = await one.desk.ask(question(one))
  const waiting = ticket.wait(here)
  assert.equal((await one.deciding.table.byId(ticket.approval.id))?.attendance.waiting, 1)
  assert.equal((await one.decide(ticket.approval.id, 'erin', { choice: 'once' })).kind, 'moved')
  const ending = await waiting
  assert.equal(ending.kind, 'go')
  assert.deepEqual(one.events(), [
    'approval.created',
    'approval.voted',
    'approval.decided',
    'approval.released',
  ])
  const after = await one.deciding.table.byId(ticket.approval.id)
  assert.deepEqual([after?.attendance.waiting, after?.noted, after?.sealedCard], [0, 3, null])
})

test('a denial, an expiry and a withdrawal let nothing go', async () => {
  await using one = await office()
  for (const [end, state] of [
    ['deny', 'denied'],
    ['expire', 'expired'],
    ['withdraw', 'cancelled'],
  ] as const) {
    const ticket = await one.desk.ask(question(one, { digest: state }))
    const waiting = ticket.wait(here)
    if (end === 'deny') await one.decide(ticket.approval.id, 'erin', { choice: 'deny' })
    else if (end === 'expire') one.clock.pass(1_800_000)
    else await one.withdraw(ticket.approval.id, 'dana')
    const ending = await waiting
    assert.equal(ending.kind, 'refused', end)
    assert.equal(ending.approval.state, state)
  }
  assert.deepEqual(await one.deciding.table.grants({ limit: 9 }), [])
  assert.ok(!one.events().includes('approval.released'))
})

test('the same request sent again joins the approval that waits, from any process', async () => {
  await using one = await office()
  await using other = await office({ folder: one.folder, clock: one.clock })
  const first = await one.desk.ask(question(one))
  const second = await other.desk.ask(question(other))
  assert.equal(second.approval.id, first.approval.id)
  assert.deepEqual([first.attempt, second.attempt], [1, 2])
  const endings = Promise.all([first.wait(here), second.wait(here)])
  await other.decide(first.approval.id, 'erin', { choice: 'once' })
  assert.deepEqual(
    (await endings).map(({ kind }) => kind),
    ['go', 'go'],
  )
  assert.equal((await one.deciding.table.list({ limit: 9 })).length, 1)
})

test('requests of one caller with the same findings share a card, others do not', async () => {
  await using one = await office()
  const first = await one.desk.ask(question(one, { digest: 'a' }))
  const same = await one.desk.ask(question(one, { digest: 'b' }))
  const theirs = await one.desk.ask(question(one, { digest: 'a', principal: 'gus' }))
  const more = await one.desk.ask({
    ...question(one, { digest: 'c' }),
    asks: [askedRule({ findings: ['fp-1', 'fp-2'] })],
  })
  assert.equal(same.approval.id, first.approval.id)
  assert.equal(new Set([first, theirs, more].map(({ approval }) => approval.id)).size, 3)
  const size = (digest: string) => ({
    ...question(one, { digest }),
    asks: [askedRule({ rule: 'size', findings: [], newFindings: [] })],
  })
  const [d, e, d2] = [size('d'), size('e'), size('d')]
  const ids = [await one.desk.ask(d), await one.desk.ask(e), await one.desk.ask(d2)]
  assert.equal(ids[0]?.approval.id, ids[2]?.approval.id)
  assert.notEqual(ids[0]?.approval.id, ids[1]?.approval.id)
})

test('at the end of its time a caller is told to wait, and the approval stays', async () => {
  await using one = await office()
  const ticket = await one.desk.ask({
    ...question(one),
    waitUntilMs: one.clock.nowMs() + 240_000,
  })
  const waiting = ticket.wait(here)
  one.clock.pass(240_000)
  assert.equal((await waiting).kind, 'pending')
  await one.decide(ticket.approval.id, 'erin', { choice: 'once' })
  const { request, asks } = question(one)
  const known = await one.desk.known(request, asks, NONE)
  assert.equal(known.kind, 'granted')
})

test('a caller that left is told nothing, and nothing is released for it', async () => {
  await using one = await office()
  let isGone = false
  const ticket = await one.desk.ask(question(one))
  const waiting = ticket.wait(() => isGone)
  isGone = true
  assert.equal((await waiting).kind, 'gone')
  assert.equal((await one.deciding.table.byId(ticket.approval.id))?.attendance.waiting, 0)
  const again = (await one.desk.ask(question(one))).wait(() => isGone)
  await one.decide(ticket.approval.id, 'erin', { choice: 'once' })
  assert.equal((await again).kind, 'gone')
  assert.ok(!one.events().includes('approval.released'))
})

test('a refusal answers the same request for a while, then people are asked again', async () => {
  await using one = await office()
  const ticket = await one.desk.ask(question(one))
  await one.decide(ticket.approval.id, 'erin', { choice: 'deny' })
  const { request, asks } = question(one)
  const known = await one.desk.known(request, asks, NONE)
  assert.ok(known.kind === 'refused' && known.approval.id === ticket.approval.id)
  assert.equal((await one.desk.known({ ...request, digest: 'other' }, asks, NONE)).kind, 'ask')
  one.clock.pass(REFUSAL_HOLDS_MS + 1)
  assert.equal((await one.desk.known(request, asks, NONE)).kind, 'ask')
})

test('a revoked grant lets nothing go, also to a caller that is waiting', async () => {
  await using one = await office()
  const ticket = await one.desk.ask(question(one))
  await one.decide(ticket.approval.id, 'erin', { choice: 'once' })
  const [grant] = await one.deciding.table.grants({ limit: 9 })
  assert.ok(grant !== undefined)
  assert.equal(await one.revoke(grant.id, 'erin'), true)
  assert.equal(await one.revoke(grant.id, 'erin'), false)
  assert.equal((await ticket.wait(here)).kind, 'pending')
  const { request, asks } = question(one)
  assert.equal((await one.desk.known(request, asks, NONE)).kind, 'ask')
  assert.equal(await one.desk.release(grant, false, request.exchange), false)
  assert.equal(await one.desk.release(grant, true, request.exchange), false)
  assert.ok(one.events().includes('grant.revoked'))
})

test('what the command line decided becomes evidence at the next round of a gateway', async () => {
  await using one = await office()
  const ticket = await one.desk.ask(question(one))
  await one.decide(ticket.approval.id, 'erin', { choice: 'deny' }, { journal: null })
  assert.deepEqual(one.events(), ['approval.created'])
  await one.round()
  assert.deepEqual(one.events(), ['approval.created', 'approval.voted', 'approval.decided'])
  await one.round()
  assert.equal(one.events().length, 3)
})

test('the rounds escalate at half time and end what is over', async () => {
  await using one = await office()
  const ticket = await one.desk.ask(question(one))
  one.clock.pass(900_000)
  await one.round()
  await one.round()
  one.clock.pass(900_000)
  await one.round()
  assert.equal((await one.deciding.table.byId(ticket.approval.id))?.state, 'expired')
  assert.deepEqual(one.events(), ['approval.created', 'approval.escalated', 'approval.expired'])
})

test('excerpts are encrypted where they lie, and open only on their own card', async () => {
  await using one = await office()
  const { approval } = await one.desk.ask(question(one))
  assert.ok(!JSON.stringify(approval).includes('pay to'))
  assert.equal(one.seal.open(approval.id, approval.sealedCard)[0]?.text, 'pay to [CREDIT_CARD] now')
  assert.deepEqual(one.seal.open('ap_other', approval.sealedCard), [])
  assert.deepEqual(one.seal.open(approval.id, 'nonsense'), [])
  assert.deepEqual(one.seal.open(approval.id, null), [])
})

test('whoever decides first wins, and everybody else is told so', async () => {
  await using one = await office()
  await using other = await office({ folder: one.folder, clock: one.clock })
  const { approval } = await one.desk.ask(question(one))
  const results = await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      (n % 2 === 0 ? one : other).decide(approval.id, n % 4 < 2 ? 'erin' : 'finn', {
        choice: n % 3 === 0 ? 'deny' : 'once',
      }),
    ),
  )
  assert.equal(results.filter(({ kind }) => kind === 'moved').length, 1)
  for (const result of results)
    if (result.kind === 'refused') assert.equal(result.reason, 'decided')
})
