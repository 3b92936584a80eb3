import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { HOLD_POLICY, approvalGateway } from './harness/approval-gateway.ts'
import type { ApprovalGateway } from './harness/approval-gateway.ts'
import type { Call, TestPerson } from './harness/console.ts'
import { CSRF, caller, logIn } from './harness/console.ts'

const GROUP = 'Deal desk'

let gateway: ApprovalGateway
let paula: TestPerson
let scim: Call

before(async () => {
  gateway = await approvalGateway({
    policy: null,
    yaml: `approvals: { authorsMayApprove: false, groups: { secops: [erin] } }
`,
  })
  paula = await gateway.console.person('paula', ['policy-author', 'approver'])
  const made = await gateway.console.admin('POST', '/scim-clients', { body: { name: 'okta' } })
  scim = caller(made.body.url, {
    authorization: `Bearer ${made.body.text}`,
    'content-type': 'application/scim+json',
  })
})
after(() => gateway[Symbol.asyncDispose]())

async function publish(text: string, basedOn: number): Promise<void> {
  const body = { text, note: 'as agreed', basedOn }
  const made = await paula.call('POST', '/policy', { body })
  assert.equal(made.status, 201, made.text)
}

test('who wrote a rule in the console does not approve what it holds, but may deny it', async () => {
  await publish(HOLD_POLICY, 0)
  const decide = (id: string, choice: string) =>
    paula.call('POST', `/approvals/${id}/decide`, { body: { choice } })
  const call = gateway.ask('about project bluebird')
  const { id } = await gateway.pending()
  const own = await decide(id, 'once')
  assert.deepEqual([own.status, own.body.code], [403, 'api.decision-refused'])
  assert.match(own.body.detail, /wrote the rule/)
  assert.equal(gateway.sent().length, 0)
  assert.equal((await gateway.decide(id, { choice: 'once' })).status, 200)
  assert.equal((await call).status, 200)
  const second = gateway.ask('about project redwing')
  assert.equal((await decide((await gateway.pending()).id, 'deny')).status, 200)
  assert.equal((await second).status, 400)
  assert.equal(gateway.sent().length, 1)
})

test('a group that the identity provider provisions decides, for as long as its members are in it', async () => {
  const rule = (approvers: string) =>
    HOLD_POLICY.replace('    stage:', `    approval: { approvers: [${approvers}] }\n    stage:`)
  await publish(rule(`'${GROUP}'`), 1)
  const userName = 'carla@example.com'
  const carla = await scim('POST', '/Users', { body: { userName, active: true } })
  assert.equal(carla.status, 201, carla.text)
  const desk = await scim('POST', '/Groups', {
    body: { displayName: GROUP, members: [{ value: carla.body.id }] },
  })
  assert.equal(desk.status, 201, desk.text)
  const { headers } = await gateway.console.admin('GET', `/people/${carla.body.id}`)
  const given = await gateway.console.admin('PATCH', `/people/${carla.body.id}`, {
    body: { roles: ['approver'] },
    headers: { 'if-match': headers.get('etag')! },
  })
  assert.equal(given.status, 200, given.text)
  const link = await gateway.console.admin('POST', `/people/${carla.body.id}/login-link`)
  const cookie = await logIn(gateway.console.api, link.body.loginUrl)
  const byCarla = caller(gateway.console.api, { cookie, ...CSRF })

  const first = gateway.ask('about project bluebird, again')
  const { id } = await gateway.pending()
  assert.equal((await gateway.decide(id, { choice: 'once' })).status, 403)
  const decided = await byCarla('POST', `/approvals/${id}/decide`, { body: { choice: 'once' } })
  assert.equal(decided.status, 200, decided.text)
  assert.equal((await first).status, 200)

  const second = gateway.ask('about project redwing, again')
  const { id: next } = await gateway.pending()
  await scim('PUT', `/Groups/${desk.body.id}`, { body: { displayName: GROUP, members: [] } })
  const late = await byCarla('POST', `/approvals/${next}/decide`, { body: { choice: 'once' } })
  assert.deepEqual([late.status, late.body.code], [403, 'api.decision-refused'])
  await scim('PUT', `/Groups/${desk.body.id}`, {
    body: { displayName: GROUP, members: [{ value: carla.body.id }] },
  })
  const back = await byCarla('POST', `/approvals/${next}/decide`, { body: { choice: 'deny' } })
  assert.equal(back.status, 200, back.text)
  assert.equal((await second).status, 400)
  assert.equal(gateway.sent().length, 2)
})
