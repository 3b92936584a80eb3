import assert from 'node:assert/strict'
import { cp, mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  openingFacts,
  openTestEvidence,
  temporaryFolder,
  type TemporaryFolder,
} from '../../../test/harness/evidence.ts'
import { exchange, framesOf, Tampered, verify } from '../../../test/harness/tampering.ts'
import { newExchangeId } from '../../lib/ids.ts'
import { placeText } from '../log/frame-place.ts'

let base: TemporaryFolder
let victim = ''
const copy = (name: string): Promise<Tampered> =>
  Tampered.copy(join(base.path, 'original'), join(base.path, name))

before(async () => {
  base = await temporaryFolder()
  // Two segments.
  const limits = { segmentBytesMax: 5_000, extentBytes: 4_096 }
  await using opened = await openTestEvidence(join(base.path, 'original'), { limits })
  victim = await exchange(opened, 1)
  for (let n = 2; n < 5; n += 1) await exchange(opened, n)
})
after(() => base[Symbol.asyncDispose]())

test("an exchange that the log's own key lists a second time is named, and counts once", async () => {
  const folder = await copy('twice')
  const frames = await framesOf(folder.folder)
  const again = frames.filter(({ head }) => head.record === victim)
  const end = frames.at(-1)!
  let { offset } = end.address
  offset += end.bytes.length
  await folder.change(folder.segment(end.address), (bytes) =>
    Buffer.concat([bytes.subarray(0, offset), ...again.map((frame) => frame.bytes)]),
  )
  const moved = new Map<string, string>()
  for (const frame of again) {
    moved.set(placeText(frame.address), placeText({ ...end.address, offset }))
    offset += frame.bytes.length
  }
  await folder.rewriteLog((all) => [
    ...all,
    ...all
      .filter(({ record }) => record === victim)
      .map((leaf) => ({
        ...leaf,
        frame: moved.get(leaf.frame ?? '') ?? null,
        opening: leaf.opening === null ? null : all.length,
      })),
  ])
  const report = await verify(folder.folder)
  assert.deepEqual(
    report.problems.map((problem) => [problem.kind, 'record' in problem && problem.record]),
    [['listed-twice', victim]],
  )
  assert.deepEqual(report.records, (await verify(join(base.path, 'original'))).records)
})

test('the run of another gateway that is newer than all that is logged is no run of this one', async () => {
  const folder = await copy('beside')
  {
    await using other = await openTestEvidence(join(base.path, 'other'))
    // It ran for two minutes.
    const facts = openingFacts({ id: newExchangeId(Date.now() + 120_000) })
    await exchange(other, 1, facts)
  }
  const from = join(base.path, 'other', 'segments')
  await cp(from, join(folder.folder, 'segments'), { recursive: true })
  const report = await verify(folder.folder)
  assert.deepEqual(
    report.problems.map(({ kind }) => kind),
    ['frame-without-leaf'],
  )
  assert.equal(report.holds, false)
})

test('frames of a start that was killed before its first leaf are not logged yet, and no problem', async () => {
  const folder = await copy('killed')
  {
    await using other = await openTestEvidence(join(base.path, 'started'))
    await exchange(other, 1)
  }
  const from = join(base.path, 'started', 'segments')
  await cp(from, join(folder.folder, 'segments'), { recursive: true })
  const report = await verify(folder.folder)
  assert.deepEqual(report.problems, [])
  assert.ok(report.unlogged > 0)
})

test('what lies among the evidence and is none of it is listed, and is no problem', async () => {
  const folder = await copy('strangers')
  const [first] = await framesOf(folder.folder)
  const segment = folder.segment(first!.address)
  const { size } = await stat(segment)
  const at = (name: string): string => join(segment, '..', name)
  await folder.change(segment, (bytes) => Buffer.concat([bytes, Buffer.from('behind')]))
  await writeFile(at('notes.txt'), 'mine')
  await mkdir(join(folder.folder, 'segments', 'other'))
  await writeFile(join(folder.folder, 'log', 'checkpoint.old'), '')
  const report = await verify(folder.folder)
  assert.deepEqual(report.problems, [])
  const below = `segments/${first!.address.instance}/`
  assert.deepEqual(report.strangers, [
    `${below}notes.txt`,
    `${below}0000000001.seg behind ${size}`,
    'segments/other',
    'log/checkpoint.old',
  ])
  assert.deepEqual((await verify(join(base.path, 'original'))).strangers, [])
})
