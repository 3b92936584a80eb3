import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  chatBody,
  closingFacts,
  openingFacts,
  openTestEvidence,
  temporaryFolder,
  wholeBody,
  type TestEvidence,
} from '../../test/harness/evidence.ts'
import { faultyDisk } from '../../test/harness/faulty-disk.ts'
import { assertCovered, readLeaves } from '../../test/harness/leaf-coverage.ts'
import { nodeDisk } from './disk.ts'
import { openLocalKeyProvider } from './key-provider.ts'
import { parsePlace } from './log/frame-place.ts'
import { SegmentFiles } from './segment-files.ts'
import { until } from '../../test/harness/until.ts'

/** An exchange with new blocks, stream frames and a tail. */
async function exchange({ evidence }: TestEvidence, n: number): Promise<string> {
  const facts = openingFacts({ policy: n % 2 === 0 ? '' : 'plan 7' })
  const { bytes, spans } = chatBody([
    { role: 'system', text: 'You are a test.' },
    { role: 'user', text: `question ${n}` },
  ])
  const recording = await evidence.recorder.open({ facts, body: wholeBody(bytes, spans) })
  recording.answerHead({ status: 200, headers: [] }, 'upstream', performance.now())
  for (let piece = 0; piece < n % 3; piece += 1) {
    recording.answerChunk(Buffer.from(`piece ${piece} of ${n}`), performance.now())
    await recording.durable()
  }
  recording.answerChunk(Buffer.from('the tail'), performance.now())
  await recording.close(closingFacts())
  return facts.id
}

function refuse({ evidence }: TestEvidence): void {
  const facts = openingFacts()
  const { bytes, spans } = chatBody([{ role: 'user', text: `refused ${facts.id}` }])
  const closing = closingFacts({ state: 'refused', outcome: 'refused', status: 400 })
  evidence.recorder.refuse({ facts, body: wholeBody(bytes, spans) }, closing)
}

