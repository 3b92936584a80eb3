import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertCovered } from '../../test/harness/leaf-coverage.ts'
import { openTestEvidence, temporaryFolder } from '../../test/harness/evidence.ts'
import { faultyDisk } from '../../test/harness/faulty-disk.ts'
import { record } from '../../test/harness/recorded.ts'
import type { EvidenceEvent } from '../model/record.ts'
import { nodeDisk } from './disk.ts'
import { leaveReading, readingsFolder, takeReadings, type Reading } from './reading-notes.ts'

const reading = (records: readonly string[]): Reading => ({
  type: 'evidence.read',
  atMs: 1_700_000_000_000,
  actor: 'ada',
  details: { operation: 'show' },
  records,
})

test('a reading that another process noted becomes a leaf, under a running gateway and at the next start', async () => {
  await using folder = await temporaryFolder()
  let id = ''
  {
    await using to = await openTestEvidence(folder.path)
    id = await record(to)
    await leaveReading(nodeDisk, folder.path, reading([id]))
    const { takeReadings: take } = to.evidence
    // The timer of a gateway and somebody who asks may meet.
    assert.deepEqual(await Promise.all([take(), take(), take()]), [1, 0, 0])
    assert.equal(await take(), 0)
  }
  await leaveReading(nodeDisk, folder.path, reading([id]))
  {
    await using to = await openTestEvidence(folder.path)
    await to.evidence.flush()
  }
  const leaves = await assertCovered(folder.path)
  const reads = leaves.filter(({ kind }) => kind === 'evidence.read')
  assert.deepEqual(
    reads.map(({ records }) => records),
    [[id], [id]],
  )
  assert.deepEqual(await nodeDisk.list(readingsFolder(folder.path)), [])
})

test('a note that is no reading is told as an unknown one, and makes no other event', async () => {
  await using folder = await temporaryFolder()
  await leaveReading(nodeDisk, folder.path, reading(['ex_not', 'x'.repeat(500)]))
  const notes = readingsFolder(folder.path)
  await writeFile(join(notes, 'a.json'), '{"type":"record.erased","atMs":1,"details":{}}')
  await writeFile(join(notes, 'b.json'), 'not JSON')
  await writeFile(join(notes, 'c.json'), '{"type":"evidence.read","atMs":"now","details":{}}')
  await writeFile(join(notes, 'd.json.new'), 'half-written')
  const told: EvidenceEvent[] = []
  const note = async (event: EvidenceEvent): Promise<void> => void told.push(event)
  assert.equal(await takeReadings(nodeDisk, folder.path, note), 4)
  assert.deepEqual(
    told.map(({ type }) => type),
    Array.from({ length: 4 }, () => 'evidence.read'),
  )
  assert.equal(told.filter(({ details }) => details['malformed'] === true).length, 3)
  assert.deepEqual(told.find(({ actor }) => actor === 'ada')?.records, [])
})

test('a note stays until its event is durable, and nothing is shown before the note is', async () => {
  await using folder = await temporaryFolder()
  await leaveReading(nodeDisk, folder.path, reading([]))
  await assert.rejects(
    takeReadings(nodeDisk, folder.path, () => Promise.reject(new Error('no disk'))),
    /no disk/,
  )
  assert.equal((await nodeDisk.list(readingsFolder(folder.path))).length, 1)
  const counting = faultyDisk()
  await leaveReading(counting.disk, folder.path, reading([]))
  for (const { number, name } of counting.calls) {
    if (name === 'exists' || name === 'close') continue
    const faulty = faultyDisk()
    faulty.decide = (call) => (call.number === number ? 'EIO' : null)
    await assert.rejects(leaveReading(faulty.disk, folder.path, reading([])), /EIO/, name)
  }
})
