import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  chatBody,
  closingFacts,
  openingFacts,
  openTestEvidence,
  temporaryFolder,
  wholeBody,
} from '../../test/harness/evidence.ts'
import { faultyDisk } from '../../test/harness/faulty-disk.ts'
import type { ExchangeId } from '../lib/ids.ts'
import type { FindingRecord } from '../model/masking.ts'
import { openStore, type Store } from '../store/store.ts'
import type { ExchangeIndex } from '../store/exchange-index.ts'
import { openLocalKeyProvider } from './key-provider.ts'
import { EvidenceReader } from './reader.ts'
import type { Evidence } from './open-evidence.ts'
import { reindex } from './reindex.ts'
import { until } from '../../test/harness/until.ts'

const LIMITS = { segmentBytesMax: 30_000, diskDeadlineMs: 10_000, probeMs: 20, streamCommitMs: 5 }

/** Traffic of every kind: shared blocks, streamed uploads, refusals, long answers, several classes. */
async function traffic(evidence: Evidence, rounds: number): Promise<readonly ExchangeId[]> {
  const ids: ExchangeId[] = []
  const { recorder } = evidence
  for (let n = 0; n < rounds; n += 1) {
    const body = chatBody([
      { role: 'system', text: 'shared '.repeat(50) },
      { role: 'user', text: `round ${n} ${'q'.repeat(n * 20)}` },
    ])
    const facts = openingFacts({
      retentionClass: n % 5 === 4 ? 'legal' : 'default',
      toolNames: n % 4 === 0 ? ['read', `tool\n${n}`] : [],
      ...(n % 3 === 0 ? { findings: found('iban', 3) } : {}),
    })
    ids.push(facts.id)
    if (n % 7 === 3) {
      const refused = closingFacts({
        state: 'refused',
        outcome: 'refused',
        status: 403,
        errorCode: 'identity.expired',
        ...(n % 2 === 0 ? {} : { findings: found('email', 1) }),
      })
      recorder.refuse({ facts, body: wholeBody(body.bytes, body.spans) }, refused)
      continue
    }
    const streamed = n % 6 === 2
    const recording = await recorder.open({
      facts,
      body: streamed ? { kind: 'streamed' } : wholeBody(body.bytes, body.spans),
    })
    if (streamed) {
      recording.requestChunk(Buffer.from('upload one'), performance.now())
      await recording.durable()
      recording.requestChunk(Buffer.from('upload two'), performance.now())
    }
    recording.answerHead({ status: 200, headers: [['x', `${n}`]] }, 'upstream', performance.now())
    recording.answerChunk(Buffer.alloc(n * 100, 'a'), performance.now())
    if (n % 3 === 0) await recording.durable()
    recording.answerChunk(Buffer.from('end'), performance.now())
    const answered = n % 2 === 0 ? {} : { findings: found('email', 2) }
    await recording.close(closingFacts({ answerBytes: n * 100 + 3, ...answered }))
  }
  return ids
}

/** The same value `times` times, and once another. */
function found(rule: string, times: number): readonly FindingRecord[] {
  const one = (n: number, digit: string): FindingRecord => ({
    rule,
    entity: rule.toUpperCase(),
    score: 0.5 + n / 10,
    block: null,
    channel: '',
    start: n,
    end: n + 9,
    spelling: 'plain',
    operator: 'keep',
    fingerprint: digit.repeat(64),
  })
  return [...Array.from({ length: times }, (_, n) => one(n, 'a')), one(0, 'b')]
}

async function contents({ index, search }: Store, blockIds: readonly string[]) {
  const exchanges = await index.list({ limit: 1000 })
  const events = await index.events(1000)
  const byId = <T extends { readonly id: string }>(rows: readonly T[]) =>
    rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  return {
    exchanges: byId(exchanges),
    events: byId(events),
    findings: await search.findingsOf(exchanges.map(({ id }) => id)),
    blocks: {
      default: byId(await index.findBlocks(blockIds, 'default', null)),
      legal: byId(await index.findBlocks(blockIds, 'legal', null)),
    },
  }
}

/** Equal findings of one direction are one row with their number; rows of the list say which there are. */
function checkFindings({ exchanges, findings }: Awaited<ReturnType<typeof contents>>): void {
  assert.ok(findings.length > 20)
  for (const { rule, direction, count, score, fingerprint } of findings) {
    const isRepeated = fingerprint.startsWith('a')
    if (rule !== 'iban') continue
    assert.deepEqual(
      [direction, count, score],
      ['request', isRepeated ? 3 : 1, isRepeated ? 0.7 : 0.5],
    )
  }
  for (const row of exchanges) {
    const own = findings.filter(({ exchange }) => exchange === row.id)
    assert.deepEqual(row.findingsIn, [...new Set(own.map(({ direction }) => direction))].toSorted())
    assert.deepEqual(row.rules, [...new Set(own.map(({ rule }) => rule))].toSorted())
    const digits = own.map(({ fingerprint }) => fingerprint.slice(0, 16))
    assert.deepEqual(row.fingerprints, [...new Set(digits)].toSorted())
  }
}

