import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  chatBody,
  closingFacts,
  openingFacts,
  openTestEvidence,
  temporaryFolder,
  wholeBody,
} from '../../../test/harness/evidence.ts'
import { leak, PLACES, recordSent, tracingOf } from '../../../test/harness/traced.ts'
import { openTracing, type Tracing } from '../../app/open-tracing.ts'
import { nodeDisk, type Disk } from '../../evidence/disk.ts'
import type { ExchangeId } from '../../lib/ids.ts'
import { openStore } from '../../store/store.ts'
import { TraceIndexer } from './indexer.ts'
import { newestOf, TRACE_VERSIONS } from './versions.ts'
import { WorkMark } from './work-mark.ts'

test('a text is found wherever a record can hold one', async () => {
  await using folder = await temporaryFolder()
  await using to = await openTestEvidence(folder.path)
  const ids: ExchangeId[] = []
  for (const [n, [, sent]] of PLACES.entries()) ids.push(await recordSent(to, sent(leak(n))))
  await to.evidence.flush()
  await using tracing = await tracingOf(folder.path, to)
  assert.equal(await tracing.catchUp(() => false), true)
  for (const [n, [name]] of PLACES.entries()) {
    const { exposures, isBehind } = await tracing.tracer.trace(leak(n))
    assert.deepEqual(
      exposures.map(({ row, coverage }) => [row.id, coverage > 0.95]),
      [[ids[n], true]],
      name,
    )
    assert.equal(isBehind, false)
  }
})

test('indexing that is stopped anywhere and begun again finds what one run finds, and counts nothing twice', async () => {
  await using folder = await temporaryFolder()
  await using to = await openTestEvidence(folder.path, { limits: { segmentBytesMax: 20_000 } })
  for (let round = 0; round < 6; round += 1) {
    for (const [n, [, sent]] of PLACES.entries()) await recordSent(to, sent(leak(n + round * 100)))
  }
  await to.evidence.flush()
  await using whole = await tracingOf(folder.path, to)
  await whole.catchUp(() => false)
  const postings = async (tracing: Tracing): Promise<number> =>
    (await tracing.index.runs()).reduce((sum, run) => sum + run.postings, 0)
  const expected = await postings(whole)
  await using other = await temporaryFolder()
  await using cut = await openTracing(
    { folder: folder.path, storage: { kind: 'sqlite', folder: other.path } },
    to.store,
    () => '',
  )
  let isWhole = false
  for (let tries = 0; !isWhole && tries < 200; tries += 1) {
    // As after a crash: nothing is known but what was committed.
    const indexer = new TraceIndexer({ ...cut.parts, disk: nodeDisk, folder: folder.path })
    let tickets = 0
    isWhole = await indexer.run({ isOver: () => (tickets += 1) > 1 + (tries % 5) })
  }
  assert.equal(isWhole, true)
  await cut.catchUp(() => false)
  assert.equal(await postings(cut), expected)
  for (const n of [0, 103, 502]) {
    const once = await whole.tracer.trace(leak(n))
    const again = await cut.tracer.trace(leak(n))
    assert.deepEqual(again.exposures, once.exposures)
    assert.equal(once.exposures.length, 1)
  }
})

test('the index holds no word of what it finds', async () => {
  await using folder = await temporaryFolder()
  await using to = await openTestEvidence(folder.path)
  await recordSent(to, { request: leak(7) })
  await to.evidence.flush()
  await using tracing = await tracingOf(folder.path, to)
  await tracing.catchUp(() => false)
  for (const { run } of await tracing.index.runs()) {
    for (const { data } of await tracing.index.pages(run, -1, 100)) {
      const bytes = Buffer.from(data)
      for (const word of ['ledger', 'branch', 'deputy', 'quarterly'])
        assert.ok(!bytes.includes(word))
    }
  }
})

