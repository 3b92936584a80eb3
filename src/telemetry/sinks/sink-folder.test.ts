import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/harness/temporary-folder.ts'
import { openDeadLetterFile } from './dead-letter-file.ts'
import { openSinkFolder } from './sink-folder.ts'

const PLACE = {
  exchanges: { seq: 7, id: 'ex_1', endedAtMs: 3, floorMs: 0 },
  events: { instance: 'gw_1', segment: 2, offset: 40 },
}

test('a sink goes on where it was, and a new one has no place', async () => {
  using folder = temporaryFolder()
  const sink = await openSinkFolder(folder.path)
  assert.equal(await sink.place(), null)
  await sink.keepPlace(PLACE)
  assert.deepEqual(await (await openSinkFolder(folder.path)).place(), PLACE)
})

test('a sink whose place cannot be read is not taken for a new one', async () => {
  using folder = temporaryFolder()
  const sink = await openSinkFolder(folder.path)
  // A folder in its place: reading it fails with another fault than that it is missing.
  await mkdir(join(folder.path, 'place.json'))
  await assert.rejects(sink.place(), { code: 'EISDIR' })
  await rm(join(folder.path, 'place.json'), { recursive: true })
  await writeFile(join(folder.path, 'place.json'), '{"exchanges":')
  await assert.rejects(sink.place(), SyntaxError)
})

test('dead letters that cannot be looked at are not taken for none', async () => {
  using folder = temporaryFolder()
  await writeFile(join(folder.path, 'file'), '')
  await assert.rejects(openDeadLetterFile(join(folder.path, 'file', 'dead.jsonl')), {
    code: 'ENOTDIR',
  })
})
