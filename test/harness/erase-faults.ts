/** Lets one file call of an erasure fail, or the power go, and checks what the next start makes of it. */
import assert from 'node:assert/strict'
import { nodeDisk } from '../../src/evidence/disk.ts'
import { scanSegments } from '../../src/evidence/segment-scan.ts'
import type { ExchangeId } from '../../src/lib/ids.ts'
import { assertNowhere, eraseNow, readsExactly, recordChat, secretsOf } from './erasing.ts'
import { openTestEvidence, temporaryFolder, type Message } from './evidence.ts'
import { beginRound, faultsOf, type FaultRound } from './fault-round.ts'
import { faultyDisk, type FaultyDisk } from './faulty-disk.ts'

const turns = (count: number): Message[] =>
  Array.from({ length: count }, (_, n): Message => ({
    role: n % 2 === 0 ? 'user' : 'assistant',
    text: `turn ${n} ${'and so on '.repeat(30)}`,
  }))

async function live(faulty: FaultyDisk, round: FaultRound | null): Promise<readonly string[]> {
  await using folder = await temporaryFolder()
  const limits = { diskDeadlineMs: 1_000, openDeadlineMs: 1_500, probeMs: 10_000 }
  let kept: Awaited<ReturnType<typeof recordChat>>
  let gone: Awaited<ReturnType<typeof recordChat>>
  let secrets: readonly Buffer[] = []
  let wasErased = false
  let names: readonly string[] = []
  await using later = new AsyncDisposableStack()
  {
    const opened = await openTestEvidence(folder.path, { disk: faulty.disk, limits })
    const { evidence } = opened
    kept = await recordChat(evidence, turns(6))
    gone = await recordChat(evidence, turns(14))
    await evidence.flush()
    secrets = await secretsOf(folder.path, (record) => record === gone.id)
    const begun = beginRound(faulty, round)
    const outcome = await eraseNow(evidence, [gone.id]).catch(() => null)
    wasErased = outcome?.kind === 'erased'
    names = begun.names()
    await begun.leave(opened, later)
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
  return names
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
    for (const fault of faultsOf(name)) {
      const round = { number: at + 1, fault }
      await live(faultyDisk(), round).catch((error: unknown) => {
        throw new Error(`call ${at + 1} (${name}) with ${fault}`, { cause: error })
      })
      rounds += 1
    }
  }
  return rounds
}
