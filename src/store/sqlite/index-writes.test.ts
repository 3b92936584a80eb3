import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { temporaryFolder } from '../../../test/harness/temporary-folder.ts'
import {
  EPOCH_MS,
  INSTANCE,
  batchOf,
  blockRow,
  closedRow,
  exchangeId,
  openRow,
} from '../../../test/store/samples.ts'
import type { IndexBatch } from '../exchange-index.ts'
import { openStore } from '../store.ts'
import { encodeBatch } from './index-batch.ts'
import { createIndexWrites } from './index-writes.ts'

const numbers = Array.from({ length: 300 }, (_, n) => n)

function batches(): readonly IndexBatch[] {
  const found = (n: number) => ({
    exchange: exchangeId(n),
    direction: 'request' as const,
    entity: 'EMAIL_ADDRESS',
    rule: 'email',
    score: 0.9,
    fingerprint: `f${n}`,
    operator: 'mask' as const,
    count: 1,
  })
  const erased = {
    id: 'event-1',
    event: {
      type: 'record.erased' as const,
      atMs: EPOCH_MS + 5000,
      actor: 'dpo@example.com',
      details: { erasure: 'er_1', cause: 'request', rule: 'person', reason: 'asked for' },
      records: [exchangeId(7)],
    },
    instance: INSTANCE,
    segment: 2,
    offset: 40,
  }
  return [
    batchOf({ exchanges: numbers.map((n) => openRow(n)), blocks: numbers.map((n) => blockRow(n)) }),
    batchOf({ exchanges: numbers.map((n) => closedRow(n)), findings: [found(3), found(7)] }),
    batchOf({
      exchanges: [closedRow(500, { model: 'odd \0 \ud800 name', firstByteMs: Number.NaN })],
      events: [erased],
      position: { instance: INSTANCE, segment: 2, offset: 99 },
    }),
    batchOf({ exchanges: [closedRow(7)], findings: [found(7)] }),
  ]
}

test('a thread of its own leaves the same index as the thread of the callers', async () => {
  using folders = temporaryFolder()
  const written = async (servesCallers: boolean) => {
    const folder = join(folders.path, String(servesCallers))
    await using store = await openStore({ kind: 'sqlite', folder }, { servesCallers })
    for (const batch of batches()) await store.index.apply(batch)
    const { index, search } = store
    return {
      rows: await index.list({ limit: 1000 }),
      positions: await index.positions(),
      blocks: await index.findBlocks(
        numbers.map((n) => blockRow(n).id),
        'default',
        INSTANCE,
      ),
      events: await index.events(10),
      tombstone: await index.erasure.tombstone(exchangeId(7)),
      findings: [
        await search.findingsOf([exchangeId(3)]),
        await search.findingsOf([exchangeId(7)]),
      ],
    }
  }
  const [here, there] = [await written(false), await written(true)]
  assert.deepEqual(there, here)
  assert.equal(there.rows.length, 300, 'one of 301 was erased')
})

test('batches that are given at once are written in their order, and closing waits for them', async () => {
  using folder = temporaryFolder()
  const options = { kind: 'sqlite', folder: folder.path } as const
  const given: Promise<void>[] = []
  {
    await using store = await openStore(options, { servesCallers: true })
    for (const n of numbers.slice(0, 40)) {
      const position = { instance: INSTANCE, segment: 1, offset: n }
      given.push(store.index.apply(batchOf({ exchanges: [openRow(n)], position })))
    }
  }
  await Promise.all(given)
  await using store = await openStore(options)
  assert.equal((await store.index.list({ limit: 100 })).length, 40)
  assert.equal((await store.index.positions())[0]?.offset, 39)
})

test('what was written reaches the database file while the store is open and writing', async () => {
  using folder = temporaryFolder()
  await using store = await openStore({ kind: 'sqlite', folder: folder.path })
  const file = join(folder.path, 'index.db')
  const sizeBefore = statSync(file).size
  let rounds = 0
  // Each round writes 600 rows; the log is copied after 5000.
  while (statSync(file).size <= sizeBefore + 1_000_000) {
    assert.ok(rounds < 2000, 'the file never grew')
    const first = rounds * numbers.length
    await store.index.apply(
      batchOf({
        exchanges: numbers.map((n) => closedRow(first + n)),
        blocks: numbers.map((n) => blockRow(first + n)),
      }),
    )
    rounds += 1
    await pause(1)
  }
  const rows = await store.index.list({ limit: 1_000_000 })
  assert.equal(rows.length, rounds * numbers.length)
})

test('rows are refused, not lost or waited for, while a thread cannot open the database', async () => {
  using folder = temporaryFolder()
  await using writes = createIndexWrites({
    path: join(folder.path, 'missing', 'index.db'),
    writeHere: () => assert.fail('written by the thread of the callers'),
    fromStart: true,
  })
  const batch = encodeBatch(batchOf({ exchanges: [closedRow(1)] }))
  for (let n = 0; n < 2; n += 1) await assert.rejects(writes.apply(batch), /ENOENT/)
})
