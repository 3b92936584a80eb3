import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readsExactly, recordChat } from '../../../test/harness/erasing.ts'
import {
  openTestEvidence,
  temporaryFolder,
  type TestEvidence,
} from '../../../test/harness/evidence.ts'
import { nodeDisk } from '../../evidence/disk.ts'
import { listInstances } from '../../evidence/segment-scan.ts'
import { systemClock } from '../../lib/clock.ts'
import { newExchangeId } from '../../lib/ids.ts'
import type { CaseEntryRow } from '../../model/cases.ts'
import { openStore } from '../../store/store.ts'
import { coveredNow, holdsNaming, toldOfHolds } from './covered-now.ts'
import { createHoldDesk } from './hold-desk.ts'
import { DAY_MS, heldAmong, Retention, type RetentionRule } from './retention.ts'
import { batchOf, closedRow, openRow } from '../../../test/store/samples.ts'

const RULES: readonly RetentionRule[] = [
  { name: 'default', minDays: 183, maxDays: null },
  { name: 'short', minDays: 0, maxDays: 30 },
]

const ada = { person: 'per_ada', login: 'ada' }
const bob = { person: 'per_bob', login: 'bob' }

function keeperOf(opened: TestEvidence, rules = RULES) {
  const { evidence, store, folder } = opened
  const holds = createHoldDesk({
    table: store.control.holds,
    everPinned: store.control.cases.everPinned,
    clock: systemClock,
    note: (event) => evidence.recorder.note(event),
    coveredNow: (scope) => coveredNow(store, scope),
    told: () => toldOfHolds(store.index, evidence),
    namedBy: (exchange) => holdsNaming(store.index, exchange),
    changes: store.search,
    exclusively: (work) => evidence.eraser.exclusively(work),
  })
  const retention = new Retention({
    index: store.index.erasure,
    eraser: evidence.eraser,
    holds,
    clock: systemClock,
    rules: () => rules,
    instances: () => listInstances(nodeDisk, folder),
  })
  return { holds, retention }
}

/** Recorded so many days ago. */
async function recordOld(opened: TestEvidence, days: number, retentionClass = 'short') {
  const receivedAtMs = Date.now() - days * DAY_MS
  const id = newExchangeId(receivedAtMs)
  const messages = [
    { role: 'system' as const, text: 'what all of them share '.repeat(20) },
    { role: 'user' as const, text: `of ${days} days ago` },
  ]
  return recordChat(opened.evidence, messages, { id, receivedAtMs, retentionClass })
}

async function exists(opened: TestEvidence, one: { readonly id: string }): Promise<boolean> {
  const rows = await opened.store.index.list({ limit: 100 })
  return rows.some(({ id }) => id === one.id)
}

test('what is older than the maximum of its class is erased, and nothing else', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path, {
    retentionClasses: ['default', 'short'],
  })
  const { retention } = keeperOf(opened)
  const old = [await recordOld(opened, 90), await recordOld(opened, 31)]
  const young = [await recordOld(opened, 29), await recordOld(opened, 0)]
  const kept = await recordOld(opened, 900, 'default')
  await opened.evidence.flush()
  const [first, short] = await retention.plan(7)
  assert.deepEqual([first?.due.exchanges, first?.dueBeforeMs], [0, null])
  assert.deepEqual([short?.due.exchanges, short?.soon.exchanges, short?.held], [2, 1, 0])
  const run = await retention.step(100)
  assert.deepEqual([run.erased, run.held], [2, 0])
  for (const one of old) {
    assert.equal(await exists(opened, one), false)
    const tombstone = await opened.store.index.erasure.tombstone(one.id)
    assert.deepEqual([tombstone?.cause, tombstone?.rule], ['retention', 'short'])
  }
  for (const one of [...young, kept]) await readsExactly(opened.evidence, one)
  assert.equal((await retention.plan(0))[1]?.due.exchanges, 0)
})

test('a step is bounded, and steps go on until nothing is due', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path, { retentionClasses: ['short'] })
  const { retention } = keeperOf(opened)
  for (let days = 40; days < 45; days += 1) await recordOld(opened, days)
  await opened.evidence.flush()
  const counts: number[] = []
  for (let more = true; more && counts.length < 10;) {
    const run = await retention.step(2)
    counts.push(run.erased)
    more = run.more
  }
  assert.deepEqual(
    counts.filter((count) => count > 0),
    [2, 2, 1],
  )
})

