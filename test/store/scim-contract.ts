/** What the tables of provisioning, and keys that change hands, must keep on every engine. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKey } from '../../src/identity/key-admin.ts'
import { systemClock } from '../../src/lib/clock.ts'
import type { ScimUserRow } from '../../src/model/scim.ts'
import { openStore } from '../../src/store/store.ts'
import { EPOCH_MS } from './samples.ts'
import type { FreshDatabase } from './store-contract.ts'

function userRow(id: string, changes: Partial<ScimUserRow> = {}): ScimUserRow {
  return {
    id,
    client: 'scc_1',
    externalId: `ext ${id}`,
    userName: `${id}@Example.com`,
    userNameFolded: `${id}@example.com`,
    attributes: '{"title":"Ä \'; drop table people; --"}',
    createdAtMs: EPOCH_MS,
    modifiedAtMs: EPOCH_MS,
    deletedAtMs: null,
    version: 1,
    ...changes,
  }
}

export function scimContract(engine: string, fresh: () => Promise<FreshDatabase>): void {
  test(`${engine}: a userName is one user's, and a change is based on what it changes`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { users } = store.control.scim
    const [one, two] = [userRow('per_1'), userRow('per_2')]
    assert.equal(await users.insert(one), true)
    assert.equal(await users.insert({ ...two, userNameFolded: one.userNameFolded }), false)
    assert.equal(await users.insert(two), true)
    assert.deepEqual(await users.byUserName('per_1@example.com'), one)
    assert.deepEqual(await users.byExternalId('ext per_2'), two)
    assert.equal(await users.byExternalId(''), null)
    assert.equal(await users.byUserName('a\0b'), null)
    const changed = await Promise.all(
      [1, 2, 3].map(() => users.update({ ...one, userName: 'x', version: 2 })),
    )
    assert.equal(changed.filter(Boolean).length, 1)
    await users.update({ ...two, deletedAtMs: EPOCH_MS, version: 2 })
    assert.deepEqual(
      (await users.list()).map(({ id }) => id),
      ['per_1'],
    )
    assert.equal((await users.byId('per_2'))?.deletedAtMs, EPOCH_MS)
    assert.equal(await users.byExternalId('ext per_2'), null)
  })

  test(`${engine}: provisioning clients and groups are kept, changed and ended`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { clients, groups } = store.control.scim
    const client = {
      id: 'scc_1',
      hash: 'h',
      hint: 'csc_…',
      name: 'okta',
      createdBy: 'ada',
      createdAtMs: EPOCH_MS,
      expiresAtMs: null,
      lastUsedAtMs: null,
      revokedAtMs: null,
    }
    await clients.insert(client)
    assert.deepEqual(await clients.byHash('h'), client)
    await clients.used('scc_1', EPOCH_MS + 1)
    assert.equal(await clients.revoke('scc_1', EPOCH_MS + 2), true)
    assert.equal(await clients.revoke('scc_1', EPOCH_MS + 3), false)
    const [kept] = await clients.list()
    assert.deepEqual([kept?.lastUsedAtMs, kept?.revokedAtMs], [EPOCH_MS + 1, EPOCH_MS + 2])
    const group = {
      id: 'scg_1',
      client: 'scc_1',
      externalId: '',
      displayName: 'Ops',
      members: ['per_1', 'per_2'],
      createdAtMs: EPOCH_MS,
      modifiedAtMs: EPOCH_MS,
      version: 1,
    }
    await groups.insert(group)
    assert.deepEqual(await groups.byId('scg_1'), group)
    assert.equal(await groups.update({ ...group, members: [], version: 2 }), true)
    assert.equal(await groups.update({ ...group, version: 2 }), false)
    assert.deepEqual((await groups.list())[0]?.members, [])
    assert.equal(await groups.remove('scg_1'), true)
    assert.equal(await groups.remove('scg_1'), false)
  })

  test(`${engine}: keys change hands one by one or all at once, except revoked ones`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { keys } = store
    const ids: string[] = []
    for (const name of ['a', 'b', 'c']) {
      const made = await createKey(keys, systemClock, {
        name,
        owner: 'gone',
        service: '',
        allowedUpstreams: null,
        allowedModels: null,
      })
      assert.ok(made.kind === 'created')
      ids.push(made.key.id)
    }
    await keys.revoke(ids[2]!, EPOCH_MS)
    const before = keys.version()
    assert.equal(await keys.handOver({ id: ids[0]! }, 'ada'), 1)
    assert.notEqual(keys.version(), before)
    assert.equal(await keys.handOver({ from: 'gone' }, 'bob'), 1)
    assert.equal(await keys.handOver({ id: 'key_nothing' }, 'bob'), 0)
    const owners = new Map((await keys.list()).map(({ id, owner }) => [id as string, owner]))
    assert.deepEqual(
      ids.map((id) => owners.get(id)),
      ['ada', 'bob', 'gone'],
    )
  })
}
