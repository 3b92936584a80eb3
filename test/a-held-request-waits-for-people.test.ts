import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { approvalGateway } from './harness/approval-gateway.ts'

const BLUEBIRD = 'about project bluebird'
/** The gateway answers a caller that declares this much before it gives up. */
const IMPATIENT = { 'x-stainless-timeout': '0.2' }
const SESSION = { 'x-session-id': 'thread-1' }

test('a held request is sent when it is approved, byte for byte', async () => {
  await using gateway = await approvalGateway()
  const call = gateway.ask(BLUEBIRD)
  const approval = await gateway.pending()
  assert.equal(gateway.sent().length, 0)
  const decided = await gateway.decide(approval.id, { choice: 'once' })
  assert.equal(decided.status, 200, decided.text)
  const answer = await call
  assert.equal(answer.status, 200, answer.text)
  assert.equal(gateway.sent().length, 1)
  assert.match(gateway.sent()[0]!, /about project bluebird/)
  const recorded = await gateway.recorded(answer.exchange)
  assert.equal(recorded.facts.decision?.verdict, 'hold')
  assert.equal(recorded.closing?.approval?.state, 'approved')
  assert.equal(recorded.closing?.approval?.approval, approval.id)
})

test('a denied request reaches nobody, and the caller reads why in one line', async () => {
  await using gateway = await approvalGateway()
  const call = gateway.ask(BLUEBIRD)
  const approval = await gateway.pending()
  await gateway.decide(approval.id, { choice: 'deny', reason: 'not this one' })
  const answer = await call
  assert.equal(answer.status, 400)
  assert.equal(answer.headers.get('x-should-retry'), 'false')
  const { error } = JSON.parse(answer.text)
  assert.equal(error.code, 'approval.denied')
  assert.match(
    error.message,
    /^This request was not approved, .*Rule: Project names stay inside\. /,
  )
  assert.match(error.message, /Reference ap_\w+: http:\/\/\S+\/requests\/[\w-]{24}/)
  assert.ok(!error.message.includes('bluebird') && !error.message.includes('\n'))
  assert.equal(gateway.sent().length, 0)
  const recorded = await gateway.recorded(answer.exchange)
  assert.equal(recorded.closing?.outcome, 'refused')
  assert.equal(recorded.closing?.errorCode, 'approval.denied')
  assert.equal(recorded.closing?.upstreamStatus, null)
  const again = await gateway.ask(BLUEBIRD)
  assert.equal(again.status, 400)
  assert.equal((await gateway.approvals('decided')).length, 1)
  assert.equal((await gateway.approvals('pending')).length, 0)
})

test('approved with masking, what was found is masked in what is sent, and the record says so', async () => {
  await using gateway = await approvalGateway()
  const call = gateway.ask(BLUEBIRD)
  const approval = await gateway.pending()
  assert.ok(approval.choices.includes('masked'))
  await gateway.decide(approval.id, { choice: 'masked' })
  const answer = await call
  assert.equal(answer.status, 200, answer.text)
  assert.equal(gateway.sent().length, 1)
  assert.ok(!gateway.sent()[0]!.includes('bluebird'), gateway.sent()[0])
  const { closing } = await gateway.recorded(answer.exchange)
  assert.equal(closing?.approval?.state, 'approved-masked')
  assert.equal(closing?.sentSplices?.length, 1)
  const again = await gateway.ask(BLUEBIRD)
  assert.equal(again.status, 200)
  assert.ok(!gateway.sent()[1]!.includes('bluebird'), gateway.sent()[1])
})

test('at the end of its time a caller that retries is told to come back, and joins the same approval', async () => {
  await using gateway = await approvalGateway({
    yaml: 'approvals: { hold: { pending: retry } }\n',
  })
  const first = await gateway.ask(BLUEBIRD, { headers: IMPATIENT })
  assert.deepEqual(
    [first.status, first.headers.get('retry-after'), first.headers.get('x-should-retry')],
    [503, '1', 'true'],
  )
  const second = gateway.ask(BLUEBIRD)
  const approval = await gateway.pending()
  assert.deepEqual([approval.attempts, approval.requests], [2, 1])
  await gateway.decide(approval.id, { choice: 'once' })
  const answer = await second
  assert.equal(answer.status, 200)
  assert.equal((await gateway.approvals('decided')).length, 1)
  assert.equal(gateway.sent().length, 1)
  const recorded = await gateway.recorded(answer.exchange)
  assert.equal(recorded.closing?.approval?.attempt, 2)
})

