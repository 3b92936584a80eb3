import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { jsonLines, runCli } from '../../../test/harness/cli.ts'
import { bundleOf, headOf } from '../../../test/harness/bundles.ts'
import { openTestEvidence, temporaryFolder } from '../../../test/harness/evidence.ts'
import { record } from '../../../test/harness/recorded.ts'
import { framesOf, Tampered } from '../../../test/harness/tampering.ts'
import { PROBLEM_MEANS } from '../../evidence/verify/problem-means.ts'

async function recorded(path: string): Promise<void> {
  await using to = await openTestEvidence(path)
  for (let n = 0; n < 3; n += 1) await record(to)
}

test('a folder is verified without keys, a tampered one is not, and the exit code says so', async () => {
  await using folder = await temporaryFolder()
  await recorded(folder.path)
  const good = await runCli('verify', folder.path)
  assert.deepEqual({ code: good.code, err: good.err }, { code: 0, err: '' })
  assert.match(good.out, /^verified +5 records$/m)
  await using copies = await temporaryFolder()
  const copy = await Tampered.copy(folder.path, join(copies.path, 'copy'))
  const [report] = jsonLines((await runCli('verify', copy.folder, '--open', '--json')).out)
  assert.deepEqual(
    { holds: report?.['holds'], opened: report?.['openedPayloads'], version: report?.['version'] },
    { holds: true, opened: true, version: 1 },
  )
  const [key] = (report?.['keys'] ?? []) as string[]
  const policy = join(folder.path, 'trust.policy')
  writeFileSync(policy, `log ${key}\nquorum none\n`)
  // What an auditor is given: no keys, no database.
  rmSync(join(copy.folder, 'keys'), { recursive: true })
  const trusted = await runCli('verify', copy.folder, '--policy', policy, '--records', '--json')
  const lines = jsonLines(trusted.out)
  assert.equal(trusted.code, 0, trusted.err)
  assert.equal(lines.filter(({ state }) => state === 'verified').length, 5)
  assert.equal(lines.at(-1)?.['trust'], 'policy')
  const closing = (await framesOf(copy.folder)).find(({ head }) => head.type === 'closing')!
  await copy.frame(closing, (bytes) => void (bytes[150]! ^= 1))
  const bad = await runCli('verify', copy.folder, '--policy', policy)
  assert.equal(bad.code, 1)
  assert.match(bad.out, /^altered +1$/m)
  assert.match(bad.err, new RegExp(`problem: frame-altered: record ${closing.head.record}`))
  assert.match(bad.err, /^frame-altered means: bytes of a record were changed/m)
  writeFileSync(join(copy.folder, 'segments', 'notes.txt'), '')
  const beside = await runCli('verify', copy.folder, '--policy', policy)
  assert.match(beside.out, /^none of it +1 files or ends of files: segments\/notes\.txt$/m)
  const many = join(folder.path, 'checkpoints')
  const checkpoint = readFileSync(join(copy.folder, 'log', 'checkpoint'), 'utf8')
  writeFileSync(many, `${checkpoint}\n${checkpoint}\n`)
  assert.equal((await runCli('verify', folder.path, '--known', many)).code, 0)
  for (const asked of [['/nowhere'], ['--known', '/nowhere'], ['--policy', '/nowhere']]) {
    const refused = await runCli('verify', ...asked, '--data', folder.path)
    assert.equal(refused.code, 2)
    assert.match(refused.err, /nowhere/)
  }
  const untrusted = await runCli('verify', copy.folder)
  assert.equal(untrusted.code, 1)
  assert.match(untrusted.err, /log-not-trusted/)
})

test('a proof of an exchange is one file that verifies anywhere, and no other leaf passes for it', async () => {
  await using folder = await temporaryFolder()
  await recorded(folder.path)
  const [report] = jsonLines((await runCli('verify', folder.path, '--json')).out)
  const [key] = (report?.['keys'] ?? []) as string[]
  const policy = join(folder.path, 'trust.policy')
  writeFileSync(policy, `log ${key}\nquorum none\n`)
  const frames = await framesOf(folder.path)
  const id = frames.find(({ head }) => head.type === 'closing')!.head.record
  const out = join(folder.path, 'proofs')
  const ran = await runCli('proof', id, '--out', out, '--data', folder.path)
  assert.equal(ran.code, 0, ran.err)
  const path = join(out, `${id}.exchange.closed.tlog-proof`)
  const verified = await runCli('verify', path, '--policy', policy)
  assert.equal(verified.code, 0, verified.err)
  assert.match(verified.out, new RegExp(`^verified {2}exchange.closed ${id} at `))
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, text.replace(/^index \d+$/m, 'index 0'))
  const moved = await runCli('verify', path, '--policy', policy)
  assert.equal(moved.code, 1)
  assert.match(moved.err, /not at this place/)
  const opening = readFileSync(join(out, `${id}.exchange.opened.tlog-proof`), 'utf8')
  const extra = /^extra .*$/m
  writeFileSync(path, text.replace(extra, extra.exec(opening)![0]))
  assert.equal((await runCli('verify', path, '--policy', policy)).code, 1)
  assert.equal((await runCli('verify', path)).code, 2)
  const unknown = await runCli('proof', 'ex_00000000000000000000000000', '--data', folder.path)
  assert.equal(unknown.code, 3)
})

test('a bundle is verified under the key of its log, and not when a byte of it was changed', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'bundle.tar')
  const policy = join(folder.path, 'trust.policy')
  {
    await using to = await openTestEvidence(folder.path)
    await record(to)
    const frames = await framesOf(folder.path)
    const id = frames.find(({ head }) => head.type === 'closing')!.head.record
    writeFileSync(path, await bundleOf(to, headOf([id])))
  }
  const [report] = jsonLines((await runCli('verify', folder.path, '--json')).out)
  const [key] = (report?.['keys'] ?? []) as string[]
  writeFileSync(policy, `log ${key}\nquorum none\n`)
  const good = await runCli('verify', path, '--policy', policy)
  assert.deepEqual({ code: good.code, err: good.err }, { code: 0, err: '' })
  assert.match(good.out, /^verified {2}ex_/m)
  const bytes = readFileSync(path)
  bytes[bytes.indexOf('opening.payload') + 800]! ^= 1
  writeFileSync(path, bytes)
  assert.equal((await runCli('verify', path, '--policy', policy)).code, 1)
  writeFileSync(path, 'hello')
  const none = await runCli('verify', path, '--policy', policy)
  assert.equal(none.code, 1)
  assert.match(none.err, /neither a proof nor a bundle/)
})

test('the guide names each kind of problem', () => {
  const guide = readFileSync(join(import.meta.dirname, '../../../docs/guide/verify.md'), 'utf8')
  for (const kind of Object.keys(PROBLEM_MEANS)) assert.ok(guide.includes(`\`${kind}\``), kind)
})
