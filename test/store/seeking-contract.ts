/** What alerts on searches and hunts must keep on every engine. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErasureJobRow } from '../../src/model/erasure-jobs.ts'
import type { HuntRow } from '../../src/model/hunts.ts'
import type { SearchAlertRow } from '../../src/model/search-alerts.ts'
import { openStore } from '../../src/store/store.ts'
import { EPOCH_MS, exchangeId } from './samples.ts'
import type { FreshDatabase } from './store-contract.ts'

export function alertRow(n: number, changes: Partial<SearchAlertRow> = {}): SearchAlertRow {
  return {
    id: `al_${String(n).padStart(26, '0')}`,
    person: 'per_1',
    personName: 'Löwe',
    view: '',
    name: "keys '; drop table search_alerts; --",
    q: 'entity:API_KEY',
    channel: 'webhook soc',
    enabled: true,
    mutedUntilMs: null,
    everyMs: 60_000,
    createdAtMs: EPOCH_MS,
    matched: 0,
    sent: 0,
    lastSentAtMs: null,
    attempts: 0,
    retryAtMs: null,
    lastError: '',
    lastErrorAtMs: null,
    version: 1,
    ...changes,
  }
}

const HUNT: HuntRow = {
  id: `hu_${'0'.repeat(26)}`,
  kind: 'rule',
  title: 'falcons\0',
  digest: 'ab'.repeat(8),
  source: 'id: falcon',
  scope: 'service:ci',
  query: { values: { service: ['ci'] }, sinceMs: 5 },
  person: 'per_1',
  personName: 'Ida',
  state: 'running',
  createdAtMs: EPOCH_MS,
  updatedAtMs: EPOCH_MS,
  bytes: 0,
  bytesTotal: 5_000_000_000,
  place: '',
  hits: [{ place: 'block', id: 'b1', bytes: 4, spans: [{ start: 1, end: 3 }] }],
  summary: {
    exchanges: 1,
    services: [{ value: 'ci', count: 1 }],
    principals: [],
    days: [{ value: '2026-11-23', count: 1 }],
    samples: [
      {
        exchange: 'ex_1',
        atMs: 5,
        direction: 'sent',
        treatment: 'raw',
        principal: 'ada',
        service: 'ci',
        model: '',
        matches: 1,
        excerpt: 'the password is xxxx',
      },
    ],
  },
}

export function seekingContract(engine: string, fresh: () => Promise<FreshDatabase>): void {
  test(`${engine}: an exchange matches an alert once, and is told in one batch`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    await using other = await openStore(database.options)
    const table = store.control.searchAlerts
    const { id } = alertRow(1)
    await table.insert(alertRow(1))
    await table.insert(alertRow(2))
    const both = [exchangeId(1), exchangeId(2)]
    const added = await Promise.all([
      table.match(id, both, false, EPOCH_MS),
      other.control.searchAlerts.match(id, both, false, EPOCH_MS),
    ])
    assert.deepEqual(added.flat().toSorted(), both)
    assert.deepEqual(await table.match(id, [exchangeId(3)], true, EPOCH_MS), [exchangeId(3)])
    assert.equal(await table.batch(alertRow(2).id, 'b0'), null)
    assert.deepEqual(await table.batch(id, 'b1'), { id: 'b1', exchanges: both })
    // Not delivered yet: the same batch comes again, under the same name, and holds nothing more.
    await table.match(id, [exchangeId(4)], false, EPOCH_MS)
    assert.deepEqual(await table.batch(id, 'b2'), { id: 'b1', exchanges: both })
    await table.sent('b1')
    assert.deepEqual(await table.batch(id, 'b2'), { id: 'b2', exchanges: [exchangeId(4)] })
    const letter = {
      batch: 'b2',
      alert: id,
      channel: 'webhook soc',
      attempts: 8,
      error: 'late\uFFFD',
    }
    await table.letters.giveUp({ ...letter, error: 'late\0', sinceMs: EPOCH_MS })
    assert.equal(await table.batch(id, 'b3'), null)
    assert.deepEqual(await table.match(id, [...both, exchangeId(3)], false, EPOCH_MS), [])
    await table.forget(EPOCH_MS + 1)
    assert.deepEqual(await table.match(id, both, false, EPOCH_MS + 2), both)
    // What waits for a person is not forgotten.
    assert.deepEqual(await table.inBatch('b2'), [exchangeId(4)])
    assert.deepEqual(await table.letters.list(9), [{ ...letter, sinceMs: EPOCH_MS }])
    await table.remove(id)
    assert.deepEqual([await table.letters.list(9), await table.inBatch('b2')], [[], []])
    assert.deepEqual(
      (await table.list()).map((row) => row.id),
      [alertRow(2).id],
    )
  })

  test(`${engine}: a batch that was given up is sent again by one worker, or dropped`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    await using other = await openStore(database.options)
    const table = store.control.searchAlerts
    const { letters } = table
    const { id } = alertRow(1)
    await table.insert(alertRow(1))
    const letterOf = (n: number) => ({
      batch: `b${n}`,
      alert: id,
      channel: 'slack',
      attempts: 8,
      error: 'ECONNREFUSED',
      sinceMs: EPOCH_MS + n,
    })
    for (const n of [1, 2, 3]) {
      await table.match(id, [exchangeId(n)], false, EPOCH_MS)
      await table.batch(id, `b${n}`)
      await letters.giveUp(letterOf(n))
    }
    assert.deepEqual(await letters.list(2), [letterOf(3), letterOf(2)])
    assert.deepEqual(await letters.drop(['b3', 'b4', 'b\0']), ['b3'])
    assert.deepEqual(await letters.ask(['b1', 'b3', 'b\0'], EPOCH_MS), ['b1'])
    assert.deepEqual(await letters.ask(['b1'], EPOCH_MS), [])
    assert.deepEqual(await letters.drop(['b1']), [])
    assert.deepEqual([await letters.list(9), await letters.count()], [[letterOf(2)], 2])
    const taken = await Promise.all([
      letters.take(EPOCH_MS, EPOCH_MS + 60),
      other.control.searchAlerts.letters.take(EPOCH_MS, EPOCH_MS + 60),
    ])
    assert.deepEqual(taken.flat(), [letterOf(1)])
    // Whoever took it died.
    assert.deepEqual(await letters.take(EPOCH_MS + 59, EPOCH_MS + 99), [])
    assert.deepEqual(await letters.take(EPOCH_MS + 60, EPOCH_MS + 99), [letterOf(1)])
    const again = { ...letterOf(1), attempts: 9, sinceMs: EPOCH_MS + 9 }
    await letters.giveUp(again)
    assert.deepEqual(await letters.list(9), [again, letterOf(2)])
    await letters.sent('b1')
    assert.deepEqual(await letters.list(9), [letterOf(2)])
    assert.equal(await table.batch(id, 'later'), null)
  })

  test(`${engine}: an alert follows the saved search that it hangs on, and stops with it`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { views, searchAlerts } = store.control
    const view = {
      id: `sv_${'0'.repeat(26)}`,
      person: 'per_1',
      name: 'keys',
      page: 'exchanges',
      query: 'q=entity%3AAPI_KEY',
      createdAtMs: EPOCH_MS,
      updatedAtMs: EPOCH_MS,
      version: 1,
    }
    await views.insert(view)
    await searchAlerts.insert(alertRow(1, { view: view.id }))
    await searchAlerts.insert(alertRow(2))
    await searchAlerts.match(alertRow(1).id, [exchangeId(1)], false, EPOCH_MS)
    assert.deepEqual(await views.byId(view.id), view)
    assert.deepEqual(await searchAlerts.onViews([]), [])
    const renamed = { ...view, name: 'cards', query: 'q=entity%3ACARD', version: 2 }
    assert.equal(await views.update({ ...renamed, version: 5 }, 'nothing'), false)
    assert.equal(await views.update(renamed, 'entity:CARD'), true)
    assert.deepEqual(await searchAlerts.onViews([view.id]), [
      alertRow(1, { view: view.id, name: 'cards', q: 'entity:CARD', version: 2 }),
    ])
    assert.deepEqual(await searchAlerts.byId(alertRow(2).id), alertRow(2))
    assert.equal(await views.remove(view.id, 'per_2'), false)
    assert.equal((await searchAlerts.list()).length, 2)
    assert.equal(await views.remove(view.id, 'per_1'), true)
    assert.deepEqual(await searchAlerts.list(), [alertRow(2)])
    assert.equal(await searchAlerts.batch(alertRow(1).id, 'later'), null)
  })

  test(`${engine}: an alert is changed by whoever saw it last, and the place is one`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const table = store.control.searchAlerts
    const row = alertRow(1, { mutedUntilMs: 7, lastSentAtMs: 8, retryAtMs: 9, lastErrorAtMs: 10 })
    await table.insert(row)
    assert.deepEqual(await table.byId(row.id), row)
    assert.equal(await table.byId('al_\0'), null)
    const next = { ...row, enabled: false, sent: 3, version: 2 }
    assert.equal(await table.update(next), true)
    assert.equal(await table.update(next), false)
    assert.deepEqual(await table.byId(row.id), next)
    assert.equal(await table.place(), null)
    await table.setPlace({ seq: 5_000_000_000, id: 'ex_1' })
    await table.setPlace({ seq: 6_000_000_000, id: '' })
    assert.deepEqual(await table.place(), { seq: 6_000_000_000, id: '' })
  })

  test(`${engine}: what a hunt kept of an erased exchange goes, and nothing else`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { hunts } = store.control
    const [sample] = HUNT.summary.samples
    const samples = [1, 2].map((n) => ({ ...sample!, exchange: exchangeId(n) }))
    const answer = { place: 'answer', id: exchangeId(1), bytes: 4, spans: [] } as const
    const hits = [...HUNT.hits, answer]
    await hunts.insert({ ...HUNT, hits, summary: { ...HUNT.summary, samples } })
    await hunts.insert({ ...HUNT, id: `hu_${'1'.repeat(26)}` })
    await hunts.forget([])
    await hunts.forget([exchangeId(1), exchangeId(5)])
    const left = await hunts.byId(HUNT.id)
    assert.deepEqual(left?.hits, HUNT.hits)
    assert.deepEqual(
      left?.summary.samples.map(({ exchange }) => exchange),
      [exchangeId(2)],
    )
    assert.equal((await hunts.byId(`hu_${'1'.repeat(26)}`))?.summary.samples.length, 1)
  })

  test(`${engine}: an erasure of a value comes back as it was, newest first`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { erasureJobs } = store.control
    const row = (n: number): ErasureJobRow => ({
      id: `ej_${String(n).padStart(26, '0')}`,
      digest: 'ab'.repeat(8),
      reason: "she asked '; drop table erasure_jobs; --",
      person: 'per_1',
      personName: 'Löwe',
      despiteMinimum: true,
      dryRun: false,
      state: 'searching',
      createdAtMs: EPOCH_MS,
      updatedAtMs: EPOCH_MS,
      untilMs: EPOCH_MS,
      place: exchangeId(3),
      total: 9,
      searched: 3,
      unreadable: 1,
      found: [exchangeId(1), exchangeId(2)],
      erased: 0,
      erasures: [],
      refusals: [{ exchange: exchangeId(1), why: 'held', detail: 'hold ho_1' }],
      refused: 1,
    })
    for (const n of [1, 2]) await erasureJobs.insert(row(n))
    assert.deepEqual(await erasureJobs.byId(row(1).id), row(1))
    assert.deepEqual(await erasureJobs.list(9), [row(2), row(1)])
    assert.deepEqual(await erasureJobs.list(1), [row(2)])
    const ended: ErasureJobRow = { ...row(1), state: 'done', updatedAtMs: 5, erasures: ['er_1'] }
    await erasureJobs.update(ended)
    assert.deepEqual(await erasureJobs.byId(row(1).id), ended)
    for (const odd of ['', 'a\0b', '\ud800']) assert.equal(await erasureJobs.byId(odd), null)
  })

  test(`${engine}: a hunt comes back as it was, without what stood around a match`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { hunts } = store.control
    await hunts.insert(HUNT)
    const stored = {
      ...HUNT,
      title: 'falcons\uFFFD',
      summary: {
        ...HUNT.summary,
        samples: HUNT.summary.samples.map((sample) => ({ ...sample, excerpt: '' })),
      },
    }
    assert.deepEqual(await hunts.byId(HUNT.id), stored)
    assert.equal(await hunts.byId('hu_\0'), null)
    const done: HuntRow = { ...stored, state: 'done', bytes: 7, hits: [], place: '' }
    await hunts.update(done)
    assert.deepEqual(await hunts.list(5), [done])
  })
}