test('a client that is not known to retry is told so in the end, with a link; the grant waits for it', async () => {
  await using gateway = await approvalGateway()
  const first = await gateway.ask(BLUEBIRD, { headers: IMPATIENT })
  assert.deepEqual([first.status, first.headers.get('x-should-retry')], [400, 'false'])
  const { error } = JSON.parse(first.text)
  assert.equal(error.code, 'approval.pending')
  const [approval] = await gateway.approvals('pending')
  assert.ok(approval !== undefined && approval.waiting === 0)
  const page = /\/requests\/([\w-]{24})/.exec(error.message)?.[1]
  const shown = await gateway.console.stranger('GET', `/requests/${page}`)
  assert.equal(shown.body.state, 'pending')
  assert.ok(!shown.text.includes('bluebird'))
  await gateway.decide(approval.id, { choice: 'once' })
  assert.equal((await gateway.console.stranger('GET', `/requests/${page}`)).body.state, 'approved')
  assert.equal((await gateway.ask(BLUEBIRD)).status, 200)
  assert.equal(gateway.sent().length, 1)
})

test('nothing is sent for a caller that has left, and its next attempt passes', async () => {
  await using gateway = await approvalGateway()
  const leaving = new AbortController()
  const call = gateway.ask(BLUEBIRD, { signal: leaving.signal })
  const approval = await gateway.pending()
  leaving.abort()
  await assert.rejects(call)
  await gateway.decide(approval.id, { choice: 'once' })
  assert.equal(gateway.sent().length, 0)
  assert.equal((await gateway.ask(BLUEBIRD)).status, 200)
  assert.equal(gateway.sent().length, 1)
})

