import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../lib/clock.ts'
import { openStore } from '../store/store.ts'
import { createKey, listKeys, revokeKey } from './key-admin.ts'
import type { KeyRequest } from './key-admin.ts'
import { parseKey } from './gateway-key.ts'
import { temporaryFolder } from '../../test/harness/temporary-folder.ts'

const DAY_MS = 86_400_000
const NOW_MS = Date.UTC(2026, 10, 23)
const REQUEST: KeyRequest = {
  name: 'laptop',
  owner: 'alice@example.com',
  service: '',
  allowedUpstreams: null,
  allowedModels: null,
}

function clockAt(nowMs: number): Clock {
  return { nowMs: () => nowMs, monotonicMs: () => nowMs }
}

test('a created key is stored by its hash and never as itself', async () => {
  using folder = temporaryFolder()
  await using store = await openStore({ kind: 'sqlite', folder: folder.path })
  const made = await createKey(store.keys, clockAt(NOW_MS), {
    ...REQUEST,
    service: 'checkout',
    allowedUpstreams: ['openai'],
    allowedModels: ['gpt-*'],
  })
  assert.ok(made.kind === 'created')
  const parsed = parseKey(made.text)
  assert.ok(parsed.kind === 'key')
  const stored = await store.keys.byHash(parsed.hash)
  assert.deepEqual(stored, made.key)
  assert.doesNotMatch(JSON.stringify(stored), new RegExp(made.text.slice(4)))
  assert.equal(made.key.expiresAtMs, NOW_MS + 90 * DAY_MS)
  assert.deepEqual(made.key.allowedModels, ['gpt-*'])
})

test('expiry is what was asked for', async () => {
  using folder = temporaryFolder()
  await using store = await openStore({ kind: 'sqlite', folder: folder.path })
  const make = async (expiresInMs: number | 'never') => {
    const made = await createKey(store.keys, clockAt(NOW_MS), { ...REQUEST, expiresInMs })
    assert.ok(made.kind === 'created')
    return made.key.expiresAtMs
  }
  assert.equal(await make(1), NOW_MS + 1)
  assert.equal(await make(3650 * DAY_MS), NOW_MS + 3650 * DAY_MS)
  assert.equal(await make('never'), null)
})

test('unclear requests are refused with every problem, and nothing is stored', async () => {
  using folder = temporaryFolder()
  await using store = await openStore({ kind: 'sqlite', folder: folder.path })
  const refused: readonly (readonly [Partial<KeyRequest>, string])[] = [
    [{ name: '' }, 'name is empty'],
    [{ name: 'x'.repeat(101) }, 'name has more than 100 characters'],
    [{ name: 'a\nb' }, 'name holds a control or invisible character'],
    [{ name: 'a\u001B[31m' }, 'name holds a control or invisible character'],
    [{ name: 'a\u202Eb' }, 'name holds a control or invisible character'],
    [{ name: 'a\u200Bb' }, 'name holds a control or invisible character'],
    [{ name: 'a\uD800' }, 'name holds a control or invisible character'],
    [{ name: ' a' }, 'name begins or ends with a space'],
    [{ owner: '' }, 'owner is empty'],
    [{ owner: 'o'.repeat(201) }, 'owner has more than 200 characters'],
    [{ service: 's\0' }, 'service holds a control or invisible character'],
    [{ expiresInMs: 0 }, 'expiresInMs is not in the future'],
    [{ expiresInMs: -1 }, 'expiresInMs is not in the future'],
    [{ expiresInMs: Number.NaN }, 'expiresInMs is not in the future'],
    [{ expiresInMs: 1.5 }, 'expiresInMs is not in the future'],
    [
      { expiresInMs: 3651 * DAY_MS },
      'expiresInMs is more than ten years away; say never when that is meant',
    ],
    [{ allowedUpstreams: [] }, 'allowedUpstreams is empty, which would permit nothing'],
    [{ allowedUpstreams: ['a', 'a'] }, 'allowedUpstreams names an entry twice'],
    [{ allowedModels: [''] }, 'allowedModels has an entry that is empty'],
    [
      { allowedModels: ['m\r'] },
      'allowedModels has an entry that holds a control or invisible character',
    ],
    [
      { allowedModels: Array.from({ length: 101 }, (_, n) => `m${n}`) },
      'allowedModels has more than 100 entries',
    ],
  ]
  for (const [changes, problem] of refused) {
    const made = await createKey(store.keys, clockAt(NOW_MS), { ...REQUEST, ...changes })
    assert.ok(made.kind === 'invalid', problem)
    assert.deepEqual(
      made.problems.map((found) => `${found.field} ${found.problem}`),
      [problem],
    )
  }
  const made = await createKey(store.keys, clockAt(NOW_MS), { ...REQUEST, name: '', owner: '' })
  assert.ok(made.kind === 'invalid')
  assert.equal(made.problems.length, 2)
  assert.deepEqual(await store.keys.list(), [])
})

test('names in other scripts are accepted', async () => {
  using folder = temporaryFolder()
  await using store = await openStore({ kind: 'sqlite', folder: folder.path })
  const made = await createKey(store.keys, clockAt(NOW_MS), {
    ...REQUEST,
    name: '名前 é \u{1F600}',
  })
  assert.equal(made.kind, 'created')
})

test('a list says which keys are active, expired and revoked', async () => {
  using folder = temporaryFolder()
  await using store = await openStore({ kind: 'sqlite', folder: folder.path })
  const ids: string[] = []
  for (const [n, expiresInMs] of [1000, 2000, 3000].entries()) {
    const made = await createKey(store.keys, clockAt(NOW_MS + n), { ...REQUEST, expiresInMs })
    assert.ok(made.kind === 'created')
    ids.push(made.key.id)
  }
  await revokeKey(store.keys, clockAt(NOW_MS + 5), ids[2]!)
  const states = async (nowMs: number) =>
    (await listKeys(store.keys, clockAt(nowMs))).map((key) => key.state)
  assert.deepEqual(await states(NOW_MS + 999), ['active', 'active', 'revoked'])
  assert.deepEqual(await states(NOW_MS + 1000), ['expired', 'active', 'revoked'])
  assert.deepEqual(await states(NOW_MS + 9999), ['expired', 'expired', 'revoked'])
})

test('a key is revoked once, and a key that never was is not found', async () => {
  using folder = temporaryFolder()
  await using store = await openStore({ kind: 'sqlite', folder: folder.path })
  const made = await createKey(store.keys, clockAt(NOW_MS), REQUEST)
  assert.ok(made.kind === 'created')
  const first = await revokeKey(store.keys, clockAt(NOW_MS + 1), made.key.id)
  assert.deepEqual(first, { kind: 'revoked', key: { ...made.key, revokedAtMs: NOW_MS + 1 } })
  const second = await revokeKey(store.keys, clockAt(NOW_MS + 2), made.key.id)
  assert.deepEqual(second, {
    kind: 'already-revoked',
    key: { ...made.key, revokedAtMs: NOW_MS + 1 },
  })
  for (const id of ['', 'key_none', made.text, made.key.hash, made.key.name]) {
    assert.deepEqual(await revokeKey(store.keys, clockAt(NOW_MS), id), { kind: 'not-found' })
  }
})