test('every record has its leaf: openings, closings, refusals, events, start and stop', async () => {
  await using folder = await temporaryFolder()
  {
    await using opened = await openTestEvidence(folder.path)
    for (let n = 0; n < 7; n += 1) await exchange(opened, n)
    refuse(opened)
    await opened.evidence.recorder.note({
      type: 'evidence.read',
      atMs: Date.now(),
      actor: 'per_1',
      details: {},
      records: ['ex_00000000000000000000000000', 'not an id'],
    })
    await exchange(opened, 3)
  }
  const leaves = await assertCovered(folder.path)
  const kinds = leaves.map((leaf) => leaf.kind)
  assert.deepEqual(kinds.slice(0, 2), ['segment.begun', 'gateway.started'])
  assert.equal(kinds.at(-1), 'gateway.stopped')
  assert.equal(kinds.filter((kind) => kind === 'exchange.opened').length, 8)
  assert.equal(kinds.filter((kind) => kind === 'exchange.closed').length, 8)
  assert.equal(kinds.filter((kind) => kind === 'exchange.refused').length, 1)
  const read = leaves.find((leaf) => leaf.kind === 'evidence.read')
  assert.deepEqual(read?.records, ['ex_00000000000000000000000000'])
  const policies = new Set(leaves.map((leaf) => leaf.policyDigest))
  assert.deepEqual(policies, new Set([null, hash('sha256', 'plan 7', 'hex')]))
  const files = new SegmentFiles(
    nodeDisk,
    folder.path,
    await openLocalKeyProvider(join(folder.path, 'keys')),
  )
  for (const { frame, plaintextCommitment } of leaves) {
    if (frame === null || plaintextCommitment === null) continue
    const { plain } = await files.read(parsePlace(frame))
    assert.equal(hash('sha256', plain!, 'hex'), plaintextCommitment)
    assert.match(plain!.toString('utf8', 4), /^\{"salt":"[A-Za-z0-9+/]{43}=",/)
  }
})

test('leaves lost in a crash are made again from the segments, in order and once', async () => {
  await using folder = await temporaryFolder()
  await using copies = await temporaryFolder()
  // No checkpoint comes by itself: what is not waited for is lost.
  const log = { limits: { checkpointMs: 3_600_000 } }
  await using opened = await openTestEvidence(folder.path, { log })
  for (let n = 0; n < 5; n += 1) await exchange(opened, n)
  await opened.evidence.log.flush()
  refuse(opened)
  for (let n = 0; n < 5; n += 1) await exchange(opened, n)
  const { bytes, spans } = chatBody([{ role: 'user', text: 'never answered' }])
  const left = await opened.evidence.recorder.open({
    facts: openingFacts(),
    body: wholeBody(bytes, spans),
  })
  left.answerHead({ status: 200, headers: [] }, 'upstream', performance.now())
  left.answerChunk(Buffer.from('half an ans'), performance.now())
  await left.durable()
  await opened.evidence.flush()
  const before = opened.evidence.log.writer.checkpoint
  const crashed = join(copies.path, 'crashed')
  await cp(folder.path, crashed, { recursive: true })
  assert.ok((await readLeaves(crashed)).length < opened.evidence.log.writer.size)
  for (const round of [1, 2]) {
    await using again = await openTestEvidence(crashed)
    assert.equal(again.evidence.recovered.closed, round === 1 ? 1 : 0)
    await exchange(again, round)
  }
  const leaves = await assertCovered(crashed, [before])
  assert.equal(leaves.filter((leaf) => leaf.kind === 'gateway.started').length, 3)
  assert.equal(leaves.filter((leaf) => leaf.kind === 'gateway.recovered').length, 1)
  assert.equal(leaves.filter((leaf) => leaf.kind === 'exchange.closed').length, 13)
})

test('a folder that had no log gets one with a leaf for all that is there', async () => {
  await using folder = await temporaryFolder()
  {
    await using opened = await openTestEvidence(folder.path)
    for (let n = 0; n < 3; n += 1) await exchange(opened, n)
  }
  await rm(join(folder.path, 'log'), { recursive: true })
  await rm(join(folder.path, 'keys', 'log-key.json'))
  {
    await using opened = await openTestEvidence(folder.path)
    await exchange(opened, 4)
  }
  const leaves = await assertCovered(folder.path)
  assert.equal(leaves.filter((leaf) => leaf.kind === 'exchange.closed').length, 4)
})

test('while the log cannot be written, exchanges go on, readiness says so, and nothing is missing afterwards', async () => {
  await using folder = await temporaryFolder()
  const faulty = faultyDisk()
  {
    const log = { limits: { pendingLeavesMax: 6, retryMs: 5, checkpointMs: 5 } }
    const limits = { probeMs: 20 }
    await using opened = await openTestEvidence(folder.path, { log, limits, disk: faulty.disk })
    const { recorder } = opened.evidence
    await exchange(opened, 1)
    await opened.evidence.log.flush()
    const live = await recorder.open({ facts: openingFacts(), body: { kind: 'none' } })
    faulty.decide = (call) => (call.name === 'write' && call.path.includes('/log/') ? 'EIO' : null)
    live.answerHead({ status: 200, headers: [] }, 'upstream', performance.now())
    for (let n = 0; n < 2; n += 1) await exchange(opened, n)
    await until(() => !recorder.health().ready)
    assert.match(recorder.health().reason, /log/)
    refuse(opened)
    await live.close(closingFacts())
    await opened.evidence.flush()
    assert.equal(opened.evidence.log.isBehind, true)
    await assert.rejects(recorder.open({ facts: openingFacts(), body: { kind: 'none' } }), {
      code: 'evidence.unavailable',
    })
    faulty.decide = () => null
    await until(() => recorder.health().ready)
    assert.deepEqual(recorder.health().reason, '')
    await exchange(opened, 5)
  }
  await assertCovered(folder.path)
})

test('an idle gateway beats', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path, {
    log: { heartbeatMs: 40, limits: { checkpointMs: 5 } },
  })
  const { writer } = opened.evidence.log
  const { size } = writer
  await until(() => writer.size >= size + 3)
  await opened.evidence.log.flush()
  const leaves = await readLeaves(folder.path)
  assert.ok(leaves.slice(size).every((leaf) => leaf.kind === 'heartbeat'))
  assert.ok(leaves.length >= size + 3)
})
