/** Lets one file call fail, or the power go, while exchanges are recorded, logged and exported, and checks what the next start makes of it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { nodeDisk } from '../../src/evidence/disk.ts'
import { LogFolder } from '../../src/evidence/log/log-folder.ts'
import { verifyFolder } from '../../src/evidence/verify/verify-folder.ts'
import { withDeadline } from '../../src/lib/with-deadline.ts'
import { bundleOf, check, filesIn, headOf } from './bundles.ts'
import { readsExactly, recordChat, type Recorded } from './erasing.ts'
import { openTestEvidence, temporaryFolder, type Message, type TestEvidence } from './evidence.ts'
import { beginRound, faultsOf, type FaultRound } from './fault-round.ts'
import { faultyDisk, type FaultyDisk } from './faulty-disk.ts'

const LIMITS = { diskDeadlineMs: 300, openDeadlineMs: 500, probeMs: 10_000 }
const PATIENCE_MS = 1_000
const SHARED: Message = { role: 'system', text: 'what all of them share '.repeat(20) }

interface Lived {
  /** Exchanges whose end was acknowledged. */
  readonly recorded: readonly Recorded[]
  readonly isNoted: boolean
  readonly bundle: Buffer | null
}

/** What fails here is somebody's failed request; what is given back was acknowledged. */
async function live(opened: TestEvidence, isDead: () => boolean): Promise<Lived> {
  const { evidence } = opened
  const recorded: Recorded[] = []
  for (let n = 0; n < 3 && !isDead(); n += 1) {
    const chat = [SHARED, { role: 'user', text: `of number ${n}` } as const]
    // A gateway gives its callers up in the same way.
    const one = await inTime(recordChat(evidence, chat))
    if (one !== null) recorded.push(one)
  }
  if (isDead()) return { recorded, isNoted: false, bundle: null }
  const noting = evidence.recorder.note({
    type: 'evidence.exported',
    atMs: Date.now(),
    actor: 'ada@example.test',
    details: { bundle: 'bn_1' },
    records: recorded.map(({ id }) => id),
  })
  // As the API has it: nothing is handed out before that is evidence.
  const isNoted = (await inTime(noting.then(() => true))) ?? false
  const order = headOf(recorded.map(({ id }) => id))
  const bundle = isNoted ? await inTime(bundleOf(opened, order)) : null
  return { recorded, isNoted, bundle }
}

/** Null when it failed or did not end: whoever asked for it was told so. */
function inTime<T>(work: Promise<T>): Promise<T | null> {
  return withDeadline(work, PATIENCE_MS, 'the work of a round').catch(() => null)
}

async function checkpointOf(folder: string): Promise<readonly Buffer[]> {
  const note = await new LogFolder(nodeDisk, join(folder, 'log')).read('checkpoint')
  return note === null ? [] : [note]
}

/** Gives the calls that there were from the first record on. */
async function round(faulty: FaultyDisk, wanted: FaultRound | null): Promise<readonly string[]> {
  await using folder = await temporaryFolder()
  await using later = new AsyncDisposableStack()
  const opened = await openTestEvidence(folder.path, { disk: faulty.disk, limits: LIMITS })
  const begun = beginRound(faulty, wanted)
  const lived = await live(opened, begun.isDead)
  const names = begun.names()
  const known = await checkpointOf(folder.path)
  await begun.leave(opened, later)
  await isAsAcknowledged(folder.path, lived, known, wanted !== null)
  return names
}

async function isAsAcknowledged(
  folder: string,
  { recorded, isNoted, bundle }: Lived,
  known: readonly Buffer[],
  mayMiss: boolean,
): Promise<void> {
  await using opened = await openTestEvidence(folder)
  const { evidence, store } = opened
  await evidence.flush()
  await evidence.log.flush()
  for (const one of recorded) await readsExactly(evidence, one)
  const events = await store.index.events(100)
  const isKnown = events.some(({ event }) => event.type === 'evidence.exported')
  assert.ok(isKnown || !isNoted, 'an export that was announced is not known')
  const report = await verifyFolder({
    disk: nodeDisk,
    folder,
    policy: null,
    known,
    provider: null,
    nowS: Math.floor(Date.now() / 1000),
    isLive: true,
  })
  assert.deepEqual(report.problems, [])
  if (bundle === null) return
  const checked = await check(opened, bundle)
  assert.deepEqual(checked.problems, [])
  const files = await filesIn(bundle)
  for (const [n, { verdict, problems }] of checked.items.entries()) {
    assert.deepEqual(problems, [])
    // What could not be read is said to be so; what is said to be there is there, byte for byte.
    if (verdict === 'missing' && mayMiss) continue
    assert.equal(verdict, 'verified')
    const { id, body, answer } = recorded[n]!
    assert.deepEqual(files.get(`exchanges/${id}/request.bin`), body)
    assert.deepEqual(files.get(`exchanges/${id}/answer.bin`), answer)
  }
}

/** Every `step`th call fails in each way; 1 is exhaustive. Returns how many rounds there were. */
export async function failWhole(step: number): Promise<number> {
  const names = await round(faultyDisk(), null)
  assert.ok(names.includes('fdatasync') && names.includes('read'), names.join())
  const rounds = names.flatMap((name, at) => {
    if (at % step !== 0) return []
    return faultsOf(name).map((fault) => ({ number: at + 1, name, fault }))
  })
  // Side by side: what takes time is waiting for a disk that does not answer.
  for (let at = 0; at < rounds.length; at += 8)
    await Promise.all(rounds.slice(at, at + 8).map(failed))
  return rounds.length
}

async function failed({ name, ...wanted }: FaultRound & { readonly name: string }): Promise<void> {
  await round(faultyDisk(), wanted).catch((error: unknown) => {
    throw new Error(`call ${wanted.number} (${name}) with ${wanted.fault}`, { cause: error })
  })
}