test('what is held stays however old it is, does not stop the rest, and goes after the release', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path, { retentionClasses: ['short'] })
  const { holds, retention } = keeperOf(opened)
  const held = await recordOld(opened, 80)
  const free = await recordOld(opened, 70)
  await opened.evidence.flush()
  const hold = await holds.set({ kind: 'exchange', exchange: held.id }, 'the court asks', ada)
  assert.equal((await retention.plan(0))[0]?.name, 'default')
  assert.equal((await retention.plan(0))[1]?.held, 1)
  const run = await retention.step(10)
  assert.deepEqual([run.erased, run.held], [1, 1])
  await readsExactly(opened.evidence, held)
  assert.equal(await exists(opened, free), false)
  assert.equal(await holds.release(hold.id, 'over now', ada), 'own')
  assert.equal(await holds.release('ho_nothing', 'over now', bob), 'not-found')
  assert.equal(await holds.release(hold.id, 'over now', bob), 'released')
  assert.equal(await holds.release(hold.id, 'over now', bob), 'released-before')
  while ((await retention.step(10)).more);
  await retention.step(10)
  assert.equal(await exists(opened, held), false)
  await opened.evidence.flush()
  const types = (await opened.store.index.eventsOf(held.id, 20)).map(({ event }) => event.type)
  assert.deepEqual(types, ['hold.set', 'hold.released', 'record.erased', 'record.erasure-finished'])
})

test('each exchange is named before it is erased, oldest first, page by page, with what keeps it', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path, { retentionClasses: ['short'] })
  const { holds, retention } = keeperOf(opened)
  const old = [await recordOld(opened, 80), await recordOld(opened, 40)]
  const soon = await recordOld(opened, 28)
  await recordOld(opened, 1)
  await opened.evidence.flush()
  const hold = await holds.set({ kind: 'exchange', exchange: old[0]!.id }, 'the court asks', ada)
  const due = async (more: object = {}) =>
    (await retention.due({
      retentionClass: 'short',
      horizonDays: 0,
      after: null,
      limit: 10,
      ...more,
    })) ?? []
  const idsOf = async (more?: object) => (await due(more)).map(({ exchange }) => exchange)
  assert.deepEqual(
    await idsOf(),
    old.map(({ id }) => id),
  )
  assert.deepEqual(
    await idsOf({ horizonDays: 7 }),
    [...old, soon].map(({ id }) => id),
  )
  assert.deepEqual(await idsOf({ limit: 1 }), [old[0]!.id])
  assert.deepEqual(await idsOf({ after: old[0]!.id }), [old[1]!.id])
  const [first, second] = await due()
  assert.deepEqual([first?.holds, second?.holds], [[hold.id], []])
  assert.equal(first!.dueAtMs - first!.receivedAtMs, 30 * DAY_MS)
  assert.deepEqual(await due({ retentionClass: 'default', horizonDays: 365 }), [])
  const none = { retentionClass: 'none', horizonDays: 0, after: null, limit: 1 }
  assert.equal(await retention.due(none), null)
  const named = await idsOf()
  while ((await retention.step(10)).more);
  for (const id of named)
    assert.equal((await opened.store.index.exchange(id)) === null, id !== old[0]!.id)
})

test('a hold on a case keeps what is pinned in it later, by whatever process, also when the pin is taken back', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path, { retentionClasses: ['short'] })
  const { holds, retention } = keeperOf(opened)
  const named = await recordOld(opened, 80)
  const pinned = await recordOld(opened, 70)
  const free = await recordOld(opened, 60)
  await opened.evidence.flush()
  const caseId = 'cs_00000000000000000000000001'
  const scope = { kind: 'case', case: caseId, exchanges: [named.id] } as const
  const hold = await holds.set(scope, 'the court asks', ada)
  const heldNow = async (desk = holds): Promise<readonly string[]> => {
    const rows = await opened.store.index.list({ limit: 10 })
    return [...(await desk.on(rows)).keys()].toSorted()
  }
  assert.deepEqual(await heldNow(), [named.id])
  await using worker = await openStore({ kind: 'sqlite', folder: folder.path })
  const pin: CaseEntryRow = {
    id: 'ce_1',
    caseId,
    kind: 'pin',
    atMs: 1,
    person: 'per_eve',
    parent: null,
    target: pinned.id,
    span: null,
    text: '',
    task: null,
    editedAtMs: null,
    removedAtMs: null,
    version: 1,
  }
  await worker.control.cases.insertEntry({ ...pin, id: 'ce_0', caseId: 'cs_2', target: free.id })
  await worker.control.cases.insertEntry(pin)
  const both = [named.id, pinned.id].toSorted()
  assert.deepEqual(await heldNow(), both)
  await worker.control.cases.updateEntry({ ...pin, removedAtMs: 2, version: 2 })
  // A desk that has just started knows as much.
  assert.deepEqual(await heldNow(keeperOf(opened).holds), both)
  while ((await retention.step(10)).more);
  assert.deepEqual(
    [await exists(opened, named), await exists(opened, pinned), await exists(opened, free)],
    [true, true, false],
  )
  // Another process pinned it; the log was told before anything was erased, and is told once.
  const told = async (id: string) => {
    await opened.evidence.flush()
    return (await opened.store.index.eventsOf(id, 20)).map(({ event }) => event.type)
  }
  await keeperOf(opened).holds.catchUp()
  assert.deepEqual(await told(pinned.id), ['hold.extended'])
  await worker.control.holds.release(hold.id, { by: 'per_bob', byName: 'bob', atMs: 3, reason: '' })
  assert.deepEqual(await heldNow(), [])
  await worker.control.holds.insert({
    ...hold,
    id: hold.id.replace(/.$/, (last) => (last === 'z' ? 'y' : 'z')),
  })
  await holds.catchUp()
  await opened.evidence.flush()
  await keeperOf(opened).holds.catchUp()
  assert.deepEqual(await told(hold.id), ['hold.set', 'hold.extended', 'hold.released'])
  assert.deepEqual(await told(pinned.id), ['hold.extended', 'hold.extended'])
})

