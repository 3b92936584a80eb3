/** What legal holds and orders of exports must keep on every engine, also between stores on one database. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CaseEntryRow } from '../../src/model/cases.ts'
import type { ExportOrderRow } from '../../src/model/export-orders.ts'
import type { HoldRow } from '../../src/model/holds.ts'
import { openStore } from '../../src/store/store.ts'
import { EPOCH_MS, exchangeId } from './samples.ts'
import type { FreshDatabase } from './store-contract.ts'

const digits = (n: number): string => String(n).padStart(26, '0')
const ODD = "why '; drop table legal_holds; --"

function holdRow(n: number): HoldRow {
  return {
    id: `ho_${digits(n)}`,
    scope: { kind: 'query', query: { values: { service: ['ci'] }, sinceMs: 5 } },
    reason: ODD,
    setBy: 'per_1',
    setByName: 'Löwe',
    setAtMs: EPOCH_MS + n,
    releasedBy: null,
    releasedByName: null,
    releasedAtMs: null,
    releaseReason: null,
  }
}

function orderRow(n: number, changes: Partial<ExportOrderRow> = {}): ExportOrderRow {
  return {
    id: `xo_${digits(n)}`,
    order: {
      kind: 'query',
      exchanges: [exchangeId(1)],
      query: { values: { principal: ["o'neil"] } },
      case: null,
      exhibit: 'A-1',
      content: 'raw',
      formats: ['har'],
      recipients: ['age1qqq'],
    },
    reason: ODD,
    askedBy: 'per_1',
    askedByName: 'Löwe',
    askedAtMs: EPOCH_MS,
    expiresAtMs: EPOCH_MS + 1000,
    decision: null,
    decidedBy: null,
    decidedByName: null,
    decidedAtMs: null,
    decisionReason: null,
    bundle: null,
    ...changes,
  }
}

const decision = (by: string, atMs = EPOCH_MS + 10) =>
  ({ decision: 'approved', by, byName: 'Ümit\0', atMs, reason: 'fine' }) as const

export function keepingContract(engine: string, fresh: () => Promise<FreshDatabase>): void {
  test(`${engine}: a hold comes back as it was set, is in force until another releases it, and that once`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    await using other = await openStore(database.options)
    const { holds } = store.control
    for (const n of [1, 2, 3]) await holds.insert(holdRow(n))
    const [first, second, third] = [1, 2, 3].map(holdRow)
    assert.deepEqual(await holds.byId(first!.id), first)
    assert.deepEqual(await holds.active(), [first, second, third])
    assert.deepEqual(await holds.list({ limit: 2 }), [third, second])
    assert.deepEqual(await holds.list({ limit: 2, before: second!.id }), [first])
    const release = { by: 'per_2', byName: 'Ümit', atMs: EPOCH_MS + 9, reason: 'over' }
    assert.equal(await holds.release(second!.id, { ...release, by: 'per_1' }), false)
    assert.equal(await holds.release(holdRow(9).id, release), false)
    const tries = await Promise.all(
      [store, other, store, other].map(({ control }) => control.holds.release(second!.id, release)),
    )
    assert.equal(tries.filter(Boolean).length, 1)
    assert.deepEqual(await other.control.holds.active(), [first, third])
    assert.deepEqual(await other.control.holds.byId(second!.id), {
      ...second,
      releasedBy: 'per_2',
      releasedByName: 'Ümit',
      releasedAtMs: EPOCH_MS + 9,
      releaseReason: 'over',
    })
    for (const odd of ['', 'a\0b', '\ud800', "' or 1=1 --"]) {
      assert.equal(await holds.byId(odd), null)
      assert.equal(await holds.release(odd, release), false)
    }
  })

  test(`${engine}: what was ever pinned in a case is known, each once, however many are asked about`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { cases } = store.control
    const entry = (n: number, caseId: string, changes: Partial<CaseEntryRow> = {}) =>
      cases.insertEntry({
        id: `ce_${digits(n)}`,
        caseId,
        kind: 'pin',
        atMs: EPOCH_MS,
        person: 'per_1',
        parent: null,
        target: exchangeId(1),
        span: null,
        text: '',
        task: null,
        editedAtMs: null,
        removedAtMs: null,
        version: 1,
        ...changes,
      })
    await entry(1, 'cs_1')
    await entry(2, 'cs_1', { removedAtMs: EPOCH_MS })
    await entry(3, 'cs_2', { removedAtMs: EPOCH_MS })
    await entry(4, 'cs_3', { kind: 'note' })
    await entry(5, 'cs_1', { target: exchangeId(2) })
    const many = Array.from({ length: 1200 }, (_, n) => exchangeId(n + 3))
    const found = await cases.everPinned([...many, exchangeId(1)])
    assert.deepEqual(
      found.map(({ caseId, exchange }) => [caseId, exchange]).toSorted(),
      ['cs_1', 'cs_2'].map((caseId) => [caseId, exchangeId(1)]),
    )
    assert.deepEqual(await cases.everPinned([]), [])
  })

  test(`${engine}: an order of an export is decided once, by another person, before it expires`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    await using other = await openStore(database.options)
    const { exportOrders } = store.control
    for (const n of [1, 2]) await exportOrders.insert(orderRow(n))
    const { id } = orderRow(1)
    assert.deepEqual(await exportOrders.byId(id), orderRow(1))
    assert.deepEqual(await exportOrders.list({ limit: 9 }), [orderRow(2), orderRow(1)])
    assert.deepEqual(await exportOrders.list({ limit: 9, before: orderRow(2).id }), [orderRow(1)])
    assert.equal(await exportOrders.decide(id, decision('per_1')), false)
    assert.equal(await exportOrders.decide(id, decision('per_2', EPOCH_MS + 1000)), false)
    assert.equal(await exportOrders.decide(orderRow(9).id, decision('per_2')), false)
    const tries = await Promise.all(
      [store, other, store, other].map(({ control }, n) =>
        control.exportOrders.decide(id, decision(`per_${n + 2}`)),
      ),
    )
    assert.equal(tries.filter(Boolean).length, 1)
    const decided = await other.control.exportOrders.byId(id)
    assert.deepEqual(
      [decided?.decision, decided?.decidedBy, decided?.decidedByName, decided?.decisionReason],
      ['approved', `per_${tries.indexOf(true) + 2}`, 'Ümit\uFFFD', 'fine'],
    )
    assert.deepEqual(decided?.order, orderRow(1).order)
    for (const odd of ['', 'a\0b', '\ud800']) {
      assert.equal(await exportOrders.byId(odd), null)
      assert.equal(await exportOrders.decide(odd, decision('per_2')), false)
    }
  })

  test(`${engine}: an approval is good for one bundle, of whoever asked, while it lasts`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    await using other = await openStore(database.options)
    const { exportOrders } = store.control
    const { id } = orderRow(1)
    const taking = { by: 'per_1', bundle: 'bn_1', atMs: EPOCH_MS + 20 }
    await exportOrders.insert(orderRow(1))
    assert.equal(await exportOrders.take(id, taking), false)
    assert.equal(await exportOrders.decide(id, decision('per_2')), true)
    assert.equal(await exportOrders.take(id, { ...taking, by: 'per_2' }), false)
    assert.equal(await exportOrders.take(id, { ...taking, atMs: EPOCH_MS + 1000 }), false)
    const tries = await Promise.all(
      [store, other, store, other].map(({ control }, n) =>
        control.exportOrders.take(id, { ...taking, bundle: `bn_${n}` }),
      ),
    )
    assert.equal(tries.filter(Boolean).length, 1)
    assert.equal((await exportOrders.byId(id))?.bundle, `bn_${tries.indexOf(true)}`)
    await exportOrders.insert(orderRow(2))
    const denied = { ...decision('per_2'), decision: 'denied' as const }
    assert.equal(await exportOrders.decide(orderRow(2).id, denied), true)
    assert.equal(await exportOrders.take(orderRow(2).id, taking), false)
  })
}
