/** Lets one file call of an erasure fail, or the power go, and checks what the next start makes of it. */
import assert from 'node:assert/strict'
import { nodeDisk } from '../../src/evidence/disk.ts'
import { scanSegments } from '../../src/evidence/segment-scan.ts'
import type { ExchangeId } from '../../src/lib/ids.ts'
import { assertNowhere, eraseNow, readsExactly, recordChat, secretsOf } from './erasing.ts'
import { openTestEvidence, temporaryFolder, type Message } from './evidence.ts'
import { faultyDisk, type Fault, type FaultyDisk } from './faulty-disk.ts'

const turns = (count: number): Message[] =>
  Array.from({ length: count }, (_, n): Message => ({
    role: n % 2 === 0 ? 'user' : 'assistant',
    text: `turn ${n} ${'and so on '.repeat(30)}`,
  }))

/** `dead`: every call after this one fails too, as if the process had been killed there. */
export type EraseFault = Fault | 'dead'

interface Round {
  readonly number: number
  readonly fault: EraseFault
}

async function live(faulty: FaultyDisk, round: Round | null): Promise<readonly string[]> {
  await using folder = await temporaryFolder()
  const limits = { diskDeadlineMs: 1_000, openDeadlineMs: 1_500, probeMs: 10_000 }
  let kept: Awaited<ReturnType<typeof recordChat>>
  let gone: Awaited<ReturnType<typeof recordChat>>
  let secrets: readonly Buffer[] = []
  let wasErased = false
  const calls: string[] = []
  await using later = new AsyncDisposableStack()
  {
    const opened = await openTestEvidence(folder.path, { disk: faulty.disk, limits })
    const { evidence } = opened
    kept = await recordChat(evidence, turns(6))
    gone = await recordChat(evidence, turns(14))
    await evidence.flush()
    secrets = await secretsOf(folder.path, (record) => record === gone.id)
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
    const outcome = await eraseNow(evidence, [gone.id]).catch(() => null)
    wasErased = outcome?.kind === 'erased'
    calls.length = Math.min(calls.length, faulty.calls.length - first)
    // A process that was killed says no goodbye, and its disk stays dead.
    if (isDead) {
      await opened.store[Symbol.asyncDispose]()
      later.defer(async () => {
        faulty.decide = () => null
        await Promise.resolve(opened.evidence[Symbol.asyncDispose]()).catch(() => {})
      })
    } else {
      faulty.decide = () => null
      await opened[Symbol.asyncDispose]()
    }
  }
  await using opened = await openTestEvidence(folder.path)
  const { evidence, store } = opened
  await evidence.flush()
  await readsExactly(evidence, kept)
  const tombstone = await store.index.erasure.tombstone(gone.id)
  assert.ok(tombstone !== null || !wasErased, 'an erasure that was acknowledged is not known')
  if (tombstone === null) {
    // Never announced: nothing of it may be missing.
    await readsExactly(evidence, gone)
    await eraseNow(evidence, [gone.id])
  }
  assertNowhere(folder.path, secrets)
  assert.deepEqual(await liveFramesOf(folder.path, gone.id), [])
  await readsExactly(evidence, kept)
  assert.deepEqual(await nodeDisk.list(`${folder.path}/erasures`), [])
  return calls
}

async function liveFramesOf(folder: string, id: ExchangeId): Promise<readonly string[]> {
  const found: string[] = []
  for await (const one of scanSegments(nodeDisk, folder)) {
    if (one.kind === 'frame' && !one.head.erased && one.head.record === id)
      found.push(one.head.type)
    if (one.kind === 'damage') found.push(`damage: ${one.reason}`)
  }
  return found
}

/** Every `step`th call of an erasure fails in each way; 1 is exhaustive. Returns how many rounds there were. */
export async function failErasures(step: number): Promise<number> {
  const names = await live(faultyDisk(), null)
  assert.ok(names.length > 40, `only ${names.length} calls`)
  let rounds = 0
  for (const [at, name] of names.entries()) {
    if (at % step !== 0) continue
    const faults: EraseFault[] = ['EIO', 'dead']
    if (name === 'write') faults.push('ENOSPC', 'torn')
    for (const fault of faults) {
      const round = { number: at + 1, fault }
      await live(faultyDisk(), round).catch((error: unknown) => {
        throw new Error(`call ${at + 1} (${name}) with ${fault}`, { cause: error })
      })
      rounds += 1
    }
  }
  return rounds
}
