/** Lets file calls of a log fail, one in each round, and checks that nothing is lost or forked. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { nodeDisk } from '../../src/evidence/disk.ts'
import { LogFolder } from '../../src/evidence/log/log-folder.ts'
import { verifyLog } from '../../src/evidence/log/verify-log.ts'
import { faultyDisk, type Fault, type FaultyDisk } from './faulty-disk.ts'
import { heartbeat, openTestLog } from './log.ts'
import { Published } from './published.ts'
import { temporaryFolder } from './temporary-folder.ts'

const LEAVES = 257

/** Begins a log, fills a tile and one leaf more, stops, and looks at all of it. */
async function live(path: string, { disk }: FaultyDisk): Promise<void> {
  const published = new Published()
  const limits = { retryMs: 1, checkpointMs: 5 }
  let opened = null
  for (let tries = 0; opened === null && tries < 3; tries += 1)
    opened = await openTestLog(path, { disk, limits, onCheckpoint: published.add }).catch(
      () => null,
    )
  assert.ok(opened)
  const { writer, keys } = opened
  for (let count = 0; count < 5; count += 1) writer.append(heartbeat)
  await writer.flush()
  for (let count = 5; count < LEAVES; count += 1) writer.append(heartbeat)
  await writer.flush()
  assert.equal(writer.health().ready, true)
  await writer[Symbol.asyncDispose]()
  const store = new LogFolder(nodeDisk, join(path, 'log'))
  const report = await verifyLog({ store, keys: keys.verifiers, known: published.notes })
  assert.deepEqual(report.problems, [])
  assert.equal(report.checkpoint?.size, LEAVES)
}

async function failOnce(number: number, fault: Fault): Promise<void> {
  using folder = temporaryFolder()
  const faulty = faultyDisk()
  faulty.decide = (call) => (call.number === number ? fault : null)
  await live(folder.path, faulty)
}

/** Every `step`th call fails once; 1 is exhaustive. Returns how many rounds there were. */
export async function failLogCalls(step: number): Promise<number> {
  using folder = temporaryFolder()
  const counting = faultyDisk()
  await live(folder.path, counting)
  const rounds = counting.calls.flatMap(({ number, name }) => [
    () => failOnce(number, 'EIO'),
    ...(name === 'write' ? [() => failOnce(number, 'torn')] : []),
  ])
  assert.ok(rounds.length > 50)
  const chosen = rounds.filter((_, at) => at % step === 0)
  // Side by side: what takes time is the disk.
  for (let at = 0; at < chosen.length; at += 8)
    await Promise.all(chosen.slice(at, at + 8).map((round) => round()))
  return chosen.length
}
