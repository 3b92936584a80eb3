import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../test/harness/evidence.ts'
import { lockFolder } from './lock-folder.ts'

test('a folder with records and without its root key is not taken, and is given no new one', async () => {
  await using folder = await temporaryFolder()
  const segments = join(folder.path, 'segments')
  await mkdir(segments)
  ;(await lockFolder(folder.path))[Symbol.dispose]()
  await writeFile(join(segments, 'in_x'), '')
  await assert.rejects(lockFolder(folder.path), /the root key of .* is missing/)
  assert.ok(!existsSync(join(folder.path, 'keys')))
  await mkdir(join(folder.path, 'keys'))
  await writeFile(join(folder.path, 'keys', 'root.key'), '')
  ;(await lockFolder(folder.path))[Symbol.dispose]()
})
