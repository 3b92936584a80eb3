import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startConsole, type TestConsole } from '../../test/harness/console.ts'
import { parseNoteKey } from '../evidence/log/note-key.ts'
import { parseProofFile, verifyProofFile } from '../evidence/log/proof-file.ts'
import { untilSeen } from '../../test/harness/until.ts'

let console: TestConsole
let exchange = ''

before(async () => {
  console = await startConsole()
  exchange = await console.chat('hello')
  await console.gateway.app.evidence.log.flush()
})
after(() => console[Symbol.asyncDispose]())

test('an auditor has every record verified beside the traffic, and is told what was found', async () => {
  const auditor = await console.person('vera', ['auditor'])
  const before = await auditor.call('GET', '/evidence')
  assert.equal(before.body.verification.state, 'never')
  assert.deepEqual(before.body.parties, [])
  const started = await auditor.call('POST', '/evidence/verification', { body: {} })
  assert.equal(started.body.verification.state, 'running')
  const health = await untilSeen(
    () => auditor.call('GET', '/evidence'),
    ({ body }) => body.verification.state !== 'running',
  )
  const { state, holds, records, problems } = health.body.verification
  assert.deepEqual({ state, holds, problems }, { state: 'done', holds: true, problems: [] })
  assert.ok(records.verified > 2)
  assert.ok(health.body.checkpoint.startsWith(`${health.body.origin}\n`))
})

test('who may not verify may not, and who sees no evidence sees none of this', async () => {
  const author = await console.person('pol', ['policy-author'])
  assert.equal((await author.call('GET', '/evidence')).status, 200)
  assert.equal((await author.call('POST', '/evidence/verification', { body: {} })).status, 403)
  assert.equal((await console.stranger('GET', '/evidence')).status, 401)
})

test('an exchange gives proof files that hold under the key of the log, and under no other', async () => {
  const auditor = await console.person('otto', ['auditor'])
  const { body: health } = await auditor.call('GET', '/evidence')
  const key = parseNoteKey(health.keys[0])!
  const { body } = await auditor.call('GET', `/exchanges/${exchange}/proof`)
  const kinds = (body.leaves as { kind: string }[]).map(({ kind }) => kind)
  assert.deepEqual(kinds, ['exchange.opened', 'exchange.closed'])
  for (const { file, name } of body.leaves as { file: string; name: string }[]) {
    assert.match(name, new RegExp(`^${exchange}\\.exchange\\.(opened|closed)\\.tlog-proof$`))
    const reading = parseProofFile(Buffer.from(file))
    assert.ok(reading.kind === 'ok')
    const { proof } = reading
    const policy = { logs: [{ key, url: null }], witnesses: [], quorum: null }
    const question = { proof, entry: proof.extra!, policy, latestS: 0 }
    assert.equal(verifyProofFile(question).kind, 'accepted')
    const stranger = { logs: [], witnesses: [], quorum: null }
    assert.equal(verifyProofFile({ ...question, policy: stranger }).kind, 'refused')
  }
})
