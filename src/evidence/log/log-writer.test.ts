import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { CrashDisk, diceOf, PowerCut } from '../../../test/harness/crash-disk.ts'
import { faultyDisk, unsyncedDisk } from '../../../test/harness/faulty-disk.ts'
import {
  closedLeaf,
  heartbeat,
  openedLeaf,
  openTestLog,
  ORIGIN,
  provider,
} from '../../../test/harness/log.ts'
import { failLogCalls } from '../../../test/harness/log-faults.ts'
import { Published } from '../../../test/harness/published.ts'
import { temporaryFolder } from '../../../test/harness/temporary-folder.ts'
import { nodeDisk } from '../disk.ts'
import { fixedKeyProvider, localRootKey } from '../key-provider.ts'
import { openCheckpoint } from './checkpoint.ts'
import { encodeLeaf } from './leaf.ts'
import { LogFolder } from './log-folder.ts'
import { LogKeys, openRotation } from './log-keys.ts'
import { LogDamagedError } from './log-recovery.ts'
import type { LogWriter } from './log-writer.ts'
import { verifyConsistency } from './merkle-proof.ts'
import { formatNoteKey, keyIdText, type NoteKey } from './note-key.ts'
import { parsePolicy } from './policy.ts'
import { makeProofFile, verifyProofFile, type ProofQuestion } from './proof-file.ts'
import { TileReader } from './tile-reader.ts'
import { packEntries, splitEntries } from './tiles.ts'
import { verifyLog } from './verify-log.ts'

test('leaves are durable under one checkpoint, and each has a proof', async () => {
  using folder = temporaryFolder()
  const published = new Published()
  const { writer, keys } = await openTestLog(folder.path, { onCheckpoint: published.add })
  await using log = writer
  assert.equal(log.head.size, 0)
  for (let number = 0; number < 600; number += 2) {
    assert.equal(log.append(openedLeaf(number)), number)
    assert.equal(log.append(closedLeaf(number, number)), number + 1)
  }
  await log.flush()
  assert.equal(log.head.size, 600)
  assert.deepEqual([...published.bySize.keys()], [256, 512, 600])
  const policy = parsePolicy(Buffer.from(`log ${formatNoteKey(keys.signer.key)}\nquorum none\n`))
  assert.ok(policy.kind === 'ok')
  const reader = new TileReader(log.tiles, 600)
  for (const index of [0, 255, 256, 511, 599]) {
    const proof = await makeProofFile(log.tiles, log.checkpoint, index)
    const entry = (await reader.entries(index >> 8))![index & 255]!
    const asked: ProofQuestion = { proof, entry, policy: policy.policy, latestS: 0 }
    assert.equal(verifyProofFile(asked).kind, 'accepted')
  }
  const report = await verifyLog({ store: log.tiles, keys: [keys.signer.key] })
  assert.deepEqual(report.problems, [])
  assert.equal(report.counts.get('exchange.closed'), 300)
  assert.deepEqual(report.unclosed, [])
})

test('partial tiles that a full one replaces are gone, the others stay', async () => {
  using folder = temporaryFolder()
  const { writer } = await openTestLog(folder.path, { disk: unsyncedDisk })
  for (let count = 0; count < 300; count += 1) {
    const index = writer.append(heartbeat)
    if (count % 50 === 49) await writer.durable(index)
  }
  await writer[Symbol.asyncDispose]()
  const files = new LogFolder(nodeDisk, join(folder.path, 'log'))
  assert.deepEqual(await files.list('tile/entries'), ['000', '000.p', '001.p'])
  assert.deepEqual(await files.list('tile/entries/000.p'), [])
  assert.deepEqual(await files.list('tile/0/001.p'), ['44'])
})

test('a stopped log goes on where it was, with the same key', async () => {
  using folder = temporaryFolder()
  const published = new Published()
  const keyIds = new Set<number>()
  for (let round = 0; round < 5; round += 1) {
    const { writer, keys } = await openTestLog(folder.path, { onCheckpoint: published.add })
    keyIds.add(keys.signer.key.id)
    assert.equal(writer.head.size, round * 130)
    for (let count = 0; count < 130; count += 1) writer.append(heartbeat)
    await writer[Symbol.asyncDispose]()
    assert.throws(() => writer.append(heartbeat), /cannot be recorded/)
    const report = await verifyLog({
      store: writer.tiles,
      keys: keys.verifiers,
      known: published.notes,
    })
    assert.deepEqual(report.problems, [])
    assert.equal(report.checkpoint?.size, (round + 1) * 130)
  }
  assert.equal(keyIds.size, 1)
})

test('a draft that its kind does not allow never enters the log', async () => {
  using folder = temporaryFolder()
  const { writer } = await openTestLog(folder.path)
  await using log = writer
  assert.throws(() => log.append({ ...heartbeat, record: 'ex_1' }), TypeError)
  assert.throws(() => log.append({ ...openedLeaf(1), storedDigest: 'the prompt' }), TypeError)
  assert.throws(() => log.append(closedLeaf(1, 0)), TypeError)
  assert.equal(log.append(heartbeat), 0)
  await assert.rejects(log.durable(1), RangeError)
})

