import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { jsonLines, runCli } from '../../../test/harness/cli.ts'
import { openTestEvidence, temporaryFolder } from '../../../test/harness/evidence.ts'
import { record } from '../../../test/harness/recorded.ts'
import { acquireFolderLock } from '../../store/folder-lock.ts'

test('who trusts the first key of a log follows it to the next ones; a stranger is not let in', async () => {
  await using folder = await temporaryFolder()
  const round = async (): Promise<void> => {
    await using to = await openTestEvidence(folder.path)
    await record(to)
  }
  await round()
  const [first] = jsonLines(
    (await runCli('evidence', 'rotate-log-key', '--json', '--data', folder.path)).out,
  )
  await round()
  const [second] = jsonLines(
    (await runCli('evidence', 'rotate-log-key', '--json', '--data', folder.path)).out,
  )
  await round()
  assert.equal(first?.['after'], second?.['before'])
  assert.notEqual(first?.['before'], first?.['after'])
  const policy = join(folder.path, 'trust.policy')
  writeFileSync(policy, `log ${String(first?.['before'])}\nquorum none\n`)
  const verified = await runCli('verify', folder.path, '--policy', policy, '--json')
  assert.equal(verified.code, 0, verified.err)
  const [report] = jsonLines(verified.out)
  const leaves = (report?.['leaves'] ?? {}) as Record<string, number>
  assert.equal(leaves['log-key.rotated'], 2)
  // Who trusts the last key only knows nothing of the leaves before it.
  writeFileSync(policy, `log ${String(second?.['after'])}\nquorum none\n`)
  const late = await runCli('verify', folder.path, '--policy', policy)
  assert.equal(late.code, 1)
  assert.match(late.err, /log-key-unknown/)
})

test('a key is not rotated under a running gateway', async () => {
  await using folder = await temporaryFolder()
  await using to = await openTestEvidence(folder.path)
  await record(to)
  const lock = acquireFolderLock(folder.path)
  const ran = await runCli('evidence', 'rotate-log-key', '--data', folder.path)
  assert.equal(ran.code, 1)
  assert.match(ran.err, /a gateway is using/)
  lock?.[Symbol.dispose]()
})