async function compareAfterReindex(folder: string, store: Store): Promise<void> {
  const keyProvider = await openLocalKeyProvider(join(folder, 'keys'))
  const reader = new EvidenceReader({ folder, index: store.index, keyProvider })
  const blockIds: string[] = []
  for (const row of await store.index.list({ limit: 1000 })) {
    const found = await reader.readRow(row)
    assert.deepEqual(found.problems, [])
    blockIds.push(...found.requestBlocks.map((block) => block.id))
  }
  const before = await contents(store, blockIds)
  assert.ok(before.exchanges.length > 10 && before.blocks.default.length > 5)
  checkFindings(before)
  const report = await reindex({ folder, index: store.index, keyProvider })
  assert.deepEqual(report.damage, [])
  assert.deepEqual(await contents(store, blockIds), before)
}

test('an index built from segments alone equals the live one', async () => {
  await using folder = await temporaryFolder()
  await using store = await openStore({ kind: 'sqlite', folder: folder.path })
  for (let run = 0; run < 2; run += 1) {
    await using opened = await openTestEvidence(folder.path, { limits: LIMITS })
    await traffic(opened.evidence, 25)
  }
  await compareAfterReindex(folder.path, store)
})

test('an index built again after failed segments equals the live one', async () => {
  await using folder = await temporaryFolder()
  await using store = await openStore({ kind: 'sqlite', folder: folder.path })
  {
    const faulty = faultyDisk()
    await using opened = await openTestEvidence(folder.path, { disk: faulty.disk, limits: LIMITS })
    let syncs = 0
    // The data reach the file and the sync fails: the frames lie in two segments, and count once.
    faulty.decide = (call) => {
      if (call.name !== 'fdatasync') return null
      syncs += 1
      return syncs % 10 === 7 ? 'EIO' : null
    }
    await traffic(opened.evidence, 25)
    faulty.decide = () => null
  }
  await compareAfterReindex(folder.path, store)
})

test('rows that were let go while the database was away are read from the segments again', async () => {
  await using folder = await temporaryFolder()
  await using store = await openStore({ kind: 'sqlite', folder: folder.path })
  let away = false
  let applied = 0
  const index: ExchangeIndex = {
    ...store.index,
    apply: async (batch) => {
      if (away) throw new Error('the database is away')
      applied += batch.exchanges.length
      await store.index.apply(batch)
    },
  }
  {
    await using opened = await openTestEvidence(folder.path, {
      index,
      limits: { ...LIMITS, indexBacklogMax: 10 },
    })
    away = true
    const ids = await traffic(opened.evidence, 25)
    await opened.evidence.flush()
    assert.equal(applied, 0)
    assert.equal(opened.evidence.isIndexed(), false)
    // The reader finds what the index does not know yet.
    const found = await opened.evidence.reader.readExchange(ids[0]!)
    assert.equal(found?.row.state, 'complete')
    away = false
    await until(() => opened.evidence.isIndexed())
    await opened.evidence.flush()
    assert.equal(opened.evidence.isIndexed(), true)
    assert.equal((await store.index.list({ limit: 100 })).length, 25)
  }
  await compareAfterReindex(folder.path, store)
})

test('another process reads a running gateway, an open exchange included', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const facts = openingFacts()
  const body = chatBody([{ role: 'user', text: 'still running' }])
  const recording = await opened.evidence.recorder.open({
    facts,
    body: wholeBody(body.bytes, body.spans),
  })
  recording.answerHead({ status: 200, headers: [] }, 'upstream', performance.now())
  recording.answerChunk(Buffer.from('so far'), performance.now())
  await recording.durable()
  const keyProvider = await openLocalKeyProvider(join(folder.path, 'keys'))
  const outside = new EvidenceReader({
    folder: folder.path,
    index: opened.store.index,
    keyProvider,
  })
  const found = await outside.readExchange(facts.id)
  assert.equal(found?.closing, null)
  assert.equal(found?.row.state, 'open')
  assert.deepEqual(found?.requestBody, body.bytes)
  assert.equal(found?.answerHead?.status, 200)
  assert.deepEqual(
    found?.answerChunks.map((chunk) => chunk.bytes.toString()),
    ['so far'],
  )
  assert.deepEqual(found?.problems, [])
  await recording.close(closingFacts({ answerBytes: 6 }))
})
