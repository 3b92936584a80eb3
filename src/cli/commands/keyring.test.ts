import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { jsonLines, runCli } from '../../../test/harness/cli.ts'
import { openTestEvidence, temporaryFolder } from '../../../test/harness/evidence.ts'
import { record } from '../../../test/harness/recorded.ts'
import { acquireFolderLock } from '../../store/folder-lock.ts'

test('keys are changed on the folder of a stopped gateway, and not under a running one without asking it', async () => {
  await using folder = await temporaryFolder()
  {
    await using to = await openTestEvidence(folder.path)
    await record(to)
    const lock = acquireFolderLock(folder.path)
    const ran = await runCli('keyring', 'rotate-log-key', '--data', folder.path)
    assert.equal(ran.code, 1)
    assert.match(ran.err, /a gateway is using/)
    lock?.[Symbol.dispose]()
  }
  const early = await runCli('keyring', 'retire', '--data', folder.path)
  assert.equal(early.code, 1)
  assert.match(early.err, /no rotation of the root key is under way/)
  const prepared = await runCli('keyring', 'prepare', '--json', '--data', folder.path)
  const { root } = jsonLines(prepared.out)[0] as unknown as { root: { leaving: string } }
  assert.match(root.leaving, /^local:/)
  assert.ok(existsSync(join(folder.path, 'keys', 'roots.json')))
})
