/** Measures the transparency log: time per appended leaf with its share of checkpoints, proofs, verification, a witness. */
import { join } from 'node:path'
import { nodeDisk } from '../src/evidence/disk.ts'
import { LogFolder } from '../src/evidence/log/log-folder.ts'
import type { LogKeys } from '../src/evidence/log/log-keys.ts'
import type { LogWriter } from '../src/evidence/log/log-writer.ts'
import { formatNoteKey, noteSigner } from '../src/evidence/log/note-key.ts'
import { parsePolicy } from '../src/evidence/log/policy.ts'
import {
  formatProofFile,
  makeProofFile,
  parseProofFile,
  verifyProofFile,
} from '../src/evidence/log/proof-file.ts'
import { TileReader } from '../src/evidence/log/tile-reader.ts'
import { verifyLog } from '../src/evidence/log/verify-log.ts'
import { addCosignatures, requestCosignature } from '../src/evidence/log/witness-client.ts'
import { Witness, witnessFolder } from '../src/evidence/log/witness-server.ts'
import { systemClock } from '../src/lib/clock.ts'
import { closedLeaf, openedLeaf, openTestLog } from '../test/harness/log.ts'
import { temporaryFolder } from '../test/harness/temporary-folder.ts'

const EXCHANGES = 20_000

export interface Cost {
  readonly cpuUs: number
  /** Part of `cpuUs` that the kernel used: files and their syncs. */
  readonly systemUs: number
  readonly wallUs: number
}

async function costOf(count: number, work: () => Promise<void>): Promise<Cost> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await work()
  const { user, system } = process.cpuUsage(cpu)
  return {
    cpuUs: (user + system) / count,
    systemUs: system / count,
    wallUs: ((performance.now() - start) * 1000) / count,
  }
}

const us = (value: number): string => `${value.toFixed(1)} us`

/** Opening and closing leaves of exchanges that arrive in groups, as a busy gateway sees them. */
async function appendLoad(writer: LogWriter, exchanges: number): Promise<void> {
  for (let number = 0; number < exchanges; number += 1) {
    const opening = writer.append(openedLeaf(number))
    writer.append(closedLeaf(number, opening))
    if (number % 16 === 15) await new Promise((resolve) => setImmediate(resolve))
    // Without a limit the bench would only fill memory: the disk is what is waited for.
    if (number % 1024 === 1023) await writer.flush()
  }
  await writer.flush()
}

/** CPU of the two leaves of an exchange, with their share of the checkpoints, tiles and syncs of a busy log. */
export async function leavesOfAnExchange(): Promise<Cost> {
  using folder = temporaryFolder()
  const { writer } = await openTestLog(folder.path, { clock: systemClock })
  await appendLoad(writer, 2_000)
  const cost = await costOf(EXCHANGES, () => appendLoad(writer, EXCHANGES))
  await writer[Symbol.asyncDispose]()
  return cost
}

async function benchProofs(writer: LogWriter, keys: LogKeys): Promise<void> {
  const policy = parsePolicy(Buffer.from(`log ${formatNoteKey(keys.signer.key)}\nquorum none\n`))
  if (policy.kind === 'refused') throw new Error(policy.reason)
  const { size } = writer.head
  const reader = new TileReader(writer.tiles, size)
  const { wallUs } = await costOf(200, async () => {
    for (let round = 0; round < 200; round += 1) {
      const index = (round * 7919) % size
      const file = formatProofFile(await makeProofFile(writer.tiles, writer.checkpoint, index))
      const reading = parseProofFile(file)
      const entry = (await reader.entries(Math.floor(index / 256)))?.[index % 256]
      if (reading.kind === 'refused' || entry === undefined) throw new Error('no proof')
      const question = { proof: reading.proof, entry, policy: policy.policy, latestS: 0 }
      if (verifyProofFile(question).kind === 'refused') throw new Error('a proof does not hold')
    }
  })
  console.log(`one .tlog-proof made, written, read and verified: ${us(wallUs)}`)
}

async function benchVerify(folder: string, keys: LogKeys, known: Buffer): Promise<void> {
  const store = new LogFolder(nodeDisk, folder)
  const start = performance.now()
  const report = await verifyLog({ store, keys: keys.verifiers, known: [known] })
  if (!report.holds) throw new Error(JSON.stringify(report.problems[0]))
  const seconds = (performance.now() - start) / 1000
  const leaves = report.checkpoint?.size ?? 0
  console.log(`verify: ${Math.round(leaves / seconds)} leaves/s, ${leaves} leaves, all hold`)
}

async function benchWitness(writer: LogWriter, keys: LogKeys, folder: string): Promise<void> {
  const signer = noteSigner('witness.example/bench', 'cosignature', Buffer.alloc(32, 1))
  if (signer === null) throw new Error('no witness key')
  const state = witnessFolder(nodeDisk, folder)
  const witness = new Witness({ signer, logs: keys.verifiers, state, clock: systemClock })
  const peer = { key: signer.key, post: (body: Buffer) => answerOf(witness, body) }
  const reader = new TileReader(writer.tiles, writer.head.size)
  const { wallUs } = await costOf(50, async () => {
    for (let round = 0; round < 50; round += 1) {
      const result = await requestCosignature(peer, {
        checkpoint: writer.checkpoint,
        oldSize: 0,
        consistencyProof: (oldSize) => reader.consistencyProof(oldSize),
      })
      if (result.kind !== 'cosigned') throw new Error(result.kind)
      addCosignatures(writer.checkpoint, [result.signature])
    }
  })
  console.log(`one cosignature, conflict and durable state included: ${us(wallUs)}`)
}

async function answerOf(
  witness: Witness,
  body: Buffer,
): Promise<{ readonly status: number; readonly body: Buffer }> {
  const answer = await witness.addCheckpoint(body)
  return { status: answer.status, body: Buffer.from(answer.body) }
}

if (import.meta.main) {
  const { cpuUs, systemUs, wallUs } = await leavesOfAnExchange()
  console.log(
    `two leaves, checkpoint each 256: ${us(cpuUs)} CPU (${us(systemUs)} of it in the kernel), ${us(wallUs)} wall an exchange`,
  )
  using folder = temporaryFolder()
  const { writer, keys } = await openTestLog(folder.path, { clock: systemClock })
  await appendLoad(writer, EXCHANGES)
  const known = writer.checkpoint
  await benchProofs(writer, keys)
  await benchWitness(writer, keys, join(folder.path, 'witness'))
  await writer[Symbol.asyncDispose]()
  await benchVerify(join(folder.path, 'log'), keys, known)
}
