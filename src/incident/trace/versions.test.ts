import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestEvidence, temporaryFolder } from '../../../test/harness/evidence.ts'
import { leak, recordSent, tracingOf } from '../../../test/harness/traced.ts'
import type { Tracing } from '../../app/open-tracing.ts'
import { nodeDisk } from '../../evidence/disk.ts'
import { TraceIndexer } from './indexer.ts'
import { createTracer } from './tracer.ts'
import { newestOf, TRACE_VERSIONS, type TraceVersions } from './versions.ts'

const [first] = TRACE_VERSIONS
const second = TRACE_VERSIONS[1] ?? first
const newest = newestOf(TRACE_VERSIONS)
/** A normalisation that is really another: of its grams none is one of the others. */
const reversed = {
  ...second,
  version: 900,
  normalise: (text: string) => {
    const normalised = second.normalise(text)
    return { ...normalised, units: normalised.units.slice(0, normalised.length).toReversed() }
  },
}

const indexerOf = (tracing: Tracing, folder: string, versions: TraceVersions): TraceIndexer =>
  new TraceIndexer({ ...tracing.parts, disk: nodeDisk, folder, versions })

async function versionsIn(tracing: Tracing): Promise<readonly number[]> {
  return [...new Set((await tracing.index.runs()).map(({ version }) => version))].sort()
}

test('a gateway of a newer version makes its index in the background, and what is old or new is found at every step', async () => {
  await using folder = await temporaryFolder()
  {
    await using to = await openTestEvidence(folder.path)
    for (let n = 0; n < 8; n += 1) await recordSent(to, { request: leak(n) })
    await to.evidence.flush()
    await using tracing = await tracingOf(folder.path, to)
    await indexerOf(tracing, folder.path, [first]).run({ isOver: () => false })
    assert.deepEqual(await versionsIn(tracing), [first.version])
  }
  await using to = await openTestEvidence(folder.path)
  for (let n = 20; n < 24; n += 1) await recordSent(to, { request: leak(n) })
  await to.evidence.flush()
  await using tracing = await tracingOf(folder.path, to)
  const versions: TraceVersions = [first, second, reversed]
  const tracer = createTracer({ ...tracing.parts, versions })
  const foundOf = async (n: number): Promise<number> =>
    (await tracer.trace(leak(n))).exposures.length
  assert.deepEqual([await foundOf(0), await foundOf(7), await foundOf(20)], [1, 1, 0])

  const indexer = indexerOf(tracing, folder.path, versions)
  let tickets = 0
  let isWhole = await indexer.run({ isOver: () => (tickets += 1) > 14 })
  assert.equal(isWhole, false)
  assert.deepEqual(await versionsIn(tracing), [first.version, reversed.version])
  // The newest run of the gateway was read first; of the old one a part.
  assert.deepEqual([await foundOf(0), await foundOf(7), await foundOf(20)], [1, 1, 1])

  for (let tries = 0; !isWhole && tries < 50; tries += 1) {
    tickets = 0
    isWhole = await indexer.run({ isOver: () => (tickets += 1) > 3 })
    assert.deepEqual([await foundOf(0), await foundOf(7), await foundOf(23)], [1, 1, 1])
  }
  assert.equal(isWhole, true)
  const old = (await tracing.index.runs()).filter(({ version }) => version === first.version)
  await tracing.index.removeRuns(old.map(({ run }) => run))
  for (const n of [0, 1, 2, 3, 4, 5, 6, 7, 20, 21, 22, 23]) assert.equal(await foundOf(n), 1)
})

test('the index of an older version goes when the newest has read everything', async () => {
  await using folder = await temporaryFolder()
  await using to = await openTestEvidence(folder.path)
  for (let n = 0; n < 4; n += 1) await recordSent(to, { request: leak(n) })
  await to.evidence.flush()
  await using tracing = await tracingOf(folder.path, to)
  await indexerOf(tracing, folder.path, [first]).run({ isOver: () => false })
  let tickets = 0
  await tracing.catchUp(() => (tickets += 1) > 5)
  assert.deepEqual(await versionsIn(tracing), [first.version, newest.version])
  assert.ok((await tracing.index.positions(first.version)).length > 0)
  assert.equal(await tracing.catchUp(() => false), true)
  assert.deepEqual(await versionsIn(tracing), [newest.version])
  assert.deepEqual(await tracing.index.positions(first.version), [])
  for (let n = 0; n < 4; n += 1) {
    assert.equal((await tracing.tracer.trace(leak(n))).exposures.length, 1)
  }
})
