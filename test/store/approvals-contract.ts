/** What the tables of approvals must keep on every engine, also between stores on one database. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forgetErased } from '../../src/approvals/forget-erased.ts'
import type { Approval } from '../../src/model/approval.ts'
import { openStore } from '../../src/store/store.ts'
import { digits, grantRow, pending } from './approval-samples.ts'
import { until } from './keys-contract.ts'
import { EPOCH_MS, exchangeId } from './samples.ts'
import type { FreshDatabase } from './store-contract.ts'

const NOBODY = { attempts: 0, waiting: 0, waitingUntilMs: 0 }

const denied = (approval: Approval): Approval => ({
  ...approval,
  state: 'denied',
  version: approval.version + 1,
  decidedAtMs: EPOCH_MS + 5,
  sealedCard: null,
})

export function approvalsContract(engine: string, fresh: () => Promise<FreshDatabase>): void {
  test(`${engine}: an approval comes back as it was opened, by every name it has`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { approvals } = store.control
    const row = pending(1)
    assert.deepEqual(await approvals.open(row), { ...row, attendance: NOBODY })
    assert.deepEqual(await approvals.byId(row.id), { ...row, attendance: NOBODY })
    assert.equal((await approvals.byPage('page-1'))?.id, row.id)
    assert.equal((await approvals.latestOf('digest-1', 0))?.id, row.id)
    assert.deepEqual(
      (await approvals.list({ states: ['pending'], principal: 'dana', limit: 9 })).map(
        ({ id }) => id,
      ),
      [row.id],
    )
    for (const odd of ['', 'a\0b', '\ud800', "' or 1=1 --"]) {
      assert.equal(await approvals.byId(odd), null)
      assert.equal(await approvals.byPage(odd), null)
      assert.deepEqual(await approvals.list({ principal: odd, limit: 9 }), [])
    }
  })

  test(`${engine}: of many that open the same request at once, one approval is made`, async () => {
    await using database = await fresh()
    const stores = await Promise.all(Array.from({ length: 3 }, () => openStore(database.options)))
    const opened = await Promise.all(
      Array.from({ length: 9 }, (_, n) =>
        stores[n % 3]!.control.approvals.open(pending(n, { coalesceKey: 'same' })),
      ),
    )
    assert.equal(new Set(opened.map(({ id }) => id)).size, 1)
    assert.equal((await stores[0]!.control.approvals.list({ limit: 99 })).length, 1)
    for (const store of stores) await store[Symbol.asyncDispose]()
  })

  test(`${engine}: a decided approval does not stand in the way of a new one`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { approvals } = store.control
    const first = pending(1, { coalesceKey: 'same' })
    await approvals.open(first)
    assert.equal(await approvals.change(denied(first), null), true)
    assert.equal((await approvals.open(pending(2, { coalesceKey: 'same' }))).id, pending(2).id)
    assert.equal(await approvals.latestOf('digest-1', EPOCH_MS + 5), null)
    assert.equal((await approvals.latestOf('digest-1', EPOCH_MS + 4))?.state, 'denied')
  })

  test(`${engine}: of many changes based on one version, one wins and one grant is made`, async () => {
    await using database = await fresh()
    const stores = await Promise.all(Array.from({ length: 3 }, () => openStore(database.options)))
    const row = pending(1)
    await stores[0]!.control.approvals.open(row)
    const won = await Promise.all(
      Array.from({ length: 9 }, (_, n) =>
        stores[n % 3]!.control.approvals.change(
          { ...row, version: 2, state: n % 2 === 0 ? 'approved' : 'denied' },
          grantRow(n),
        ),
      ),
    )
    assert.equal(won.filter(Boolean).length, 1)
    const grants = await stores[0]!.control.approvals.grants({ limit: 99 })
    assert.deepEqual(
      grants.map(({ id }) => id),
      [grantRow(won.indexOf(true)).id],
    )
    for (const store of stores) await store[Symbol.asyncDispose]()
  })

  test(`${engine}: what is not evidence yet is found until it is`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { approvals } = store.control
    const row = pending(1)
    await approvals.open(row)
    assert.deepEqual(
      (await approvals.unnoted(9)).map(({ id }) => id),
      [row.id],
    )
    await approvals.noted(row.id, 1)
    await approvals.noted(row.id, 0)
    assert.deepEqual(await approvals.unnoted(9), [])
    assert.equal((await approvals.byId(row.id))?.noted, 1)
    const step = { kind: 'denied', atMs: 1, actor: 'erin', reason: '', surface: 'cli' } as const
    await approvals.change({ ...denied(row), history: [...row.history, step] }, null)
    assert.equal((await approvals.unnoted(9)).length, 1)
    assert.equal((await approvals.byId(row.id))?.noted, 1)
  })

  test(`${engine}: callers that wait are counted beside the approval, not in it`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { approvals } = store.control
    const row = pending(1)
    await approvals.open(row)
    const numbers = await Promise.all(
      [1, 2, 3].map((n) =>
        approvals.arrive(row.id, EPOCH_MS + n, { exchange: exchangeId(n), digest: `digest-${n}` }),
      ),
    )
    assert.deepEqual(numbers.toSorted(), [1, 2, 3])
    await approvals.leave(row.id)
    const { attendance, version } = (await approvals.byId(row.id))!
    assert.deepEqual(attendance, { attempts: 3, waiting: 2, waitingUntilMs: EPOCH_MS + 3 })
    assert.equal(version, 1)
    for (let n = 0; n < 5; n += 1) await approvals.leave(row.id)
    assert.equal((await approvals.byId(row.id))?.attendance.waiting, 0)
    assert.equal(await approvals.change(denied(row), null), true)
    assert.equal((await approvals.byId(row.id))?.attendance.attempts, 3)
  })

  test(`${engine}: what an erased request brought goes, also out of the grant; the decision stays`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { approvals } = store.control
    const row = pending(1)
    await approvals.open(row)
    const joined = { ...row, version: 2, digests: ['digest-1', 'digest-2'] }
    await approvals.change(joined, null)
    const second = { exchange: exchangeId(2), digest: 'digest-2' }
    await approvals.arrive(row.id, EPOCH_MS, { exchange: exchangeId(1), digest: 'digest-1' })
    await approvals.arrive(row.id, EPOCH_MS, second)
    await approvals.arrive(row.id, EPOCH_MS, { ...second, exchange: exchangeId(3) })
    const grant = grantRow(1, { approval: row.id, digests: ['digest-1', 'digest-2'] })
    await approvals.change({ ...joined, state: 'approved', version: 3 }, grant)
    const clock = { nowMs: () => EPOCH_MS + 9, monotonicMs: () => 0 }
    const forget = (...ns: readonly number[]) =>
      forgetErased(
        approvals,
        clock,
        ns.map((n) => exchangeId(n)),
      )
    await forget(2)
    assert.deepEqual((await approvals.byId(row.id))?.digests, ['digest-1', 'digest-2'])
    await forget(3, 2)
    assert.deepEqual((await approvals.byId(row.id))?.digests, ['digest-1'])
    assert.equal(await approvals.latestOf('digest-2', 0), null)
    assert.equal((await approvals.latestOf('digest-1', 0))?.id, row.id)
    assert.deepEqual(await approvals.grant(grant.id), { ...grant, digests: ['digest-1'] })
    for (let again = 0; again < 2; again += 1) {
      await forget(1)
      const left = await approvals.byId(row.id)
      assert.equal(left?.state, 'approved')
      assert.equal(left.request.principal, '(erased)')
      assert.ok(
        !JSON.stringify([left, await approvals.grant(grant.id)]).includes(row.request.principal),
      )
      assert.doesNotMatch(JSON.stringify(left), /digest-|body-1|fp-1|cv_1|1 new CREDIT_CARD/)
      const ended = await approvals.grant(grant.id)
      assert.doesNotMatch(JSON.stringify(ended), /digest-|fp-1|cv_1/)
      assert.notEqual(ended?.revokedAtMs, null)
      assert.equal(await approvals.latestOf('digest-1', 0), null)
      assert.deepEqual(await approvals.ofExchanges([exchangeId(1), exchangeId(2)]), [])
    }
    await store.control.scrub()
  })

  test(`${engine}: a pending approval ends with the request it shows, and says why`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { approvals } = store.control
    await approvals.open(pending(1))
    const clock = { nowMs: () => EPOCH_MS + 9, monotonicMs: () => 0 }
    await forgetErased(approvals, clock, [exchangeId(1), exchangeId(7)])
    const left = await approvals.byId(pending(1).id)
    assert.equal(left?.state, 'cancelled')
    assert.equal(left.sealedCard, null)
    assert.equal(left.history.at(-1)?.reason, 'what it was about was erased')
    assert.deepEqual(
      (await approvals.unnoted(9)).map(({ id }) => id),
      [left.id],
    )
  })

  test(`${engine}: a grant is used as often as it permits, by however many`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { approvals } = store.control
    const row = pending(1)
    await approvals.open(row)
    const grant = grantRow(1, { usesMax: 2 })
    await approvals.change({ ...row, state: 'approved', version: 2 }, grant)
    assert.deepEqual(await approvals.grant(grant.id), grant)
    const used = await Promise.all(
      Array.from({ length: 8 }, () => approvals.useGrant(grant.id, EPOCH_MS)),
    )
    assert.equal(used.filter(Boolean).length, 2)
    assert.equal((await approvals.grant(grant.id))?.uses, 2)
  })

  test(`${engine}: a grant that expired or was revoked permits nothing`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { approvals } = store.control
    const row = pending(1)
    await approvals.open(row)
    const grant = grantRow(1, { usesMax: null })
    await approvals.change({ ...row, state: 'approved', version: 2 }, grant)
    assert.equal(await approvals.useGrant(grant.id, grant.expiresAtMs - 1), true)
    assert.equal(await approvals.useGrant(grant.id, grant.expiresAtMs), false)
    assert.equal(
      (await approvals.grants({ principal: 'dana', activeAtMs: EPOCH_MS, limit: 9 })).length,
      1,
    )
    assert.equal(
      (await approvals.grants({ principal: 'erin', activeAtMs: EPOCH_MS, limit: 9 })).length,
      0,
    )
    assert.equal((await approvals.grants({ activeAtMs: grant.carryUntilMs, limit: 9 })).length, 0)
    assert.equal(await approvals.revokeGrant(grant.id, 'erin', EPOCH_MS + 7), true)
    assert.equal(await approvals.revokeGrant(grant.id, 'finn', EPOCH_MS + 8), false)
    assert.equal(await approvals.useGrant(grant.id, EPOCH_MS), false)
    const revoked = await approvals.grant(grant.id)
    assert.deepEqual([revoked?.revokedBy, revoked?.revokedAtMs], ['erin', EPOCH_MS + 7])
    for (const odd of ['', 'a\0b', `gr_${digits(9)}`]) {
      assert.equal(await approvals.useGrant(odd.replace('\0', ''), EPOCH_MS), false)
      assert.equal(await approvals.revokeGrant(odd, 'erin', EPOCH_MS), false)
    }
  })

  test(`${engine}: a decision reaches the other store`, async () => {
    await using database = await fresh()
    await using one = await openStore(database.options)
    await using other = await openStore(database.options)
    const row = pending(1)
    await one.control.approvals.open(row)
    await until(() => other.control.approvals.version() === other.control.approvals.version())
    const seen = other.control.approvals.version()
    await one.control.approvals.change(denied(row), null)
    await until(() => other.control.approvals.version() !== seen)
    assert.equal((await other.control.approvals.byId(row.id))?.state, 'denied')
  })
}
