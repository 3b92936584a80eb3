import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { temporaryFolder } from '../../test/harness/evidence.ts'
import { acquireFolderLock, isLocked } from './folder-lock.ts'

const MODULE = fileURLToPath(new URL('folder-lock.ts', import.meta.url))

test('a folder is locked once, until the lock is given back', async () => {
  await using folder = await temporaryFolder()
  assert.equal(isLocked(folder.path), false)
  const lock = acquireFolderLock(folder.path)
  assert.ok(lock)
  assert.equal(acquireFolderLock(folder.path), null)
  assert.equal(isLocked(folder.path), true)
  lock[Symbol.dispose]()
  assert.equal(isLocked(folder.path), false)
  using again = acquireFolderLock(folder.path)
  assert.ok(again)
})

test('a killed process lets go of its lock', async () => {
  await using folder = await temporaryFolder()
  const program = `
    const { acquireFolderLock } = await import(${JSON.stringify(MODULE)})
    const lock = acquireFolderLock(${JSON.stringify(folder.path)})
    process.stdout.write(lock === null ? 'refused' : 'locked')
    setInterval(() => lock, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [answer] = await once(child.stdout, 'data')
  assert.equal(String(answer), 'locked')
  assert.equal(isLocked(folder.path), true)
  assert.equal(acquireFolderLock(folder.path), null)
  child.kill('SIGKILL')
  await once(child, 'close')
  assert.equal(isLocked(folder.path), false)
})
