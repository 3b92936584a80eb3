import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eraseNow, recordChat } from '../../../test/harness/erasing.ts'
import { openTestEvidence, temporaryFolder } from '../../../test/harness/evidence.ts'
import { nodeDisk, type Disk, type DiskFile } from '../disk.ts'
import { verifyFolder, type FolderReport } from './verify-folder.ts'

/** A disk that lets `look` happen before each call that changes something. */
function watchedDisk(look: (call: string) => Promise<void>): Disk {
  const watched = (file: DiskFile): DiskFile => ({
    ...file,
    write: async (bytes, position) => {
      await look('write')
      await file.write(bytes, position)
    },
    writeDurably: async (bytes, position) => {
      await look('writeDurably')
      await file.writeDurably(bytes, position)
    },
    truncate: async (length) => {
      await look('truncate')
      await file.truncate(length)
    },
  })
  return {
    ...nodeDisk,
    create: async (path) => watched(await nodeDisk.create(path)),
    openWrite: async (path) => watched(await nodeDisk.openWrite(path)),
    rename: async (from, to) => {
      await look('rename')
      await nodeDisk.rename(from, to)
    },
    remove: async (path) => {
      await look('remove')
      await nodeDisk.remove(path)
    },
  }
}

function verify(folder: string, isLive: boolean): Promise<FolderReport> {
  return verifyFolder({
    disk: nodeDisk,
    folder,
    policy: null,
    known: [],
    provider: null,
    nowS: Math.floor(Date.now() / 1000),
    isLive,
  })
}

test('a verification at any moment of an erasure that is under way finds nothing wrong', async () => {
  await using folder = await temporaryFolder()
  const seen = new Map<string, number>()
  const states = new Set<string>()
  let isErasing = false
  const look = async (call: string): Promise<void> => {
    if (!isErasing) return
    const { problems, records } = await verify(folder.path, true)
    assert.deepEqual(problems, [], `before a ${call}`)
    seen.set(call, (seen.get(call) ?? 0) + 1)
    states.add(`${records.verified} ${records.erased}`)
  }
  await using opened = await openTestEvidence(folder.path, { disk: watchedDisk(look) })
  const { evidence } = opened
  const chats = []
  for (let n = 0; n < 5; n += 1)
    chats.push(
      await recordChat(evidence, [
        { role: 'system', text: 'what all of them share '.repeat(20) },
        { role: 'user', text: `of number ${n}` },
      ]),
    )
  await evidence.flush()
  await evidence.log.flush()
  isErasing = true
  const outcome = await eraseNow(evidence, [chats[1]!.id, chats[3]!.id])
  isErasing = false
  assert.equal(outcome.kind, 'erased')
  // Frames one by one, and the log meanwhile: it was looked at before, between and behind.
  assert.ok((seen.get('write') ?? 0) >= 8, JSON.stringify([...seen]))
  assert.ok(states.size >= 2, [...states].join())
  await evidence.log.flush()
  const report = await verify(folder.path, true)
  assert.deepEqual([report.problems, report.records.erased], [[], 2])
})