test('a log that cannot be continued is not begun anew', async () => {
  const damages: ((path: string) => Promise<void>)[] = [
    (path) => rm(path, { recursive: true }),
    (path) => rm(join(path, 'checkpoint')),
    (path) => writeFile(join(path, 'checkpoint'), 'nothing\n'),
    (path) => rm(join(path, 'tile/0/000.p/3')),
    (path) => rm(join(path, 'tile/entries/000.p/3')),
    (path) => writeFile(join(path, 'tile/0/000.p/3'), Buffer.alloc(96)),
    (path) => writeFile(join(path, 'tile/entries/000.p/3'), Buffer.alloc(9)),
  ]
  for (const damage of damages) {
    using folder = temporaryFolder()
    const { writer } = await openTestLog(folder.path)
    for (let count = 0; count < 3; count += 1) writer.append(heartbeat)
    await writer[Symbol.asyncDispose]()
    await damage(join(folder.path, 'log'))
    await assert.rejects(openTestLog(folder.path), LogDamagedError)
  }
})

test('files of a batch that never got a checkpoint are gone forward over, or gone', async () => {
  using folder = temporaryFolder()
  const { writer } = await openTestLog(folder.path)
  for (let count = 0; count < 3; count += 1) writer.append(heartbeat)
  await writer[Symbol.asyncDispose]()
  const { keys } = await openTestLog(folder.path)
  const files = new LogFolder(nodeDisk, join(folder.path, 'log'))
  const known = splitEntries((await files.read('tile/entries/000.p/3'))!, 3)!
  const leaf = { ...heartbeat, logKey: keyIdText(keys.signer.key), timeS: 1_700_000_000 }
  const next = [3, 4].map((sequence) => encodeLeaf({ ...leaf, sequence }))
  await files.write('tile/entries/000.p/5', packEntries([...known, ...next]))
  await files.write('tile/entries/000.p/9', packEntries([...next, ...next, ...next, ...known]))
  await files.write('tile/entries/001.p/1', packEntries([encodeLeaf({ ...leaf, sequence: 256 })]))
  const again = await openTestLog(folder.path)
  assert.equal(again.writer.head.size, 5)
  assert.deepEqual(await files.list('tile/entries/000.p'), ['3', '5'])
  assert.deepEqual(await files.list('tile/entries/001.p'), [])
  const report = await verifyLog({ store: again.writer.tiles, keys: keys.verifiers })
  assert.deepEqual(report.problems, [])
})

test('keys are opened by their provider and their log only', async () => {
  using folder = temporaryFolder()
  const options = { disk: nodeDisk, folder: folder.path, provider, origin: ORIGIN }
  const keys = await LogKeys.open(options)
  const path = join(folder.path, 'log-key.json')
  const text = await readFile(path, 'utf8')
  assert.equal(text.includes('PRIVATE'), false)
  await assert.rejects(LogKeys.open({ ...options, origin: 'other/log' }), /holds the key of/)
  const other = fixedKeyProvider(localRootKey(Buffer.alloc(32, 8)))
  await assert.rejects(LogKeys.open({ ...options, provider: other }), /wrapped by/)
  await writeFile(path, text.replace('"version": 1', '"version": 2'))
  await assert.rejects(LogKeys.open(options), /not a log key file/)
  const forged = text.replace(/"verifier": "[^"]+"/, `"verifier": "${ORIGIN}+00000000+AAAA"`)
  await writeFile(path, forged)
  await assert.rejects(LogKeys.open(options))
  await writeFile(path, text)
  assert.equal((await LogKeys.open(options)).signer.key.id, keys.signer.key.id)
  await assert.rejects(LogKeys.open({ ...options, folder: `${folder.path}/b`, origin: 'a b' }))
})

test('a rotated key is announced by the old one, and verifiers of the old one follow', async () => {
  using folder = temporaryFolder()
  const { writer, keys } = await openTestLog(folder.path)
  await using log = writer
  const [first] = keys.verifiers
  log.append(heartbeat)
  await log.flush()
  const old = log.checkpoint
  for (const round of [1, 2]) {
    const previous = keys.signer.key
    await log.rotateKey()
    assert.notEqual(keys.signer.key.id, previous.id)
    const note = await readFile(join(folder.path, 'log', `rotation.${round}`))
    assert.equal(openRotation(note, previous)?.id, keys.signer.key.id)
    assert.equal(openRotation(note, keys.signer.key), null)
    const text = note.toString()
    const oneSignature = text.slice(0, text.lastIndexOf('—'))
    assert.equal(openRotation(Buffer.from(oneSignature), previous), null)
    log.append(heartbeat)
    await log.flush()
    assert.equal(openCheckpoint(log.checkpoint, [previous]).kind, 'refused')
    assert.equal(openCheckpoint(log.checkpoint, [keys.signer.key]).kind, 'ok')
  }
  const report = await verifyLog({ store: log.tiles, keys: [first!], known: [old] })
  assert.deepEqual(report.problems, [])
  assert.equal(report.counts.get('log-key.rotated'), 2)
  await rm(join(folder.path, 'log', 'rotation.1'))
  const blind = await verifyLog({ store: log.tiles, keys: [first!] })
  assert.equal(blind.problems.at(-1)?.kind, 'checkpoint-refused')
})

