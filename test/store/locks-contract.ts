/** What every engine's lock table must keep, and what two stores on one database must see of each other, as tests. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLockView } from '../../src/identity/lock-view.ts'
import { systemClock } from '../../src/lib/clock.ts'
import type { ContainedFacts, LockRow } from '../../src/model/containment.ts'
import { LOCK_KINDS } from '../../src/model/containment.ts'
import { openStore } from '../../src/store/store.ts'
import { until } from './keys-contract.ts'
import { EPOCH_MS } from './samples.ts'
import type { FreshDatabase } from './store-contract.ts'

export function lockRow(n: number, changes: Partial<LockRow> = {}): LockRow {
  return {
    id: `lk_${String(n).padStart(26, '0')}`,
    kind: 'person',
    value: 'mallory',
    reason: 'left the company',
    owner: 'alice',
    createdAtMs: EPOCH_MS + n,
    expiresAtMs: null,
    releasedAtMs: null,
    releasedBy: '',
    releaseReason: '',
    ...changes,
  }
}

export const NOTHING_KNOWN: ContainedFacts = {
  principal: '',
  people: [],
  keys: [],
  services: [],
  upstream: '',
  model: '',
  conversation: '',
  linked: () => [],
  findings: [],
}

export function locksContract(engine: string, fresh: () => Promise<FreshDatabase>): void {
  test(`${engine}: a lock of every kind comes back as it was set`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { locks } = store.control
    const rows = LOCK_KINDS.map((kind, n) => lockRow(n, { kind, value: `名 ${n} '"; --` }))
    for (const row of rows) await locks.insert(row)
    assert.deepEqual(await locks.active(EPOCH_MS), rows)
    assert.deepEqual(await locks.list({ limit: 99 }), rows.toReversed())
    assert.deepEqual(await locks.list({ limit: 2, before: rows[5]!.id }), [rows[4], rows[3]])
    assert.deepEqual(await locks.byId(rows[3]!.id), rows[3])
    for (const id of ['', '%', 'a\0b', `${rows[0]!.id}x`]) {
      assert.equal(await locks.byId(id), null)
      assert.equal(await locks.release(id, { atMs: 1, by: 'x', reason: '' }), false)
    }
  })

  test(`${engine}: a lock is released once, and an expired one is not active`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { locks } = store.control
    await locks.insert(lockRow(1))
    await locks.insert(lockRow(2, { expiresAtMs: EPOCH_MS + 50 }))
    const ids = async (nowMs: number) => (await locks.active(nowMs)).map(({ id }) => id)
    assert.deepEqual(await ids(EPOCH_MS + 49), [lockRow(1).id, lockRow(2).id])
    assert.deepEqual(await ids(EPOCH_MS + 50), [lockRow(1).id])
    const release = { atMs: EPOCH_MS + 60, by: 'bob', reason: 'back' }
    assert.equal(await locks.release(lockRow(1).id, release), true)
    assert.equal(await locks.release(lockRow(1).id, { ...release, by: 'eve' }), false)
    assert.deepEqual(await ids(EPOCH_MS), [lockRow(2).id])
    assert.deepEqual(
      await locks.byId(lockRow(1).id),
      lockRow(1, { releasedAtMs: EPOCH_MS + 60, releasedBy: 'bob', releaseReason: 'back' }),
    )
  })

  test(`${engine}: what one process locks, the view of another holds by itself`, async () => {
    await using database = await fresh()
    await using one = await openStore(database.options)
    await using other = await openStore(database.options)
    let changes = 0
    await using view = await openLockView({
      table: other.control.locks,
      clock: systemClock,
      stale: () => ({ afterMs: 60_000, mode: 'refuse' }),
      onChange: () => {
        changes += 1
      },
      onFailure: assert.ifError,
    })
    const facts = { ...NOTHING_KNOWN, people: ['', 'mallory'] }
    assert.equal(view.check(facts), null)
    await one.control.locks.insert(lockRow(1))
    await until(() => view.check(facts)?.id === lockRow(1).id)
    assert.equal(changes, 1)
    await one.control.locks.release(lockRow(1).id, { atMs: EPOCH_MS, by: 'x', reason: '' })
    await until(() => view.check(facts) === null && view.size() === 0)
    assert.equal(changes, 2)
  })
}