test('a held request survives a restart: its caller is told to come back, and finds the approval', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'custody-restart-'))
  try {
    const yaml = 'approvals: { hold: { pending: retry } }\n'
    let id = ''
    let token = ''
    {
      await using gateway = await approvalGateway({ folder, yaml })
      const call = gateway.ask(BLUEBIRD)
      id = (await gateway.pending()).id
      token = gateway.token
      await gateway.console.gateway[Symbol.asyncDispose]()
      assert.equal((await call).status, 503)
    }
    await using gateway = await approvalGateway({ folder, yaml, token })
    const call = gateway.ask(BLUEBIRD)
    const approval = await gateway.pending()
    assert.equal(approval.id, id)
    assert.equal(approval.attempts, 2)
    await gateway.decide(id, { choice: 'once' })
    assert.equal((await call).status, 200)
    assert.equal(gateway.sent().length, 1)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('an approval covers the request and what stays of it in its conversation, but nothing new', async () => {
  await using gateway = await approvalGateway()
  const call = gateway.ask(BLUEBIRD, { headers: SESSION })
  await gateway.decide((await gateway.pending()).id, { choice: 'conversation' })
  assert.equal((await call).status, 200)
  const more = await gateway.ask(`and more ${BLUEBIRD}`, { headers: SESSION })
  assert.equal(more.status, 200)
  const elsewhere = gateway.ask(`and more ${BLUEBIRD}`, { headers: { 'x-session-id': 'other' } })
  await gateway.decide((await gateway.pending()).id, { choice: 'deny' })
  assert.equal((await elsewhere).status, 400)
  const redwing = gateway.ask(`${BLUEBIRD} and project redwing`, { headers: SESSION })
  const approval = await gateway.pending()
  assert.equal(gateway.sent().length, 2)
  await gateway.decide(approval.id, { choice: 'deny' })
  assert.equal((await redwing).status, 400)
  assert.equal(gateway.sent().length, 2)
})

test('a grant is listed and revoked, and then people are asked again', async () => {
  await using gateway = await approvalGateway()
  const call = gateway.ask(BLUEBIRD)
  await gateway.decide((await gateway.pending()).id, { choice: 'once' })
  await call
  const { items } = (await gateway.approver('GET', '/grants')).body
  assert.equal(items.length, 1)
  assert.deepEqual([items[0].uses, items[0].usesMax], [1, 3])
  const revoked = await gateway.approver('POST', `/grants/${items[0].id}/revoke`)
  assert.equal(revoked.body.revokedBy, 'erin')
  assert.equal((await gateway.approver('GET', '/grants')).body.items.length, 0)
  const again = await gateway.ask(BLUEBIRD, { headers: IMPATIENT })
  assert.equal(JSON.parse(again.text).error.code, 'approval.pending')
})

test('a key that was revoked while people decided sends nothing', async () => {
  await using gateway = await approvalGateway()
  const key = await gateway.console.keyFor('dana')
  const call = gateway.ask(BLUEBIRD, { key })
  const approval = await gateway.pending()
  const { items } = (await gateway.console.admin('GET', '/keys')).body
  const { id } = items.find((one: { owner: string }) => one.owner === 'dana')
  assert.equal((await gateway.console.admin('POST', `/keys/${id}/revoke`)).status, 200)
  await gateway.decide(approval.id, { choice: 'once' })
  assert.equal((await call).status, 401)
  assert.equal(gateway.sent().length, 0)
})

test('nobody approves the own request, neither with a second key nor with a second token', async () => {
  await using gateway = await approvalGateway()
  const own = await gateway.console.person('dana', ['approver'])
  const keys = [await gateway.console.keyFor('dana'), await gateway.console.keyFor('dana')]
  const call = gateway.ask(BLUEBIRD, { key: keys[1]! })
  const { id } = await gateway.pending()
  const second = await own.byCookie('POST', '/tokens', {
    body: { name: 'second', roles: ['approver'] },
  })
  assert.equal(second.status, 201)
  for (const call of [own.call, own.byCookie]) {
    const refused = await call('POST', `/approvals/${id}/decide`, { body: { choice: 'once' } })
    assert.deepEqual([refused.status, refused.body.code], [403, 'api.decision-refused'])
    assert.match(refused.body.detail, /stand behind/)
  }
  const token = await fetch(`${gateway.console.api}/approvals/${id}/decide`, {
    method: 'POST',
    headers: { authorization: `Bearer ${second.body.text}`, 'content-type': 'application/json' },
    body: JSON.stringify({ choice: 'once' }),
  })
  assert.equal(token.status, 403)
  const taken = await own.call('POST', `/approvals/${id}/cancel`, { body: { reason: 'mistake' } })
  assert.equal(taken.body.state, 'cancelled')
  assert.equal(JSON.parse((await call).text).error.code, 'approval.cancelled')
  assert.equal(gateway.sent().length, 0)
})

test('the second of two decisions is told who decided', async () => {
  await using gateway = await approvalGateway()
  const finn = await gateway.console.person('finn', ['approver'])
  const call = gateway.ask(BLUEBIRD)
  const { id } = await gateway.pending()
  const decide = (choice: string) =>
    finn.call('POST', `/approvals/${id}/decide`, { body: { choice } })
  const both = await Promise.all([gateway.decide(id, { choice: 'once' }), decide('deny')])
  assert.deepEqual(both.map(({ status }) => status).toSorted(), [200, 409])
  const loser = both.find(({ status }) => status === 409)!
  assert.equal(loser.body.code, 'api.decided')
  assert.match(loser.body.detail, /It is (approved \(erin\)|denied \(finn\))\./)
  const answer = await call
  assert.equal(answer.status, both[0].status === 200 ? 200 : 400)
  assert.equal(gateway.sent().length, both[0].status === 200 ? 1 : 0)
})

test('high assurance is decided in the console shortly after a login, and nowhere else', async () => {
  const { HOLD_POLICY } = await import('./harness/approval-gateway.ts')
  await using gateway = await approvalGateway({
    policy: HOLD_POLICY.replace(
      '    stage: enforce\n',
      '    stage: enforce\n    approval: { highAssurance: true, reasonRequired: true }\n',
    ),
  })
  const call = gateway.ask(BLUEBIRD)
  const { id, highAssurance } = await gateway.pending()
  assert.ok(highAssurance)
  const ballot = { choice: 'once', reason: 'known' }
  const byToken = await gateway.decide(id, ballot)
  assert.match(byToken.body.detail, /in the console/)
  const finn = await gateway.console.person('finn', ['approver'])
  const decide = (body: object) => finn.byCookie('POST', `/approvals/${id}/decide`, { body })
  assert.match((await decide({ choice: 'once' })).body.detail, /wants a reason/)
  assert.equal((await decide(ballot)).body.state, 'approved')
  assert.equal((await call).status, 200)
})

test('approvers see masked excerpts; who may not read content sees none', async () => {
  await using gateway = await approvalGateway()
  const call = gateway.ask(`my notes ${BLUEBIRD} end`)
  const { id } = await gateway.pending()
  const card = (await gateway.approver('GET', `/approvals/${id}`)).body
  assert.equal(card.excerpts.length, 1)
  assert.match(card.excerpts[0].text, /^my notes about \[[A-Z_]+\] end$/)
  assert.equal(card.firstTime, true)
  const auditor = await gateway.console.person('audrey', ['auditor'])
  assert.deepEqual((await auditor.call('GET', `/approvals/${id}`)).body.excerpts, [])
  const member = await gateway.console.person('milo', ['member'])
  assert.equal((await member.call('GET', `/approvals/${id}`)).status, 404)
  assert.deepEqual((await member.call('GET', '/approvals')).body.items, [])
  assert.equal(
    (await member.call('POST', `/approvals/${id}/decide`, { body: { choice: 'deny' } })).status,
    403,
  )
  await gateway.decide(id, { choice: 'deny' })
  await call
})