/** Appends, waits, rotates by chance until the power goes; returns what was promised. */
async function liveUntilCut(
  disk: CrashDisk,
  seed: number,
  published: Published,
): Promise<{ promised: number; keys: NoteKey[] }> {
  const dice = diceOf(seed)
  let promised = 0
  const keysSeen: NoteKey[] = []
  disk.cutAfter(dice(250))
  try {
    const { writer, keys } = await openTestLog('/data', {
      disk: disk.view(),
      onCheckpoint: published.add,
      limits: { checkpointLeavesMax: 1 + dice(40), checkpointMs: 1e9, retryMs: 1e9 },
    })
    keysSeen.push(...keys.verifiers)
    for (let step = 0; step < 12; step += 1) {
      // Leaves of another life are other leaves: going on from a wrong place would show.
      for (let count = dice(90); count > 0; count -= 1) writer.append(openedLeaf(dice(1e9)))
      const rotating = dice(6) === 0
      const work = rotating ? writer.rotateKey() : writer.flush()
      if (!(await isDone(writer, work))) {
        await writer[Symbol.asyncDispose]()
        break
      }
      promised = writer.head.size
      keysSeen.push(keys.signer.key)
    }
    if (dice(2) === 0) await writer[Symbol.asyncDispose]()
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error
  }
  return { promised, keys: keysSeen }
}

/** True when `work` got done, false when the disk failed before. */
async function isDone(writer: LogWriter, work: Promise<void>): Promise<boolean> {
  const seen: { outcome: boolean | null } = { outcome: null }
  work.then(
    () => (seen.outcome = true),
    () => (seen.outcome = false),
  )
  while (seen.outcome === null && writer.health().ready)
    await new Promise((resolve) => setImmediate(resolve))
  return seen.outcome ?? false
}

test('no promised leaf is lost and no size has two checkpoints, wherever the power is cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), async (seed) => {
      const disk = new CrashDisk()
      // The data folder itself was there before.
      await disk.view().makeFolder('/data')
      await disk.view().syncFolder('/')
      const published = new Published()
      let promised = 0
      let first: NoteKey | null = null
      for (let life = 0; life < 5; life += 1) {
        const lived = await liveUntilCut(disk, seed + life * 7919, published)
        promised = Math.max(promised, lived.promised)
        first ??= lived.keys[0] ?? null
        disk.cutAfter(Infinity)
        const glimpsed = await new LogFolder(disk.view(), '/data/log').read('checkpoint')
        if (glimpsed !== null) published.add(null, glimpsed)
        disk.crash(diceOf(seed ^ life))
        // Whoever looks at the folder now may keep the checkpoint that he finds.
        const seen = await new LogFolder(disk.view(), '/data/log').read('checkpoint')
        if (seen !== null) published.add(null, seen)
      }
      const { writer, keys } = await openTestLog('/data', {
        disk: disk.view(),
        onCheckpoint: published.add,
      })
      assert.ok(writer.head.size >= promised, `${writer.head.size} of ${promised} leaves`)
      writer.append(heartbeat)
      await writer[Symbol.asyncDispose]()
      const report = await verifyLog({
        store: writer.tiles,
        keys: [first ?? keys.verifiers[0]!],
        known: published.notes,
      })
      assert.deepEqual(report.problems, [])
      const store = new TileReader(writer.tiles, writer.head.size)
      for (const note of published.notes.slice(-5)) {
        const opened = openCheckpoint(note, keys.verifiers)
        assert.ok(opened.kind === 'ok')
        if (opened.checkpoint.size === 0) continue
        const proof = await store.consistencyProof(opened.checkpoint.size)
        assert.ok(verifyConsistency(opened.checkpoint, writer.head, proof))
      }
    }),
    { numRuns: 40 },
  )
})

test('file calls that fail once are survived: nothing lost, nothing forked', async () => {
  await failLogCalls(6)
})

test('while the disk fails leaves wait up to a bound, then they are refused', async () => {
  using folder = temporaryFolder()
  const faulty = faultyDisk()
  const limits = { pendingLeavesMax: 10, checkpointLeavesMax: 4, retryMs: 1 }
  const { writer } = await openTestLog(folder.path, { disk: faulty.disk, limits })
  faulty.decide = (call) => (call.name === 'fdatasync' ? 'EIO' : null)
  for (let count = 0; count < 10; count += 1) writer.append(heartbeat)
  assert.throws(() => writer.append(heartbeat), /cannot be recorded/)
  await isDone(writer, new Promise(() => {}))
  assert.equal(writer.health().pendingLeaves, 10)
  faulty.decide = () => null
  await writer.flush()
  assert.deepEqual(writer.health(), { ready: true, reason: '', pendingLeaves: 0 })
  faulty.decide = () => 'ENOSPC'
  const index = writer.append(heartbeat)
  const late = assert.rejects(writer.durable(index), /Recording failed/)
  await writer[Symbol.asyncDispose]()
  await late
})
