/** What every engine's key table must keep, and what two stores on one database must see of each other, as tests. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { FreshDatabase } from './store-contract.ts'
import { openStore } from '../../src/store/store.ts'
import { EPOCH_MS, batchOf, blockRow, closedRow, keyRow, openRow } from './samples.ts'

const WAIT_MAX_MS = 10_000

export function keysContract(engine: string, fresh: () => Promise<FreshDatabase>): void {
  keyTests(engine, fresh)
  concurrencyTests(engine, fresh)
}

/** Waits for what another connection will say soon; fails when it never does. */
export async function until(isSo: () => boolean): Promise<void> {
  const giveUpMs = performance.now() + WAIT_MAX_MS
  while (!isSo()) {
    assert.ok(performance.now() < giveUpMs, 'waited in vain')
    await pause(5)
  }
}

function keyTests(engine: string, fresh: () => Promise<FreshDatabase>): void {
  test(`${engine}: a key comes back as it was inserted`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const rows = [
      keyRow(1),
      keyRow(2, { allowedUpstreams: ['openai'], allowedModels: [], expiresAtMs: null }),
      keyRow(3, { allowedModels: ['gpt-*', '"; drop table gateway_keys; --', '名前'] }),
    ]
    for (const row of rows) await store.keys.insert(row)
    assert.deepEqual(await store.keys.list(), rows)
    for (const row of rows) {
      assert.deepEqual(await store.keys.byHash(row.hash), row)
      assert.deepEqual(await store.keys.byId(row.id), row)
    }
  })

  test(`${engine}: what is not a stored hash or id finds nothing`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    await store.keys.insert(keyRow(1))
    for (const text of ['', '%', "' or 1=1 --", keyRow(1).hash.slice(1), 'a\0b', 'x'.repeat(1e5)]) {
      assert.equal(await store.keys.byHash(text), null)
      assert.equal(await store.keys.byId(text), null)
      assert.equal(await store.keys.revoke(text, EPOCH_MS), false)
    }
  })

  test(`${engine}: one hash belongs to one key`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    await store.keys.insert(keyRow(1))
    await assert.rejects(store.keys.insert({ ...keyRow(2), hash: keyRow(1).hash }), /unique/i)
    assert.equal((await store.keys.list()).length, 1)
  })

  test(`${engine}: a key is revoked once and keeps the first time`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const row = keyRow(1)
    await store.keys.insert(row)
    assert.equal(await store.keys.revoke(row.id, EPOCH_MS + 5), true)
    assert.equal(await store.keys.revoke(row.id, EPOCH_MS + 9), false)
    assert.deepEqual(await store.keys.byId(row.id), { ...row, revokedAtMs: EPOCH_MS + 5 })
  })

  test(`${engine}: last use only moves forward, and only for known keys`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const rows = Array.from({ length: 1100 }, (_, n) => keyRow(n))
    for (const row of rows.slice(0, 3)) await store.keys.insert(row)
    await store.keys.touch(new Map())
    await store.keys.touch(new Map(rows.map((row) => [row.id, EPOCH_MS + 50])))
    await store.keys.touch(new Map([[rows[0]!.id, EPOCH_MS + 40]]))
    await store.keys.touch(new Map([[rows[1]!.id, EPOCH_MS + 60]]))
    const used = (await store.keys.list()).map((row) => row.lastUsedAtMs)
    assert.deepEqual(used, [EPOCH_MS + 50, EPOCH_MS + 60, EPOCH_MS + 50])
  })

  test(`${engine}: the version changes with every own change and with nothing else`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const row = keyRow(1)
    const seen = [store.keys.version()]
    await store.keys.insert(row)
    seen.push(store.keys.version())
    await store.keys.revoke(row.id, EPOCH_MS)
    seen.push(store.keys.version())
    assert.equal(new Set(seen).size, 3)
    assert.deepEqual(
      seen.toSorted((a, b) => a - b),
      seen,
    )
  })
}

function concurrencyTests(engine: string, fresh: () => Promise<FreshDatabase>): void {
  test(`${engine}: a change of a key reaches the other store`, async () => {
    await using database = await fresh()
    await using one = await openStore(database.options)
    await using other = await openStore(database.options)
    const row = keyRow(1)
    let before = other.keys.version()
    await one.keys.insert(row)
    await until(() => other.keys.version() !== before)
    assert.deepEqual(await other.keys.byHash(row.hash), row)
    before = other.keys.version()
    await one.keys.revoke(row.id, EPOCH_MS + 1)
    await until(() => other.keys.version() !== before)
    assert.equal((await other.keys.byHash(row.hash))?.revokedAtMs, EPOCH_MS + 1)
  })

  test(`${engine}: many stores opened at once on an empty database all work`, async () => {
    await using database = await fresh()
    const opened = await Promise.all(Array.from({ length: 5 }, () => openStore(database.options)))
    await Promise.all(opened.map((store, n) => store.keys.insert(keyRow(n))))
    for (const store of opened) {
      assert.equal((await store.keys.list()).length, 5)
      await store[Symbol.asyncDispose]()
    }
  })

  test(`${engine}: two stores write the same rows at the same time`, async () => {
    await using database = await fresh()
    await using one = await openStore(database.options)
    await using other = await openStore(database.options)
    const numbers = Array.from({ length: 40 }, (_, n) => n)
    const work = numbers.flatMap((n) => {
      const first = batchOf({ exchanges: [openRow(n), openRow(40 - n)], blocks: [blockRow(n)] })
      const second = batchOf({
        exchanges: [closedRow(40 - n), closedRow(n)],
        blocks: [blockRow(n)],
      })
      return [one.index.apply(first), other.index.apply(second), other.index.apply(first)]
    })
    await Promise.all(work)
    const expected = Array.from({ length: 41 }, (_, n) => closedRow(40 - n))
    assert.deepEqual(await one.index.list({ limit: 100 }), expected)
    assert.deepEqual(await other.index.list({ limit: 100 }), expected)
  })

  test(`${engine}: opening again keeps what was stored`, async () => {
    await using database = await fresh()
    {
      await using store = await openStore(database.options)
      await store.keys.insert(keyRow(1))
      await store.index.apply(batchOf({ exchanges: [closedRow(1)] }))
    }
    await using store = await openStore(database.options)
    assert.equal((await store.keys.list()).length, 1)
    assert.deepEqual(await store.index.list({ limit: 5 }), [closedRow(1)])
  })
}
