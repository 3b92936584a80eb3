/** What every engine's erasure index must keep, as tests. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FindingRow } from '../../src/model/masking.ts'
import type { EvidenceEvent } from '../../src/model/record.ts'
import { openStore } from '../../src/store/store.ts'
import type { EventRow } from '../../src/store/exchange-index.ts'
import type { FreshDatabase } from './store-contract.ts'
import {
  EPOCH_MS,
  INSTANCE,
  OTHER_INSTANCE,
  batchOf,
  blockRow,
  closedRow,
  exchangeId,
  openRow,
} from './samples.ts'

const erased = (n: number, records: readonly string[]): EventRow => ({
  id: `ev_${String(n).padStart(26, '0')}`,
  event: {
    type: 'record.erased',
    atMs: EPOCH_MS + 5000,
    actor: 'ada',
    details: { erasure: `er_${n}`, cause: 'retention', rule: 'short', reason: 'old' },
    records,
  },
  instance: INSTANCE,
  segment: 1,
  offset: 9000 + n,
})

const finding = (n: number): FindingRow => ({
  exchange: exchangeId(n),
  direction: 'request',
  entity: 'email',
  rule: 'email',
  score: 1,
  fingerprint: 'f'.repeat(16),
  operator: 'replace',
  count: 1,
})

export function erasureContract(engine: string, fresh: () => Promise<FreshDatabase>): void {
  test(`${engine}: the event of an erasure takes the rows away and leaves tombstones, in any order`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { index } = store
    const exchanges = [closedRow(1), closedRow(2), closedRow(3)]
    await index.apply(batchOf({ exchanges, findings: [finding(1), finding(2)] }))
    assert.equal((await store.search.findingsOf([exchangeId(1), exchangeId(2)])).length, 2)
    await index.apply(batchOf({ events: [erased(1, [exchangeId(1), exchangeId(2)])] }))
    for (let again = 0; again < 2; again += 1) {
      assert.equal(await index.exchange(exchangeId(1)), null)
      assert.deepEqual(await index.list({ limit: 10 }), [closedRow(3)])
      assert.deepEqual(await index.erasure.tombstone(exchangeId(2)), {
        id: exchangeId(2),
        erasedAtMs: EPOCH_MS + 5000,
        erasure: 'er_1',
        event: erased(1, []).id,
        cause: 'retention',
        rule: 'short',
        actor: 'ada',
        reason: 'old',
      })
      // Read from the segments once more.
      await index.apply(
        batchOf({ exchanges: [closedRow(1), openRow(2)], findings: [finding(1), finding(2)] }),
      )
      assert.deepEqual(await store.search.findingsOf([exchangeId(1), exchangeId(2)]), [])
      await index.apply(batchOf({ events: [erased(1, [exchangeId(1), exchangeId(2)])] }))
    }
    const ids = async (filter: { readonly erasure?: string; readonly before?: string }) =>
      (await index.erasure.tombstones({ ...filter, limit: 10 })).map(({ id }) => id)
    assert.deepEqual(await ids({}), [exchangeId(2), exchangeId(1)])
    assert.deepEqual(await ids({ before: exchangeId(2) }), [exchangeId(1)])
    assert.deepEqual(await ids({ erasure: 'er_2' }), [])
    const { countErased } = index.erasure
    const counts = [
      await countErased(EPOCH_MS, EPOCH_MS + 10),
      await countErased(EPOCH_MS + 2, EPOCH_MS + 3),
      await countErased(EPOCH_MS, EPOCH_MS + 1),
      await countErased(EPOCH_MS + 3, EPOCH_MS + 10),
    ]
    assert.deepEqual(counts, [2, 1, 0, 0])
    assert.equal(await index.erasure.tombstone(exchangeId(3)), null)
  })

  test(`${engine}: what was erased is not found, counted or listed by a search that knew it`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { index, search } = store
    await index.apply(batchOf({ exchanges: [1, 2, 3, 4].map((n) => closedRow(n)) }))
    const query = { values: { principal: ['alice@example.com'] } }
    assert.equal((await search.facets(query, 5)).total, 4)
    await index.apply(batchOf({ events: [erased(1, [exchangeId(2)])] }))
    await index.apply(batchOf({ events: [erased(2, [exchangeId(4)])] }))
    assert.equal((await search.facets(query, 5)).total, 2)
    const rows = await search.list(query, { limit: 10 })
    assert.deepEqual(
      rows.map(({ id }) => id),
      [exchangeId(3), exchangeId(1)],
    )
    await index.apply(batchOf({ exchanges: [closedRow(5)] }))
    assert.equal((await search.facets(query, 5)).total, 3)
  })

  test(`${engine}: what has expired comes oldest first, of one class and these instances, closed only`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { erasure } = store.index
    await store.index.apply(
      batchOf({
        exchanges: [
          closedRow(1),
          closedRow(2, { retentionClass: 'long' }),
          openRow(3),
          closedRow(4, { instance: OTHER_INSTANCE }),
          closedRow(5),
          closedRow(6),
        ],
      }),
    )
    const query = {
      retentionClass: 'default',
      instances: [INSTANCE],
      before: exchangeId(6),
    }
    const ids = async (more: object) =>
      (await erasure.expired({ ...query, limit: 10, ...more })).map(({ id }) => id)
    assert.deepEqual(await ids({}), [exchangeId(1), exchangeId(5)])
    assert.deepEqual(await ids({ after: exchangeId(1) }), [exchangeId(5)])
    assert.deepEqual(await ids({ limit: 1 }), [exchangeId(1)])
    assert.deepEqual(await ids({ instances: [] }), [])
    assert.deepEqual(await ids({ instances: [INSTANCE, OTHER_INSTANCE] }), [
      exchangeId(1),
      exchangeId(4),
      exchangeId(5),
    ])
    assert.deepEqual(await erasure.countExpired(query), {
      exchanges: 2,
      bytes: 2 * closedRow(1).storedBytes,
      oldestMs: EPOCH_MS + 1,
    })
    assert.deepEqual(await erasure.countExpired({ ...query, before: exchangeId(0) }), {
      exchanges: 0,
      bytes: 0,
      oldestMs: null,
    })
  })

  test(`${engine}: references are a set, and go one by one`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { erasure } = store.index
    const id = 'a'.repeat(64)
    const ref = (holder: string) => ({ id, retentionClass: 'default', holder })
    const position = { instance: INSTANCE, segment: 2, offset: 7 }
    await erasure.addRefs([ref('ex_b'), ref('ex_a')], position)
    await erasure.addRefs([ref('ex_a'), ref('at:x')], { ...position, offset: 9 })
    assert.deepEqual(await erasure.holders(id, 'default', 10), ['at:x', 'ex_a', 'ex_b'])
    assert.deepEqual(await erasure.holders(id, 'default', 2), ['at:x', 'ex_a'])
    assert.deepEqual(await erasure.holders(id, 'long', 10), [])
    assert.deepEqual(await erasure.refPositions(), [{ ...position, offset: 9 }])
    await erasure.forget({ exchanges: [], blocks: [], refs: [ref('ex_a')] })
    assert.deepEqual(await erasure.holders(id, 'default', 10), ['at:x', 'ex_b'])
  })

  test(`${engine}: of the rows of a block only that of the erased copy goes, and comes back when it was not erased`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { index } = store
    const copies = [blockRow(1), blockRow(1, { instance: OTHER_INSTANCE })]
    await index.apply(batchOf({ blocks: copies }))
    const found = async () => index.findBlocks([blockRow(1).id], 'default', null)
    await index.erasure.forgetBlocks([blockRow(1, { offset: 4711 })])
    assert.equal((await found()).length, 2)
    await index.erasure.forgetBlocks([blockRow(1)])
    assert.deepEqual(await found(), [copies[1]])
    await index.erasure.restoreBlocks([blockRow(1)])
    assert.equal((await found()).length, 2)
    await index.erasure.scrub()
  })

  test(`${engine}: the events that speak of a record are found by it, oldest first, each once`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const rows = [3, 1, 2].map((n) => erased(n, [exchangeId(n), exchangeId(9)]))
    await store.index.apply(batchOf({ events: rows }))
    await store.index.apply(batchOf({ events: rows }))
    const ids = async (record: string, limit = 10) =>
      (await store.index.eventsOf(record, limit)).map(({ id }) => id)
    const [third, first, second] = rows.map(({ id }) => id)
    assert.deepEqual(await ids(exchangeId(9)), [first, second, third])
    assert.deepEqual(await ids(exchangeId(9), 2), [first, second])
    assert.deepEqual(await ids(exchangeId(2)), [second])
    assert.deepEqual(await ids('nobody'), [])
  })

  test(`${engine}: the steps of key rotations are found among all events, newest first`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const step = (n: number, type: EvidenceEvent['type']): EventRow => {
      const row = erased(n, [])
      return { ...row, event: { ...row.event, type } }
    }
    const rows = [
      step(1, 'keyring.prepared'),
      step(2, 'record.erased'),
      step(3, 'keyring.rewrapped'),
      step(4, 'keyring.retired'),
    ]
    await store.index.apply(batchOf({ events: rows }))
    const ids = async (limit: number) =>
      (await store.index.keyringEvents(limit)).map(({ id }) => id)
    assert.deepEqual(await ids(10), [rows[3]?.id, rows[2]?.id, rows[0]?.id])
    assert.deepEqual(await ids(1), [rows[3]?.id])
  })

  test(`${engine}: all events of some types are found among the others, oldest first, and those of a moment as they were written`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const row = (n: number, type: EvidenceEvent['type'], atMs: number): EventRow => {
      const one = erased(n, [])
      return { ...one, event: { ...one.event, type, atMs }, offset: 1000 - n }
    }
    const rows = [
      row(1, 'lock.released', 9),
      row(2, 'lock.set', 9),
      row(3, 'evidence.read', 5),
      row(4, 'lock.set', 4),
    ]
    await store.index.apply(batchOf({ events: rows }))
    const found = await store.index.eventsOfTypes(['lock.set', 'lock.released'])
    assert.deepEqual(
      found.map(({ id }) => id),
      [rows[3]?.id, rows[1]?.id, rows[0]?.id],
    )
    assert.deepEqual(await store.index.eventsOfTypes(['hold.set']), [])
  })

  test(`${engine}: events are read behind a place in the order in which they were written`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const placed = (n: number, segment: number, offset: number, instance = INSTANCE) => ({
      ...erased(n, []),
      instance,
      segment,
      offset,
    })
    // Ids ascend with time, which may step back.
    const rows = [
      placed(3, 1, 10),
      placed(1, 1, 90),
      placed(2, 2, 5),
      placed(4, 0, 0, OTHER_INSTANCE),
    ]
    await store.index.apply(batchOf({ events: rows.toReversed() }))
    const ids = rows.map(({ id }) => id)
    const after = async (segment: number, offset: number, limit = 10) => {
      const place = { instance: INSTANCE, segment, offset }
      const found = await store.index.eventsAfter([INSTANCE, OTHER_INSTANCE], place, limit)
      return found.map(({ id }) => id)
    }
    assert.deepEqual(await after(0, 0), ids)
    assert.deepEqual(await after(0, 0, 2), ids.slice(0, 2))
    assert.deepEqual(await after(1, 10), ids.slice(1))
    assert.deepEqual(await after(9, 0), ids.slice(3))
    const own = await store.index.eventsAfter(
      [INSTANCE],
      { instance: '', segment: 0, offset: 0 },
      9,
    )
    assert.deepEqual(
      own.map(({ id }) => id),
      ids.slice(0, 3),
    )
  })
}
