import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newKeyId } from '../lib/ids.ts'
import type { KeyRow, KeyTable } from '../model/keys.ts'
import type { IdentityResult } from '../model/principal.ts'
import { openStore } from '../store/store.ts'
import { mintKey } from './gateway-key.ts'
import type { KeyRequest } from './key-admin.ts'
import { createKey, revokeKey } from './key-admin.ts'
import { createKeyAuthenticator } from './key-authenticator.ts'
import { temporaryFolder } from '../../test/harness/temporary-folder.ts'

const NOW_MS = Date.UTC(2026, 10, 23)

/** A store with one key, an authenticator over it, and a clock that stands until it is set. */
async function start(request: Partial<KeyRequest> = {}) {
  const folder = temporaryFolder()
  const store = await openStore({ kind: 'sqlite', folder: folder.path })
  const time = { nowMs: NOW_MS }
  const clock = { nowMs: () => time.nowMs, monotonicMs: () => time.nowMs }
  const reads = { count: 0 }
  const table: KeyTable = {
    ...store.keys,
    byHash: (hash) => {
      reads.count += 1
      return store.keys.byHash(hash)
    },
  }
  const keys = createKeyAuthenticator({ table, clock, flushMs: 3_600_000 })
  const made = await createKey(store.keys, clock, {
    name: 'laptop',
    owner: 'alice@example.com',
    service: 'checkout',
    allowedUpstreams: ['openai'],
    allowedModels: ['gpt-*'],
    ...request,
  })
  assert.ok(made.kind === 'created')
  return {
    options: { kind: 'sqlite', folder: folder.path } as const,
    store,
    keys,
    clock,
    time,
    reads,
    text: made.text,
    key: made.key,
    [Symbol.asyncDispose]: async () => {
      await keys[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}

const refused = (reason: string, key: KeyRow | null = null) => ({
  kind: 'failure',
  reason,
  keyId: key?.id ?? null,
})

test('a key becomes the principal of its owner', async () => {
  await using it = await start()
  assert.deepEqual(await it.keys.authenticate(it.text), {
    kind: 'principal',
    principal: {
      id: 'alice@example.com',
      kind: 'service',
      method: 'gateway-key',
      service: 'checkout',
      groups: [],
      keyId: it.key.id,
      owner: 'alice@example.com',
      issuer: '',
      claims: {},
      allowedUpstreams: ['openai'],
      allowedModels: ['gpt-*'],
    },
  })
})

test('a key without service is a person', async () => {
  await using it = await start({ service: '' })
  const answer = await it.keys.authenticate(it.text)
  assert.ok(answer?.kind === 'principal')
  assert.equal(answer.principal.kind, 'person')
})

test('the second answer comes at once and without a query', async () => {
  await using it = await start()
  const first = it.keys.authenticate(it.text)
  assert.ok(first instanceof Promise)
  const second = await first
  assert.equal(it.keys.authenticate(it.text), second)
  assert.equal(it.reads.count, 1)
})

test('credentials of another kind are not its business', async () => {
  await using it = await start()
  for (const other of ['sk-proj-1', 'eyJhbGciOi.a.b', '', 'CST_x']) {
    assert.equal(it.keys.authenticate(other), null)
  }
})

test('a mistyped key is malformed and asks no database', async () => {
  await using it = await start()
  const mistyped = it.text.slice(0, -1) + (it.text.endsWith('a') ? 'b' : 'a')
  for (const text of [mistyped, 'cst_', it.text.slice(0, 30), `${it.text}x`]) {
    assert.deepEqual(it.keys.authenticate(text), refused('malformed'))
  }
  assert.equal(it.reads.count, 0)
})

test('a well-formed key that was never stored is unknown, and is looked up once', async () => {
  await using it = await start()
  const stranger = mintKey().text
  assert.deepEqual(await it.keys.authenticate(stranger), refused('unknown'))
  assert.deepEqual(it.keys.authenticate(stranger), refused('unknown'))
  assert.equal(it.reads.count, 1)
})

test('a flood of unknown keys is forgotten again', async () => {
  await using it = await start()
  const first = mintKey().text
  await it.keys.authenticate(first)
  for (let n = 0; n < 1000; n += 1) await it.keys.authenticate(mintKey().text)
  assert.equal(it.reads.count, 1001)
  await it.keys.authenticate(first)
  assert.equal(it.reads.count, 1002)
})

test('an unknown key that is created later is accepted from then on', async () => {
  await using it = await start()
  const minted = mintKey()
  assert.deepEqual(await it.keys.authenticate(minted.text), refused('unknown'))
  await it.store.keys.insert({ ...it.key, id: newKeyId(NOW_MS), hash: minted.hash })
  assert.equal((await it.keys.authenticate(minted.text))?.kind, 'principal')
})

test('a revoked key is refused on the next request', async () => {
  await using it = await start()
  assert.equal((await it.keys.authenticate(it.text))?.kind, 'principal')
  await revokeKey(it.store.keys, it.clock, it.key.id)
  assert.deepEqual(await it.keys.authenticate(it.text), refused('revoked', it.key))
})

test('a key that another process revoked is refused on the next request', async () => {
  await using it = await start()
  await using other = await openStore(it.options)
  assert.equal((await it.keys.authenticate(it.text))?.kind, 'principal')
  await revokeKey(other.keys, it.clock, it.key.id)
  assert.deepEqual(await it.keys.authenticate(it.text), refused('revoked', it.key))
})

test('a key revoked while it is being read is refused on the request after', async () => {
  await using it = await start()
  const reading = it.keys.authenticate(it.text)
  await revokeKey(it.store.keys, it.clock, it.key.id)
  const seen: (IdentityResult | null)[] = [await it.keys.authenticate(it.text), await reading]
  assert.deepEqual(seen[0], refused('revoked', it.key))
  assert.deepEqual(await it.keys.authenticate(it.text), refused('revoked', it.key))
})

test('a key expires by the clock, without any change of the table', async () => {
  await using it = await start({ expiresInMs: 1000 })
  it.time.nowMs = NOW_MS + 999
  assert.equal((await it.keys.authenticate(it.text))?.kind, 'principal')
  it.time.nowMs = NOW_MS + 1000
  assert.deepEqual(it.keys.authenticate(it.text), refused('expired', it.key))
})

test('a revoked and expired key is called revoked', async () => {
  await using it = await start({ expiresInMs: 1000 })
  await revokeKey(it.store.keys, it.clock, it.key.id)
  it.time.nowMs = NOW_MS + 1000
  assert.deepEqual(await it.keys.authenticate(it.text), refused('revoked', it.key))
})

test('a table that cannot be read lets nobody in', async () => {
  await using it = await start()
  const broken: KeyTable = { ...it.store.keys, byHash: () => Promise.reject(new Error('gone')) }
  await using keys = createKeyAuthenticator({ table: broken, clock: it.clock })
  await assert.rejects(async () => keys.authenticate(it.text), { code: 'identity.unavailable' })
})

test('last use is written by a flush, also by the last one, and only for accepted keys', async () => {
  await using it = await start()
  await it.keys.authenticate(it.text)
  assert.equal((await it.store.keys.byId(it.key.id))?.lastUsedAtMs, null)
  await it.keys.flush()
  assert.equal((await it.store.keys.byId(it.key.id))?.lastUsedAtMs, NOW_MS)
  it.time.nowMs += 7
  await it.keys.authenticate(it.text)
  await it.keys[Symbol.asyncDispose]()
  assert.equal((await it.store.keys.byId(it.key.id))?.lastUsedAtMs, NOW_MS + 7)
  await revokeKey(it.store.keys, it.clock, it.key.id)
  it.time.nowMs += 7
  await it.keys.authenticate(it.text)
  await it.keys.flush()
  assert.equal((await it.store.keys.byId(it.key.id))?.lastUsedAtMs, NOW_MS + 7)
})

test('writing a last use does not make the process read its keys again', async () => {
  await using it = await start()
  await it.keys.authenticate(it.text)
  await it.keys.flush()
  await it.keys.authenticate(it.text)
  assert.equal(it.reads.count, 1)
})

test('last uses that could not be written are told and kept', async () => {
  await using it = await start()
  let isBroken = true
  const failures: unknown[] = []
  const table: KeyTable = {
    ...it.store.keys,
    touch: async (uses) => {
      if (isBroken) throw new Error('disk full')
      await it.store.keys.touch(uses)
    },
  }
  const options = {
    table,
    clock: it.clock,
    onFlushFailure: (error: unknown) => failures.push(error),
  }
  await using keys = createKeyAuthenticator(options)
  await keys.authenticate(it.text)
  await keys.flush()
  assert.match(String(failures[0]), /disk full/)
  isBroken = false
  await keys.flush()
  assert.equal((await it.store.keys.byId(it.key.id))?.lastUsedAtMs, NOW_MS)
})
