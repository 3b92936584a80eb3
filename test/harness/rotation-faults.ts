/** Lets one file call of a rotation of keys fail, or the process die there, and checks what the next start makes of it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Disk } from '../../src/evidence/disk.ts'
import { nodeDisk } from '../../src/evidence/disk.ts'
import { openLocalKeyProvider } from '../../src/evidence/key-provider.ts'
import { RootRotation } from '../../src/evidence/keyring/root-rotation.ts'
import { keyIdText } from '../../src/evidence/log/note-key.ts'
import { verifyFolder } from '../../src/evidence/verify/verify-folder.ts'
import { withDeadline } from '../../src/lib/with-deadline.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { readsExactly, recordChat } from './erasing.ts'
import { openTestEvidence, temporaryFolder, type TestEvidence } from './evidence.ts'
import { faultyDisk, type Fault, type FaultyDisk } from './faulty-disk.ts'

/** `dead`: every call after this one fails too, as if the process had been killed there. */
export type RotationFault = Fault | 'dead'

/** Only rounds whose disk stays dead wait so long. */
const DEADLINE_MS = 1_500

interface Round {
  readonly number: number
  readonly fault: RotationFault
}

export interface TestKeyring extends TestEvidence {
  readonly rotation: RootRotation
  readonly checkpoints: Buffer[]
}

export async function openTestKeyring(folder: string, disk: Disk = nodeDisk): Promise<TestKeyring> {
  const keyProvider = await openLocalKeyProvider(join(folder, 'keys'), disk)
  const limits = { diskDeadlineMs: 5_000, openDeadlineMs: 6_000, probeMs: 10_000 }
  const log = { limits: { retryMs: 10 } }
  const opened = await openTestEvidence(folder, { disk, keyProvider, limits, log })
  const { evidence, store } = opened
  const rotation = new RootRotation({
    disk,
    folder,
    provider: keyProvider,
    log: evidence.log,
    clock: systemClock,
    note: (event) => evidence.recorder.note(event),
    leaveSegment: () => evidence.leaveSegment(),
    others: [],
    deadlineMs: DEADLINE_MS,
  })
  return {
    folder,
    evidence,
    store,
    rotation,
    checkpoints: [],
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}

const turn = (text: string) => [
  { role: 'user' as const, text: `${text} ${'and so on '.repeat(20)}` },
]

/** All steps, each as an operator makes them; stops at the first that fails. */
async function rotateAll({ rotation, evidence }: TestKeyring): Promise<void> {
  for (const step of ['prepare', 'rewrap', 'retire'] as const) {
    const outcome = await rotation[step]('ada')
    assert.equal(outcome.kind, 'done', JSON.stringify(outcome))
  }
  const { keys, writer } = evidence.log
  const old = keyIdText(keys.signer.key)
  await withDeadline(writer.rotateKey(), DEADLINE_MS, 'rotating')
  assert.equal(await withDeadline(writer.revokeKey(old), DEADLINE_MS, 'revoking'), 'revoked')
}

async function problemsOf(folder: string, known: readonly Buffer[]): Promise<readonly string[]> {
  const report = await verifyFolder({
    disk: nodeDisk,
    folder,
    policy: null,
    known,
    provider: await openLocalKeyProvider(join(folder, 'keys')),
    nowS: Math.floor(Date.now() / 1000),
  })
  return report.problems.map((problem) => JSON.stringify(problem))
}

async function live(faulty: FaultyDisk, round: Round | null): Promise<readonly string[]> {
  await using folder = await temporaryFolder()
  const calls: string[] = []
  const known: Buffer[] = []
  await using later = new AsyncDisposableStack()
  let kept: Awaited<ReturnType<typeof recordChat>>
  {
    const opened = await openTestKeyring(folder.path, faulty.disk)
    const { evidence } = opened
    kept = await recordChat(evidence, turn('before'))
    await evidence.flush()
    await evidence.log.flush()
    known.push(evidence.log.writer.checkpoint)
    const first = faulty.calls.length
    let isDead = false
    faulty.decide = (call) => {
      const at = call.number - first
      calls.push(call.name)
      if (isDead) return 'EIO'
      if (round === null || at !== round.number) return null
      if (round.fault !== 'dead') return round.fault
      isDead = true
      return 'EIO'
    }
    const failure = await rotateAll(opened).catch((error: unknown) => error)
    if (round === null) assert.equal(failure, undefined)
    calls.length = faulty.calls.length - first
    known.push(evidence.log.writer.checkpoint)
    if (isDead) {
      await opened.store[Symbol.asyncDispose]()
      later.defer(async () => {
        faulty.decide = () => null
        await Promise.resolve(evidence[Symbol.asyncDispose]()).catch(() => {})
      })
    } else {
      faulty.decide = () => null
      await opened[Symbol.asyncDispose]()
    }
  }
  {
    await using opened = await openTestKeyring(folder.path)
    const { evidence, rotation } = opened
    await readsExactly(evidence, kept)
    const after = await recordChat(evidence, turn('after'))
    // Whatever was begun can be brought to its end.
    if ((await rotation.status()).leaving === null) await rotation.prepare('ada')
    for (const step of ['rewrap', 'retire'] as const)
      assert.equal((await rotation[step]('ada')).kind, 'done')
    await evidence.flush()
    await readsExactly(evidence, kept)
    await readsExactly(evidence, after)
    const status = await rotation.status()
    assert.equal(status.segmentsLeft, 0)
    assert.equal(status.leaving, null)
  }
  assert.deepEqual(await problemsOf(folder.path, known), [])
  const names = await nodeDisk.list(join(folder.path, 'keys'))
  assert.equal(names.filter((name) => /^root.*\.key/.test(name)).length, 1)
  return calls
}

/** Every `step`th call of a rotation fails in each way; 1 is exhaustive. Returns how many rounds there were. */
export async function failRotations(step: number): Promise<number> {
  const names = await live(faultyDisk(), null)
  assert.ok(names.length > 80, `only ${names.length} calls`)
  let rounds = 0
  for (const [at, name] of names.entries()) {
    if (at % step !== 0) continue
    const faults: RotationFault[] = ['EIO', 'dead']
    if (name === 'write') faults.push('ENOSPC', 'torn')
    for (const fault of faults) {
      await live(faultyDisk(), { number: at + 1, fault }).catch((error: unknown) => {
        throw new Error(`call ${at + 1} (${name}) with ${fault}`, { cause: error })
      })
      rounds += 1
    }
  }
  return rounds
}
