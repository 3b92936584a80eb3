/** What requests to open restricted content must keep on every engine. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccessRow } from '../../src/model/restricted.ts'
import { openStore } from '../../src/store/store.ts'
import { EPOCH_MS } from './samples.ts'
import type { FreshDatabase } from './store-contract.ts'

const accessRow = (n: number, changes: Partial<AccessRow> = {}): AccessRow => ({
  id: `ca_${String(n).padStart(26, '0')}`,
  person: 'per_1',
  exchanges: ['ex_1', 'ex_2'],
  reason: "because\0 \ud800 '; drop table content_accesses; --",
  minutes: 30,
  createdAtMs: EPOCH_MS + n,
  dueAtMs: EPOCH_MS + 1000,
  state: 'pending',
  decidedBy: null,
  decidedAtMs: null,
  decisionReason: '',
  expiresAtMs: null,
  endedAtMs: null,
  ...changes,
})

export function accessesContract(engine: string, fresh: () => Promise<FreshDatabase>): void {
  test(`${engine}: of two decisions about one request the first holds, and it lasts until it ends`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { accesses } = store.control
    await accesses.insert(accessRow(1))
    await accesses.insert(accessRow(2, { person: 'per_2' }))
    const grant = {
      state: 'granted' as const,
      by: 'per_3',
      atMs: EPOCH_MS + 5,
      reason: 'yes',
      expiresAtMs: EPOCH_MS + 500,
    }
    const refusal = { ...grant, state: 'refused' as const, by: 'per_4', expiresAtMs: null }
    const decisions = await Promise.all([
      accesses.decide(accessRow(1).id, grant),
      accesses.decide(accessRow(1).id, refusal),
    ])
    assert.deepEqual(decisions.toSorted(), [false, true])
    assert.equal(await accesses.decide('ca_none', grant), false)
    assert.equal(await accesses.decide(accessRow(2).id, grant), true)
    const active = (person: string, atMs: number) =>
      accesses.list({ person, activeAtMs: atMs, limit: 10 })
    assert.deepEqual(
      (await active('per_2', EPOCH_MS + 499)).map(({ id }) => id),
      [accessRow(2).id],
    )
    assert.deepEqual(await active('per_2', EPOCH_MS + 500), [])
    assert.equal(await accesses.end(accessRow(2).id, 'per_1', EPOCH_MS + 6), false)
    assert.equal(await accesses.end(accessRow(2).id, 'per_2', EPOCH_MS + 6), true)
    assert.equal(await accesses.end(accessRow(2).id, 'per_2', EPOCH_MS + 7), false)
    assert.deepEqual(await active('per_2', EPOCH_MS + 499), [])
  })

  test(`${engine}: a request that was taken back is not decided any more, and texts stay what they are`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { accesses } = store.control
    await accesses.insert(accessRow(1))
    const kept = await accesses.byId(accessRow(1).id)
    assert.deepEqual(kept?.exchanges, ['ex_1', 'ex_2'])
    assert.match(kept?.reason ?? '', /drop table content_accesses/)
    await accesses.end(accessRow(1).id, 'per_1', EPOCH_MS + 1)
    const grant = { state: 'granted', by: 'per_3', atMs: EPOCH_MS, reason: '', expiresAtMs: 1 }
    assert.equal(await accesses.decide(accessRow(1).id, grant as never), false)
    assert.deepEqual(await accesses.list({ person: '\0', limit: 1 }), [])
    assert.equal((await accesses.list({ state: 'pending', limit: 5 })).length, 1)
  })
}
