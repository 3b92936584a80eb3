/** What every engine's exchange index must keep, as tests. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { newKeyId } from '../../src/lib/ids.ts'
import type { BlockRow, ExchangeRow } from '../../src/model/record.ts'
import type { EventRow, ExchangeIndex } from '../../src/store/exchange-index.ts'
import type { FreshDatabase } from './store-contract.ts'
import { openStore } from '../../src/store/store.ts'
import {
  EPOCH_MS,
  INSTANCE,
  OTHER_INSTANCE,
  batchOf,
  blockRow,
  closedRow,
  exchangeFilters,
  exchangeId,
  exchangeRows,
  listPlainly,
  openRow,
} from './samples.ts'

const RUNS = 24

export function indexContract(
  engine: string,
  fresh: () => Promise<FreshDatabase>,
  share: number,
): void {
  exchangeTests(engine, fresh, share)
  blockTests(engine, fresh)
  hostileTests(engine, fresh)
}

async function everything(index: ExchangeIndex): Promise<readonly ExchangeRow[]> {
  return index.list({ limit: 10_000 })
}

function exchangeTests(engine: string, fresh: () => Promise<FreshDatabase>, share: number): void {
  test(`${engine}: a row comes back as it was applied`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const rows = [
      openRow(1, { model: null, dialect: null, stream: false }),
      closedRow(2, { keyId: newKeyId(EPOCH_MS) }),
      closedRow(3, { state: 'refused', outcome: 'refused', errorCode: 'identity.unknown' }),
    ]
    await store.index.apply(batchOf({ exchanges: rows }))
    for (const row of rows) assert.deepEqual(await store.index.exchange(row.id), row)
    assert.deepEqual(await everything(store.index), rows.toReversed())
    assert.equal(await store.index.exchange(exchangeId(4)), null)
  })

  test(`${engine}: an open row never replaces a closed one`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    await store.index.apply(batchOf({ exchanges: [closedRow(1)] }))
    await store.index.apply(batchOf({ exchanges: [openRow(1)] }))
    await store.index.apply(batchOf({ exchanges: [closedRow(2), openRow(2)] }))
    assert.deepEqual(await everything(store.index), [closedRow(2), closedRow(1)])
    assert.deepEqual(await store.index.openExchanges(INSTANCE), [])
  })

  test(`${engine}: of two closed rows the one closed later in the segments stays`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const earlier = closedRow(1, { state: 'interrupted', outcome: 'crashed' })
    const later = closedRow(1, { closeSegment: 2, closeOffset: 16 })
    for (const order of [
      [earlier, later],
      [later, earlier],
    ]) {
      await store.index.clear()
      for (const row of order) await store.index.apply(batchOf({ exchanges: [row] }))
      assert.deepEqual(await everything(store.index), [later])
      await store.index.clear()
      await store.index.apply(batchOf({ exchanges: order }))
      assert.deepEqual(await everything(store.index), [later])
    }
  })

  test(`${engine}: applying in any order, cut anyhow, any number of times gives one index`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const count = 6
    const numbers = Array.from({ length: count }, (_, n) => n)
    const steps: readonly Partial<Parameters<ExchangeIndex['apply']>[0]>[] = [
      ...numbers.map((n) => ({ exchanges: [openRow(n)], blocks: [blockRow(n)] })),
      ...numbers.map((n) => ({ exchanges: [closedRow(n)] })),
      ...numbers.map((n) => ({ blocks: [blockRow(n, { segment: 2, offset: 8 })] })),
      ...numbers.map((n) => ({ events: [eventRow(n)] })),
      ...numbers.map((n) => ({
        position: { instance: INSTANCE, segment: 1 + (n % 2), offset: n },
      })),
    ]
    const order = fc
      .shuffledSubarray([...steps, ...steps], { minLength: steps.length * 2 })
      .map((shuffled) => cut(shuffled, 7))
    await fc.assert(
      fc.asyncProperty(order, async (batches) => {
        await store.index.clear()
        for (const batch of batches) {
          const parts = batch.map(batchOf)
          const last = parts
            .map((part) => part.position)
            .toSorted(byPosition)
            .at(-1)
          await store.index.apply({
            exchanges: parts.flatMap((part) => part.exchanges),
            blocks: parts.flatMap((part) => part.blocks),
            events: parts.flatMap((part) => part.events),
            findings: [],
            position: last!,
          })
        }
        assert.deepEqual(
          await everything(store.index),
          numbers.map((n) => closedRow(n)).toReversed(),
        )
        const blocks = await store.index.findBlocks(
          numbers.map((n) => blockRow(n).id),
          'default',
          INSTANCE,
        )
        assert.deepEqual(
          blocks.toSorted(byId),
          numbers.map((n) => blockRow(n)),
        )
        assert.deepEqual(
          await store.index.events(100),
          numbers.map((n) => eventRow(n)).toReversed(),
        )
        assert.deepEqual(await store.index.positions(), [
          { instance: INSTANCE, segment: 2, offset: count - 1 },
        ])
      }),
      { numRuns: (RUNS / 2) * share },
    )
  })

  test(`${engine}: every filter lists what the plainest filter lists, newest first`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    await fc.assert(
      fc.asyncProperty(
        exchangeRows,
        fc.array(exchangeFilters, { minLength: 10, maxLength: 30 }),
        async (rows, filters) => {
          await store.index.clear()
          await store.index.apply(batchOf({ exchanges: rows }))
          for (const filter of filters) {
            assert.deepEqual(await store.index.list(filter), listPlainly(rows, filter))
          }
        },
      ),
      { numRuns: RUNS * share },
    )
  })

  test(`${engine}: paging by the last id visits every row once`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const rows = Array.from({ length: 23 }, (_, n) => closedRow(n))
    await store.index.apply(batchOf({ exchanges: rows }))
    const seen: ExchangeRow[] = []
    for (;;) {
      const last = seen.at(-1)
      const page = await store.index.list({ limit: 5, ...(last && { before: last.id }) })
      if (page.length === 0) break
      seen.push(...page)
    }
    assert.deepEqual(seen, rows.toReversed())
  })

  test(`${engine}: open exchanges are those of the instance asked for`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const foreign = openRow(3, { instance: OTHER_INSTANCE })
    await store.index.apply(batchOf({ exchanges: [openRow(1), closedRow(2), foreign] }))
    assert.deepEqual(await store.index.openExchanges(INSTANCE), [openRow(1)])
    assert.deepEqual(await store.index.openExchanges(OTHER_INSTANCE), [foreign])
  })

  test(`${engine}: positions are kept per instance and never go back`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const at = (instance: typeof INSTANCE, segment: number, offset: number) =>
      store.index.apply(batchOf({ position: { instance, segment, offset } }))
    await at(INSTANCE, 2, 10)
    await at(OTHER_INSTANCE, 1, 5)
    await at(INSTANCE, 1, 999)
    await at(INSTANCE, 2, 9)
    assert.deepEqual(await store.index.positions(), [
      { instance: INSTANCE, segment: 2, offset: 10 },
      { instance: OTHER_INSTANCE, segment: 1, offset: 5 },
    ])
  })

  test(`${engine}: dropping the index empties it and leaves it usable`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const batch = batchOf({
      exchanges: [closedRow(1)],
      blocks: [blockRow(1)],
      events: [eventRow(1)],
    })
    for (const empty of [store.dropIndex, store.index.clear]) {
      await store.index.apply(batch)
      await empty()
      assert.deepEqual(await everything(store.index), [])
      assert.deepEqual(await store.index.findBlocks([blockRow(1).id], 'default', null), [])
      assert.deepEqual(await store.index.events(10), [])
      assert.deepEqual(await store.index.positions(), [])
    }
    await store.index.apply(batch)
    assert.deepEqual(await everything(store.index), [closedRow(1)])
  })
}

function blockTests(engine: string, fresh: () => Promise<FreshDatabase>): void {
  test(`${engine}: blocks are found by id, retention class and instance`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const mine = blockRow(1)
    const foreign = blockRow(1, { instance: OTHER_INSTANCE, segment: 9 })
    const longer = blockRow(1, { retentionClass: 'ten-years', segment: 5 })
    await store.index.apply(batchOf({ blocks: [mine, foreign, longer, blockRow(2)] }))
    const find = async (ids: readonly string[], retentionClass: string, mineOnly: boolean) => {
      const rows = await store.index.findBlocks(ids, retentionClass, mineOnly ? INSTANCE : null)
      return rows.toSorted((a, b) => a.segment - b.segment)
    }
    assert.deepEqual(await find([mine.id], 'default', true), [mine])
    assert.deepEqual(await find([mine.id], 'default', false), [mine, foreign])
    assert.deepEqual(await find([mine.id], 'ten-years', true), [longer])
    assert.deepEqual(await find([mine.id], 'unknown', true), [])
    assert.deepEqual(await find([blockRow(3).id], 'default', true), [])
    assert.deepEqual(await find([], 'default', true), [])
    assert.equal((await find([mine.id, blockRow(2).id, blockRow(3).id], 'default', true)).length, 2)
  })

  test(`${engine}: a block stays where it was stored first`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const first = blockRow(1)
    const again: BlockRow = { ...first, segment: 4, offset: 2, firstExchange: exchangeId(8) }
    await store.index.apply(batchOf({ blocks: [again, first] }))
    await store.index.apply(batchOf({ blocks: [again] }))
    assert.deepEqual(await store.index.findBlocks([first.id], 'default', INSTANCE), [first])
  })
}

function hostileTests(engine: string, fresh: () => Promise<FreshDatabase>): void {
  const hostile = [
    "'; drop table exchanges; --",
    '"); delete from exchanges; --',
    '\\',
    '$1',
    '?',
    '{"a":[1,"}',
    '名前 \u{1F600} e\u0301 \u202E',
    '%_*',
  ]

  test(`${engine}: hostile texts are stored and found as themselves`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const rows = hostile.map((text, n) =>
      closedRow(n, { principal: text, model: text, userAgent: text, path: text, service: text }),
    )
    const events = hostile.map((text, n) => eventRow(n, text))
    await store.index.apply(batchOf({ exchanges: rows, events }))
    for (const row of rows) {
      assert.deepEqual(await store.index.list({ principal: row.principal, limit: 9 }), [row])
      assert.deepEqual(await store.index.list({ service: row.service, limit: 9 }), [row])
    }
    assert.deepEqual(await store.index.events(100), events.toReversed())
  })

  test(`${engine}: texts that no database takes are stored with replacement characters`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    await store.index.apply(
      batchOf({
        exchanges: [closedRow(1, { model: 'a\0b', path: '/\uD800' })],
        events: [eventRow(1, 'nul \0 and \uDC00')],
      }),
    )
    const row = await store.index.exchange(exchangeId(1))
    assert.equal(row?.model, 'a\uFFFDb')
    assert.equal(row.path, '/\uFFFD')
    assert.equal((await store.index.list({ model: 'a\0b', limit: 1 })).length, 1)
    assert.deepEqual((await store.index.events(1))[0], eventRow(1, 'nul \0 and \uDC00'))
  })

  test(`${engine}: huge texts are cut and stay findable`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    // Random, so that PostgreSQL cannot compress it below the limit of an index row.
    const huge = Array.from({ length: 20_000 }, (_, n) => `${n * 7919}語`).join('')
    const row = closedRow(1, { model: huge, principal: huge, service: huge, path: huge })
    await store.index.apply(batchOf({ exchanges: [row] }))
    const stored = await store.index.exchange(row.id)
    assert.equal(stored?.model, huge.slice(0, 512))
    assert.equal(stored.path, huge.slice(0, 4096))
    assert.deepEqual(await store.index.list({ model: huge, limit: 2 }), [stored])
    assert.deepEqual(await store.index.list({ principal: huge, service: huge, limit: 2 }), [stored])
  })

  test(`${engine}: numbers that no column takes do not stop the index`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    await store.index.apply(
      batchOf({
        exchanges: [
          closedRow(1, { inputTokens: 1.5, outputTokens: 1e300, durationMs: Number.NaN }),
          closedRow(2, { inputTokens: -Infinity, firstByteMs: Infinity }),
        ],
      }),
    )
    const row = await store.index.exchange(exchangeId(1))
    assert.equal(row?.inputTokens, 1)
    assert.equal(row.outputTokens, Number.MAX_SAFE_INTEGER)
    assert.equal(row.durationMs, null)
    assert.equal((await store.index.exchange(exchangeId(2)))?.firstByteMs, null)
  })

  test(`${engine}: a batch that fails leaves nothing behind and the next one works`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a broken caller hands over
    const broken = { ...blockRow(1), retentionClass: null } as unknown as BlockRow
    await assert.rejects(
      store.index.apply(batchOf({ exchanges: [closedRow(1)], blocks: [broken] })),
      /null/i,
    )
    assert.deepEqual(await everything(store.index), [])
    await store.index.apply(batchOf({ exchanges: [closedRow(1)], blocks: [blockRow(1)] }))
    assert.deepEqual(await everything(store.index), [closedRow(1)])
  })
}

function eventRow(n: number, text = 'operator'): EventRow {
  return {
    id: `ev_${String(n).padStart(26, '0')}`,
    event: {
      type: 'key.created',
      atMs: EPOCH_MS + n,
      actor: text.toWellFormed().replaceAll('\0', '\uFFFD'),
      details: { text, number: n, yes: true, none: null },
    },
    instance: INSTANCE,
    segment: 1,
    offset: n,
  }
}

function cut<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  const parts: (readonly Item[])[] = []
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size))
  return parts
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1
}

function byPosition(
  a: { readonly segment: number; readonly offset: number },
  b: { readonly segment: number; readonly offset: number },
): number {
  return a.segment - b.segment || a.offset - b.offset
}
