import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  chatBody,
  closingFacts,
  openingFacts,
  openTestEvidence,
  temporaryFolder,
  wholeBody,
  type TestEvidence,
} from '../../../test/harness/evidence.ts'
import { leak, PLACES, recordSent, tracingOf } from '../../../test/harness/traced.ts'
import type { Tracing } from '../../app/open-tracing.ts'
import { nodeDisk } from '../../evidence/disk.ts'
import { readPage } from '../../store/trace/posting-page.ts'
import type { FedBatch } from './fed-batch.ts'
import { TraceIndexer } from './indexer.ts'
import { RecordFeed } from './record-feed.ts'
import { newestOf, TRACE_VERSIONS } from './versions.ts'

const newest = newestOf(TRACE_VERSIONS)
/** The same in all but name, so that both lie in one index under the same keys. */
const FED = { ...newest, version: 101 }
const READ = { ...newest, version: 102 }

function indexerOf(tracing: Tracing, folder: string, version: typeof newest): TraceIndexer {
  return new TraceIndexer({ ...tracing.parts, disk: nodeDisk, folder, versions: [version] })
}

async function postingsOf(tracing: Tracing, version: number): Promise<readonly string[]> {
  const all = new Set<string>()
  for (const run of await tracing.index.runs()) {
    if (run.version !== version) continue
    for (const page of await tracing.index.pages(run.run, -1, 10_000)) {
      const { keys, documents, length } = readPage(page.firstKey, page.data)
      for (let at = 0; at < length; at += 1) {
        all.add(`${run.epoch} ${run.family} ${keys[at]} ${documents[at]}`)
      }
    }
  }
  return [...all].sort()
}

async function recordConversation({ evidence }: TestEvidence, turns: number): Promise<void> {
  const messages = [{ role: 'user' as const, text: leak(9_000) }]
  for (let turn = 0; turn < turns; turn += 1) {
    const { bytes, spans } = chatBody(messages)
    const body = wholeBody(bytes, spans)
    const recording = await evidence.recorder.open({ facts: openingFacts(), body })
    await recording.close(closingFacts())
    messages.push({ role: 'user', text: `turn ${turn}` })
  }
}

test('what the recorder hands over makes the very postings that the record makes, however it is cut', async () => {
  await using folder = await temporaryFolder()
  const feed = new RecordFeed()
  const batches: FedBatch[] = []
  await using to = await openTestEvidence(folder.path, {
    tap: feed,
    limits: { segmentBytesMax: 20_000 },
  })
  for (let round = 0; round < 4; round += 1) {
    for (const [n, [, sent]] of PLACES.entries()) {
      await recordSent(to, sent(leak(n + round * 100)))
      const batch = (n + round) % 3 === 0 ? feed.take() : null
      if (batch !== null) batches.push(batch)
    }
  }
  await recordConversation(to, 24)
  to.evidence.recorder.refuse(
    { facts: openingFacts(), body: wholeBody(Buffer.from(leak(7_000))) },
    closingFacts({ state: 'refused' }),
  )
  await to.evidence.flush()
  const last = feed.take()
  if (last !== null) batches.push(last)
  await using tracing = await tracingOf(folder.path, to)
  const fed = indexerOf(tracing, folder.path, FED)
  for (const batch of batches) await fed.take(batch)
  await fed.commit()
  await indexerOf(tracing, folder.path, READ).run({ isOver: () => false })
  const expected = await postingsOf(tracing, READ.version)
  assert.ok(expected.length > 400)
  assert.deepEqual(await postingsOf(tracing, FED.version), expected)
  assert.deepEqual(
    await tracing.index.positions(FED.version),
    await tracing.index.positions(READ.version),
  )
})

test('what there was no room for, or what was lost on the way, is read from the record', async () => {
  await using folder = await temporaryFolder()
  const feed = new RecordFeed(1_500)
  await using to = await openTestEvidence(folder.path, { tap: feed })
  await using tracing = await tracingOf(folder.path, to)
  let fed = indexerOf(tracing, folder.path, FED)
  let missing = 0
  let end = 0
  for (let n = 0; n < 60; n += 1) {
    await recordSent(to, { request: leak(n) })
    assert.ok(feed.heldBytes <= 2_500)
    const batch = n % 4 === 3 ? feed.take() : null
    if (batch === null) continue
    if (batch.from.offset !== end) missing += 1
    end = batch.to.offset
    // The fifth never arrives, the tenth is given twice, the eleventh meets an indexer that knows what was committed only.
    if (n !== 19) await fed.take(batch)
    if (n === 39) await fed.take(batch)
    if (n % 8 === 3) await fed.commit()
    if (n === 43) fed = indexerOf(tracing, folder.path, FED)
    feed.taken(batch.entries.length + batch.bytes.length)
  }
  await recordSent(to, { request: leak(500) })
  await to.evidence.flush()
  const last = feed.take()
  assert.ok(last !== null)
  await fed.take(last)
  await fed.commit()
  await indexerOf(tracing, folder.path, READ).run({ isOver: () => false })
  assert.deepEqual(await postingsOf(tracing, FED.version), await postingsOf(tracing, READ.version))
  assert.ok(missing > 1, String(missing))
})

test('an answer that is too long to be kept is read from its closing', async () => {
  await using folder = await temporaryFolder()
  const feed = new RecordFeed()
  await using to = await openTestEvidence(folder.path, { tap: feed })
  const text = Array.from({ length: 4_000 }, (_, n) => leak(n)).join('\n')
  const chunks = [Buffer.from(text.slice(0, 90_000)), Buffer.from(text.slice(90_000, 300_000))]
  const headers = [['content-type', 'text/plain']] as const
  await recordSent(to, { answer: { headers, chunks } })
  await to.evidence.flush()
  const batch = feed.take()
  assert.ok(batch !== null && batch.bytes.length < 1_000 && batch.entries.includes('"closed"'))
  await using tracing = await tracingOf(folder.path, to)
  const fed = indexerOf(tracing, folder.path, FED)
  await fed.take(batch)
  await fed.commit()
  await indexerOf(tracing, folder.path, READ).run({ isOver: () => false })
  const expected = await postingsOf(tracing, READ.version)
  assert.ok(expected.length > 3_000)
  assert.deepEqual(await postingsOf(tracing, FED.version), expected)
})

test('a commit that fails loses nothing: what was gathered is read again', async () => {
  await using folder = await temporaryFolder()
  const feed = new RecordFeed()
  await using to = await openTestEvidence(folder.path, { tap: feed })
  await using tracing = await tracingOf(folder.path, to)
  let isBroken = false
  const store = {
    ...tracing.parts.store,
    commit: (...given: Parameters<typeof tracing.parts.store.commit>) =>
      isBroken
        ? Promise.reject(new Error('the disk is full'))
        : tracing.parts.store.commit(...given),
  }
  const parts = { ...tracing.parts, store, disk: nodeDisk, folder: folder.path }
  const fed = new TraceIndexer({ ...parts, versions: [FED] })
  for (let n = 0; n < 9; n += 1) {
    await recordSent(to, { request: leak(n) })
    const batch = feed.take()
    assert.ok(batch !== null)
    await fed.take(batch)
    isBroken = n % 3 === 1
    if (isBroken) await assert.rejects(fed.commit(), /disk is full/)
    else await fed.commit()
  }
  await indexerOf(tracing, folder.path, READ).run({ isOver: () => false })
  assert.deepEqual(await postingsOf(tracing, FED.version), await postingsOf(tracing, READ.version))
})