test('a hold on a person names everything of theirs, however much, and each thing that comes later once', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const { store, evidence } = opened
  const { holds } = keeperOf(opened)
  const many = Array.from({ length: 2_500 }, (_, n) => closedRow(n))
  const other = closedRow(2_500, { principal: 'bob@example.com' })
  await store.index.apply(batchOf({ exchanges: [...many, other, openRow(2_501)] }))
  const scope = { kind: 'principal', principal: many[0]!.principal } as const
  const hold = await holds.set(scope, 'the court asks', ada)
  const named = async (type: string): Promise<readonly string[]> => {
    await evidence.flush()
    const found: string[] = []
    for await (const event of toldOfHolds(store.index, evidence)) {
      assert.ok((event.records ?? []).length <= 1000)
      if (event.type === type) found.push(...(event.records ?? []).filter((id) => id !== hold.id))
    }
    return found.toSorted()
  }
  const both = async () => [...(await named('hold.set')), ...(await named('hold.extended'))]
  const idsOf = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id).toSorted()
  // The newest page, less the one that runs.
  assert.equal((await named('hold.set')).length, 998)
  assert.deepEqual((await both()).toSorted(), idsOf(many))
  // What ran when the hold was set is named when it ended; what comes later, when it came.
  const late = [closedRow(2_501), closedRow(2_502)]
  await store.index.apply(batchOf({ exchanges: [...late, openRow(2_503)] }))
  await holds.catchUp()
  assert.deepEqual((await both()).toSorted(), idsOf([...many, ...late]))
  // Neither the same desk, nor one that has just started, says it again; what came in between it does say.
  await store.index.apply(batchOf({ exchanges: [closedRow(2_501), closedRow(2_503)] }))
  const after = keeperOf(opened).holds
  await after.catchUp()
  await after.catchUp()
  const all = idsOf([...many, ...late, closedRow(2_503)])
  assert.deepEqual((await both()).toSorted(), all)
  await after.release(hold.id, 'over now', bob)
  assert.deepEqual(await named('hold.released'), all)
})

test('what a query found when it was held stays held, though the query would find it no longer', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path, { retentionClasses: ['short'] })
  const { holds, retention } = keeperOf(opened)
  const one = await recordOld(opened, 80)
  await opened.evidence.flush()
  const { model } = (await opened.store.index.exchange(one.id))!
  const query = { values: { model: [model!] } }
  const hold = await holds.set({ kind: 'query', query }, 'the court asks', ada)
  const row = (await opened.store.index.exchange(one.id))!
  const { store } = opened
  const [position] = await store.index.positions()
  const changed = { ...row, model: 'read by a newer version' }
  await store.index.apply(batchOf({ exchanges: [changed], position: position! }))
  assert.equal((await holds.on([changed])).size, 0)
  assert.equal((await retention.step(10)).erased, 0)
  const refused = await opened.evidence.eraser.erase({
    exchanges: [one.id],
    cause: 'request',
    rule: 'exchange',
    actor: 'ada',
    reason: 'asked for',
    guard: (rows) => heldAmong(holds, rows),
  })
  assert.deepEqual(refused.kind === 'refused' && refused.refusals.map(({ why }) => why), ['held'])
  await holds.release(hold.id, 'over now', bob)
  while ((await retention.step(10)).more);
  await retention.step(10)
  assert.equal(await exists(opened, one), false)
})
