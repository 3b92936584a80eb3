/** What the trace index must keep on every engine. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { forgetDocuments, mergeRuns } from '../../src/incident/trace/merge-runs.ts'
import { PostingList } from '../../src/store/trace/posting-list.ts'
import { documentsIn, pagesOf } from '../../src/store/trace/posting-page.ts'
import { openTraceStore } from '../../src/store/trace/open-trace-store.ts'
import type { TraceStore } from '../../src/store/trace/trace-store.ts'
import { INSTANCE, exchangeId } from './samples.ts'
import type { FreshDatabase } from './store-contract.ts'

type Pair = readonly [key: number, document: number]

function pages(pairs: readonly Pair[]) {
  const list = new PostingList()
  for (const [key, document] of pairs) list.add(key, document)
  return pagesOf(list.sorted())
}

async function found(store: TraceStore, keys: readonly number[]): Promise<Map<number, number[]>> {
  const all = new Map<number, Set<number>>()
  const runs = (await store.runs()).map(({ run }) => run)
  for (const page of await store.pagesWith(runs, keys)) {
    for (const [key, documents] of documentsIn(page.firstKey, page.data, page.keys)) {
      all.set(key, new Set([...(all.get(key) ?? []), ...documents]))
    }
  }
  return new Map([...all].map(([key, documents]) => [key, [...documents].sort((a, b) => a - b)]))
}

const key = fc.oneof(
  fc.nat(50),
  fc.maxSafeNat().map((n) => n % 2 ** 48),
)
const pair = fc.tuple(key, fc.oneof(fc.nat(9), fc.maxSafeNat()))
const batches = fc.array(fc.array(pair, { maxLength: 60 }), { minLength: 1, maxLength: 14 })

export function traceContract(engine: string, fresh: () => Promise<FreshDatabase>): void {
  test(`${engine}: what ended the thread of the index is counted by half of a record, until it is forgiven`, async () => {
    await using database = await fresh()
    await using store = await openTraceStore(database.options)
    const [one, other] = [exchangeId(1), exchangeId(2)]
    const at = { instance: INSTANCE, segment: 3, offset: 80 }
    await store.aside.blame({ exchange: one, half: 'opening', ...at }, 'RangeError')
    await store.aside.blame({ exchange: other, half: 'closing', ...at }, 'RangeError')
    await store.aside.blame({ exchange: one, half: 'opening', ...at, offset: 90 }, 'TypeError')
    await store.aside.forgive([
      { exchange: other, half: 'closing' },
      { exchange: one, half: 'closing' },
    ])
    assert.deepEqual(await store.aside.list(), [
      { exchange: one, half: 'opening', ...at, offset: 90, tries: 2, reason: 'TypeError' },
    ])
  })

  test(`${engine}: every posting is found, before merging, after it, and after others were forgotten`, async () => {
    await using database = await fresh()
    await using store = await openTraceStore(database.options)
    await fc.assert(
      fc.asyncProperty(batches, async (written) => {
        await store.removeRuns((await store.runs()).map(({ run }) => run))
        for (const pairs of written) {
          await store.commit(1, [{ epoch: 1, family: 'passage', pages: pages(pairs) }], [])
        }
        const all = written.flat()
        const keys = [...new Set(all.map(([at]) => at))]
        const wanted = (list: readonly Pair[]) =>
          new Map(
            keys.flatMap((at) => {
              const documents = [
                ...new Set(list.filter(([one]) => one === at).map(([, document]) => document)),
              ]
              return documents.length === 0 ? [] : [[at, documents.sort((a, b) => a - b)] as const]
            }),
          )
        assert.deepEqual(sorted(await found(store, keys)), sorted(wanted(all)))
        while (await mergeRuns(store));
        assert.ok((await store.runs()).length < 10)
        assert.deepEqual(sorted(await found(store, keys)), sorted(wanted(all)))
        const gone = new Set(all.slice(0, 5).map(([, document]) => document))
        await forgetDocuments(store, gone)
        const left = all.filter(([, document]) => !gone.has(document))
        assert.deepEqual(sorted(await found(store, keys)), sorted(wanted(left)))
        assert.deepEqual(await found(store, [2 ** 48 + 1]), new Map())
      }),
      { numRuns: 12 },
    )
  })

  test(`${engine}: a commit and its position come together, and the position is the last`, async () => {
    await using database = await fresh()
    await using store = await openTraceStore(database.options)
    const at = (offset: number) => ({ instance: INSTANCE, segment: 1, offset })
    await store.commit(1, [], [at(10)])
    await store.commit(1, [{ epoch: 1, family: 'edge', pages: pages([[1, 2]]) }], [at(20)])
    await store.commit(2, [], [at(5)])
    assert.deepEqual(await store.positions(1), [at(20)])
    assert.deepEqual(await store.positions(2), [at(5)])
    const torn = {
      epoch: 1,
      family: 'edge' as const,
      pages: [...pages([[7, 7]]), ...pages([[7, 8]])],
    }
    await assert.rejects(store.commit(1, [torn], [at(30)]))
    assert.deepEqual(await store.positions(1), [at(20)])
    assert.deepEqual([...(await found(store, [1, 7]))], [[1, [2]]])
    await store.restart(1)
    assert.deepEqual(await store.positions(1), [])
  })

  test(`${engine}: an exchange keeps its number, and an epoch its key`, async () => {
    await using database = await fresh()
    await using store = await openTraceStore(database.options)
    const first = await store.numbers([exchangeId(1), exchangeId(2), exchangeId(1)])
    const second = await store.numbers([exchangeId(2), exchangeId(3)])
    assert.equal(new Set([...first.values(), ...second.values()]).size, 3)
    assert.equal(second.get(exchangeId(2)), first.get(exchangeId(2)))
    const numbers = [...first.values(), 999]
    assert.deepEqual([...(await store.exchanges(numbers)).values()].toSorted(), [
      exchangeId(1),
      exchangeId(2),
    ])
    const made = await store.addEpoch({ retentionClass: 'default', month: '2026-11', wrapped: 'a' })
    const again = await store.addEpoch({
      retentionClass: 'default',
      month: '2026-11',
      wrapped: 'b',
    })
    assert.deepEqual(again, made)
    await store.commit(1, [{ epoch: made.epoch, family: 'value', pages: pages([[3, 4]]) }], [])
    await store.removeEpoch(made.epoch)
    assert.deepEqual(await store.epochs(), [])
    assert.deepEqual(await found(store, [3]), new Map())
  })

  test(`${engine}: of two merges of the same runs the second changes nothing`, async () => {
    await using database = await fresh()
    await using store = await openTraceStore(database.options)
    for (let n = 0; n < 3; n += 1) {
      await store.commit(1, [{ epoch: 1, family: 'passage', pages: pages([[n, n]]) }], [])
    }
    const old = (await store.runs()).map(({ run }) => run)
    const [mine, theirs] = [
      await store.begin({ version: 1, epoch: 1, family: 'passage' }),
      await store.begin({ version: 1, epoch: 1, family: 'passage' }),
    ]
    for (const run of [mine, theirs])
      await store.append(
        run,
        pages([
          [0, 0],
          [1, 1],
          [2, 2],
        ]),
      )
    assert.equal((await store.runs()).length, 3)
    assert.equal(await store.swap({ run: mine, level: 1, postings: 3, bytes: 1 }, old), true)
    assert.equal(await store.swap({ run: theirs, level: 1, postings: 3, bytes: 1 }, old), false)
    assert.deepEqual(
      (await store.runs()).map(({ run }) => run),
      [mine],
    )
    assert.deepEqual(sorted(await found(store, [0, 1, 2])), [
      [0, [0]],
      [1, [1]],
      [2, [2]],
    ])
  })
}

function sorted(map: ReadonlyMap<number, readonly number[]>) {
  return [...map].sort(([a], [b]) => a - b)
}
