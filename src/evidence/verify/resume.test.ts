import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { deserialize, serialize } from 'node:v8'
import { eraseNow, recordChat } from '../../../test/harness/erasing.ts'
import {
  openTestEvidence,
  temporaryFolder,
  type TemporaryFolder,
} from '../../../test/harness/evidence.ts'
import { framesOf, Tampered } from '../../../test/harness/tampering.ts'
import { nodeDisk } from '../disk.ts'
import { verifyFolder, type FolderReport, type VerifyState } from './verify-folder.ts'

let base: TemporaryFolder
let original = ''
const CHATS = 220

before(async () => {
  base = await temporaryFolder()
  original = join(base.path, 'original')
  const limits = { segmentBytesMax: 60_000, extentBytes: 65_536 }
  await using opened = await openTestEvidence(original, { limits })
  const ids = []
  for (let n = 0; n < CHATS; n += 1) {
    const chat = await recordChat(opened.evidence, [{ role: 'user', text: `chat ${n}` }])
    ids.push(chat.id)
  }
  await opened.evidence.flush()
  assert.equal((await eraseNow(opened.evidence, ids.slice(3, 6))).kind, 'erased')
})
after(() => base[Symbol.asyncDispose]())

class Stop extends Error {}

/** Runs until the `tiles`th tile of the log, and gives the state as a file would keep it. */
async function part(folder: string, tiles: number, resume: VerifyState | null = null) {
  let state = resume
  let count = 0
  const options = { disk: nodeDisk, folder, policy: null, known: [], provider: null }
  const nowS = Math.floor(Date.now() / 1000)
  const report = await verifyFolder({
    ...options,
    nowS,
    resume,
    onState: async (save) => {
      state = deserialize(serialize(save())) as VerifyState
      count += 1
      if (count === tiles) throw new Stop()
    },
  }).catch((error: unknown) => {
    if (error instanceof Stop) return null
    throw error
  })
  return { state, report }
}

const known = ({ records, leaves, problems, problemCount, unclosed, unlogged }: FolderReport) => ({
  records,
  leaves: [...leaves],
  problems,
  problemCount,
  unclosed,
  unlogged,
})

async function inParts(folder: string): Promise<FolderReport> {
  let state: VerifyState | null = null
  for (let rounds = 0; rounds < 20; rounds += 1) {
    const next: Awaited<ReturnType<typeof part>> = await part(folder, 1, state)
    if (next.report !== null) return next.report
    ;({ state } = next)
  }
  throw new Error('it never came to its end')
}

test('a verification that was stopped at every tile says the same as one in one go', async () => {
  const { report } = await part(original, Infinity)
  assert.ok(report !== null)
  assert.deepEqual(report.problems, [])
  assert.equal(report.records.erased, 3)
  const again = await inParts(original)
  assert.deepEqual(known(again), known(report))
  assert.ok(again.resumedAt >= 256)
})

test('what is wrong is found in parts as well, on both sides of a stop', async () => {
  const folder = await Tampered.copy(original, join(base.path, 'tampered'))
  const frames = await framesOf(original)
  const closings = frames.filter(({ head }) => head.type === 'closing' && !head.erased)
  for (const frame of [closings[0]!, closings.at(-1)!])
    await folder.frame(frame, (bytes) => {
      bytes[200]! ^= 1
    })
  await writeFile(folder.segment(closings[100]!.address), Buffer.alloc(100))
  const { report } = await part(folder.folder, Infinity)
  assert.ok(report !== null && report.problemCount > 3)
  assert.deepEqual(known(await inParts(folder.folder)), known(report))
})

test('a later run reads only what came since, and sees that the log before was written anew', async () => {
  const folder = await Tampered.copy(original, join(base.path, 'grown'))
  let state: VerifyState | null = null
  ;({ state } = await part(folder.folder, Infinity))
  const size = state?.log.size ?? 0
  {
    await using opened = await openTestEvidence(folder.folder)
    for (let n = 0; n < 5; n += 1)
      await recordChat(opened.evidence, [{ role: 'user', text: `late ${n}` }])
  }
  const { report } = await part(folder.folder, Infinity, state)
  assert.deepEqual(report?.problems, [])
  assert.equal(report?.resumedAt, size)
  const whole = await part(folder.folder, Infinity)
  assert.deepEqual(report && known(report), whole.report && known(whole.report))
  await folder.rewriteLog((leaves) =>
    leaves.map((leaf, at) => (at === 3 ? { ...leaf, policyDigest: 'e'.repeat(64) } : leaf)),
  )
  const fooled = await part(folder.folder, Infinity, state)
  assert.ok(fooled.report?.problems.some(({ kind }) => kind === 'root-differs'))
})