test('every exchange of a conversation that held a block is exposed, also through lists', async () => {
  await using folder = await temporaryFolder()
  await using to = await openTestEvidence(folder.path)
  const messages = [{ role: 'user' as const, text: leak(3) }]
  const ids: ExchangeId[] = []
  for (let turn = 0; turn < 24; turn += 1) {
    const { bytes, spans } = chatBody(messages)
    const facts = openingFacts()
    ids.push(facts.id)
    const recording = await to.evidence.recorder.open({ facts, body: wholeBody(bytes, spans) })
    await recording.close(closingFacts())
    messages.push({ role: 'user', text: `turn ${turn}` })
  }
  const alone = await recordSent(to, { request: 'another matter altogether' })
  await to.evidence.flush()
  await using tracing = await tracingOf(folder.path, to)
  await tracing.catchUp(() => false)
  const { exposures, first } = await tracing.tracer.trace(leak(3))
  assert.deepEqual(exposures.map(({ row }) => row.id).toSorted(), ids.toSorted())
  assert.equal(first?.exchange, ids[0])
  assert.ok(!exposures.some(({ row }) => row.id === alone))
})

test('a new store reads what an older index wrote', async () => {
  await using folder = await temporaryFolder()
  {
    await using to = await openTestEvidence(folder.path)
    await recordSent(to, { request: leak(9) })
    await to.evidence.flush()
    await using tracing = await tracingOf(folder.path, to)
    await tracing.catchUp(() => false)
  }
  await using store = await openStore({ kind: 'sqlite', folder: folder.path })
  await using tracing = await openTracing(
    { folder: folder.path, storage: { kind: 'sqlite', folder: folder.path } },
    store,
    () => '',
  )
  assert.equal((await tracing.tracer.trace(leak(9))).exposures.length, 1)
})

/** Reads of the record, each failing so often before it succeeds. */
function failing(code: string, times: number): Disk {
  const failed = new Map<string, number>()
  const tryFor = async <Result>(what: string, work: () => Promise<Result>): Promise<Result> => {
    const before = failed.get(what) ?? 0
    failed.set(what, before + 1)
    if (before < times) throw Object.assign(new Error(`${code}: injected`), { code })
    return work()
  }
  return {
    ...nodeDisk,
    openRead: (path) =>
      tryFor(`open ${path}`, async () => {
        const file = await nodeDisk.openRead(path)
        return {
          ...file,
          size: () => file.size(),
          close: () => file.close(),
          read: (position, length) =>
            tryFor(`read ${path} ${position}`, () => file.read(position, length)),
        }
      }),
  }
}

test('a disk that fails for a while has damaged nothing: everything is indexed, and no record is set aside', async () => {
  await using folder = await temporaryFolder()
  await using to = await openTestEvidence(folder.path, { limits: { segmentBytesMax: 20_000 } })
  for (const [n, [, sent]] of PLACES.entries()) await recordSent(to, sent(leak(n)))
  await to.evidence.flush()
  for (const [code, times] of [
    ['EIO', 1],
    ['EMFILE', 2],
    ['ENOENT', 3],
  ] as const) {
    await using other = await temporaryFolder()
    await using tracing = await openTracing(
      { folder: folder.path, storage: { kind: 'sqlite', folder: other.path } },
      to.store,
      () => '',
    )
    const mark = new WorkMark()
    const options = { ...tracing.parts, folder: folder.path, mark }
    const indexer = new TraceIndexer({
      ...options,
      disk: failing(code, times),
      // Each place fails once; what was read before a place is read again with it.
      readPausesMs: Array.from({ length: 200 }, () => 0),
    })
    assert.equal(await indexer.run({ isOver: () => false }), true)
    for (const n of PLACES.keys())
      assert.equal((await tracing.tracer.trace(leak(n))).exposures.length, 1, `${code} ${n}`)
    assert.deepEqual(await tracing.index.aside.list(), [])

    // One that goes on failing is an error of no record.
    const lost = new TraceIndexer({
      ...options,
      disk: failing(code, 99),
      readPausesMs: [0, 0],
    })
    await tracing.index.restart(newestOf(TRACE_VERSIONS).version)
    await assert.rejects(lost.run({ isOver: () => false }), { code })
    assert.equal(mark.get(), null)
  }
})
