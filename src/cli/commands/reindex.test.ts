import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { jsonLines, runCli } from '../../../test/harness/cli.ts'
import { openTestEvidence, temporaryFolder } from '../../../test/harness/evidence.ts'
import { record } from '../../../test/harness/recorded.ts'
import { acquireFolderLock } from '../../store/folder-lock.ts'

async function recorded(path: string): Promise<void> {
  await using to = await openTestEvidence(path)
  await record(to)
  await record(to, { closing: { state: 'interrupted', outcome: 'caller-aborted', status: null } })
  await record(to, { closing: null })
}

async function rowsOf(path: string): Promise<Record<string, unknown>[]> {
  return jsonLines((await runCli('exchanges', '--json', '--data', path)).out)
}

function dropIndex(path: string): void {
  for (const name of readdirSync(path)) {
    if (name.startsWith('index.db')) rmSync(join(path, name))
  }
}

test('the rows are the same after a rebuild, also when the index was destroyed', async () => {
  await using folder = await temporaryFolder()
  await recorded(folder.path)
  const before = await rowsOf(folder.path)
  assert.deepEqual(
    before.map(({ state }) => state),
    ['interrupted', 'interrupted', 'complete'],
  )
  const ran = await runCli('reindex', '--data', folder.path)
  assert.deepEqual({ code: ran.code, err: ran.err }, { code: 0, err: '' })
  assert.match(ran.out, /^damaged places +0$/m)
  assert.deepEqual(await rowsOf(folder.path), before)
  dropIndex(folder.path)
  const [report] = jsonLines((await runCli('reindex', '--json', '--data', folder.path)).out)
  assert.deepEqual(report?.['damage'], [])
  assert.deepEqual(await rowsOf(folder.path), before)
})

test('a database file that is none any more is told how to be replaced', async () => {
  await using folder = await temporaryFolder()
  await recorded(folder.path)
  dropIndex(folder.path)
  writeFileSync(join(folder.path, 'index.db'), 'no database '.repeat(1000))
  const ran = await runCli('reindex', '--data', folder.path)
  assert.equal(ran.code, 1)
  assert.match(ran.err, /^error: index\.db cannot be used.*remove it/i)
})

test('nothing is touched while a gateway runs', async () => {
  await using folder = await temporaryFolder()
  await recorded(folder.path)
  using _lock = acquireFolderLock(folder.path)
  const ran = await runCli('reindex', '--data', folder.path)
  assert.equal(ran.code, 1)
  assert.match(ran.err, /^error: a gateway is using .*\nhint: stop it/)
  assert.equal((await rowsOf(folder.path)).length, 3)
})

test('damage is listed and fails the command, and what is sound is indexed', async () => {
  await using folder = await temporaryFolder()
  await recorded(folder.path)
  const [instance] = readdirSync(join(folder.path, 'segments'))
  const before = await rowsOf(folder.path)
  const path = join(folder.path, 'segments', instance!, '0000000001.seg')
  const bytes = readFileSync(path)
  const at = Number(before.at(-1)?.['closeOffset']) + 60
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
  const ran = await runCli('reindex', '--data', folder.path)
  assert.equal(ran.code, 1)
  assert.match(ran.out, /^damaged places +1$/m)
  assert.match(ran.err, /^damage: in_\w+ segment 1 offset \d+, /m)
  assert.equal((await rowsOf(folder.path)).length, 3)
})
