import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import type { Approval } from '../src/model/approval.ts'
import { openStore } from '../src/store/store.ts'
import { approvalGateway } from './harness/approval-gateway.ts'
import { assertNowhere, secretsOf } from './harness/erasing.ts'
import { contentOf, filesBelow } from './harness/stored-bytes.ts'

const YAML = `masking: { packs: [strict], operators: { EMAIL_ADDRESS: tokenize } }
`
const reason = 'she asked for it'

async function storedApproval(folder: string, id: string): Promise<Approval | null> {
  await using store = await openStore({ kind: 'sqlite', folder })
  return await store.control.approvals.byId(id)
}

test('of an erased request that waited for people, no digest, card or token is left in any file; who decided what is', async () => {
  await using gateway = await approvalGateway({ yaml: YAML })
  const { console: desk } = gateway
  const { folder, app } = desk.gateway
  const text = 'Project Bluebird: write to carla.doe@example.org'
  const call = gateway.ask(text)
  const approval = await gateway.pending()
  await gateway.decide(approval.id, { choice: 'once', reason: 'she may' })
  const answer = await call
  assert.equal(answer.status, 200, answer.text)
  const other = await gateway.ask('write to dave.roe@example.org')
  await app.evidence.flush()
  const stored = await storedApproval(folder, approval.id)
  assert.ok(stored !== null && stored.request.exchange === answer.exchange)
  const [token = '', kept = ''] = gateway
    .sent()
    .map((sent) => /<EMAIL_ADDRESS_\w+>/.exec(sent)?.[0])
  assert.ok(token !== '' && kept !== '' && token !== kept)
  const facts = (await gateway.recorded(answer.exchange)).facts
  const fingerprints = facts.findings?.map(({ fingerprint }) => fingerprint) ?? []
  const body = JSON.stringify({
    model: 'echo',
    stream: false,
    messages: [{ role: 'user', content: text }],
  })
  assert.equal(stored.request.bodyDigest, hash('sha256', body, 'hex'))
  const needles = [
    ...(await secretsOf(folder, (record) => record === answer.exchange)),
    stored.request.digest,
    stored.request.bodyDigest,
    stored.coalesceKey,
    ...fingerprints.map((print) => print.slice(0, 16)),
    token,
  ]
  assert.ok(needles.length > 10)
  const isSomewhere = (needle: Buffer | string): boolean =>
    filesBelow(folder).some((path) => contentOf(path).includes(needle))
  // The proof that the search finds what is there.
  assert.deepEqual(
    needles.map(isSomewhere),
    needles.map(() => true),
  )
  const scope = { kind: 'exchange', exchanges: [answer.exchange] }
  const asked = { scope, reason, despiteMinimum: true }
  const erased = await desk.admin('POST', '/erasures', { body: asked })
  assert.equal(erased.body?.erasures?.[0]?.exchanges[0], answer.exchange, erased.text)
  assertNowhere(folder, needles)
  assert.ok(isSomewhere(kept))
  const [left] = await gateway.approvals('decided')
  assert.equal(left?.id, approval.id)
  assert.equal(left.state, 'approved')
  assert.equal(left.votes[0]?.login, 'erin')
  assert.equal(left.votes[0].reason, 'she may')
  const again = await gateway.ask('write to carla.doe@example.org, and to dave.roe@example.org')
  assert.equal(again.status, 200)
  assert.ok(other.status === 200 && isSomewhere(token) && isSomewhere(kept))
})
