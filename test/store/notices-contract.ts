/** What the outbox of notices must keep on every engine, also with several workers on one database. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Notice } from '../../src/model/notice.ts'
import { openStore } from '../../src/store/store.ts'
import { EPOCH_MS } from './samples.ts'
import type { FreshDatabase } from './store-contract.ts'

function notice(n: number, changes: Partial<Notice> = {}): Notice {
  const [approval, step, receiver] = ['ap_1', n, 'slack']
  return {
    id: `${approval}.${n}.${receiver}`,
    approval,
    step,
    receiver,
    state: 'due',
    attempts: 0,
    dueAtMs: EPOCH_MS + n,
    createdAtMs: EPOCH_MS + n,
    sentAtMs: null,
    lastError: '',
    reference: '',
    ...changes,
  }
}

const idsOf = (notices: readonly Notice[]): readonly string[] => notices.map(({ id }) => id)

export function noticesContract(engine: string, fresh: () => Promise<FreshDatabase>): void {
  test(`${engine}: each notice is added once and taken by one worker at a time`, async () => {
    await using database = await fresh()
    await using one = await openStore(database.options)
    await using other = await openStore(database.options)
    const all = Array.from({ length: 12 }, (_, n) => notice(n))
    await one.control.notices.add(all)
    await other.control.notices.add([notice(0, { attempts: 9 })])
    await one.control.notices.add([])
    const now = EPOCH_MS + 100
    const workers = [one, other, one, other].map(({ control }) => control.notices)
    const taken = await Promise.all(workers.map((table) => table.take(now, now + 60, 20)))
    const ids = taken.flatMap(idsOf)
    assert.deepEqual(ids.toSorted(), idsOf(all).toSorted())
    assert.ok(taken.flat().every(({ attempts }) => attempts === 1))
    // A worker that died gives them back.
    assert.deepEqual(await other.control.notices.take(now + 59, now + 200, 20), [])
    const again = await other.control.notices.take(now + 60, now + 200, 5)
    assert.deepEqual([again.length, again[0]?.attempts], [5, 2])
  })

  test(`${engine}: what was delivered is not due any more, and the first message is found again`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { notices } = store.control
    await notices.add([notice(0), notice(1)])
    assert.equal(await notices.reference('ap_1', 'slack'), null)
    await notices.sent(notice(1).id, EPOCH_MS + 5, 'second')
    assert.equal(await notices.reference('ap_1', 'slack'), null)
    await notices.sent(notice(0).id, EPOCH_MS + 5, '17.5')
    assert.equal(await notices.reference('ap_1', 'slack'), '17.5')
    assert.equal(await notices.reference('ap_2', 'slack'), null)
    assert.deepEqual(await notices.take(EPOCH_MS + 1000, EPOCH_MS + 2000, 9), [])
  })

  test(`${engine}: a failure is due again later, and at last a dead letter with its error`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { notices } = store.control
    await notices.add([notice(0)])
    await notices.take(EPOCH_MS + 10, EPOCH_MS + 70, 9)
    await notices.failed(notice(0).id, 'busy', EPOCH_MS + 500)
    assert.deepEqual(await notices.take(EPOCH_MS + 499, EPOCH_MS + 600, 9), [])
    const [next] = await notices.take(EPOCH_MS + 500, EPOCH_MS + 600, 9)
    assert.deepEqual([next?.attempts, next?.lastError], [2, 'busy'])
    await notices.failed(notice(0).id, `odd \0 ${'x'.repeat(999)}`, null)
    assert.deepEqual(await notices.take(EPOCH_MS + 9_000, EPOCH_MS + 9_999, 9), [])
    const [dead] = await notices.dead(9)
    assert.deepEqual([dead?.id, dead?.state], [notice(0).id, 'dead'])
    assert.ok((dead?.lastError.length ?? 0) <= 300)
  })

  test(`${engine}: a dead letter is due once more or dropped, by whoever comes first, and nothing else is`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    await using other = await openStore(database.options)
    const { notices } = store.control
    await notices.add([notice(0), notice(1), notice(2)])
    const [again, dropped, due] = [notice(0).id, notice(1).id, notice(2).id]
    for (const id of [again, dropped]) await notices.failed(id, 'busy', null)
    assert.equal(await notices.deadCount(), 2)
    const next = { state: 'due', dueAtMs: EPOCH_MS + 700 } as const
    const outcomes = await Promise.all(
      [notices, other.control.notices].map((table) =>
        table.settle([again, due, 'nothing', 'no\0letter'], next),
      ),
    )
    assert.deepEqual(outcomes.flat(), [again])
    assert.deepEqual(await notices.settle([dropped, due, again], { state: 'dropped' }), [dropped])
    assert.deepEqual(await notices.settle([dropped], next), [])
    assert.deepEqual([await notices.deadCount(), await notices.dead(9)], [0, []])
    await notices.add([notice(1)])
    const taken = await notices.take(EPOCH_MS + 700, EPOCH_MS + 900, 9)
    assert.deepEqual(idsOf(taken).toSorted(), [again, due].toSorted())
  })
}
