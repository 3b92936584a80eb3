import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { KeyId } from '../lib/ids.ts'
import type { KeyRow } from '../model/keys.ts'
import { keyStanding, keysToEnd } from './key-ownership.ts'
import type { KeyRules } from './key-ownership.ts'

const DAY_MS = 86_400_000
const NOW_MS = 1000 * DAY_MS
const RULES: KeyRules = { staleAfterMs: 60 * DAY_MS, graceMs: 30 * DAY_MS, ownersArePeople: false }
const PEOPLE = new Map([
  ['ada', { disabledAtMs: null }],
  ['gone', { disabledAtMs: NOW_MS - 10 * DAY_MS }],
])

const key = (changes: Partial<KeyRow> = {}): KeyRow => ({
  id: 'key_1' as KeyId,
  hash: '',
  hint: '',
  name: '',
  owner: 'ada',
  service: '',
  allowedUpstreams: null,
  allowedModels: null,
  createdAtMs: NOW_MS - 500 * DAY_MS,
  expiresAtMs: null,
  revokedAtMs: null,
  lastUsedAtMs: NOW_MS - DAY_MS,
  ...changes,
})
const standing = (changes: Partial<KeyRow>, rules = RULES) =>
  keyStanding(key(changes), PEOPLE, rules, NOW_MS)

test('a key of somebody who is here and uses it has nothing against it', () => {
  assert.deepEqual(standing({}), { flags: [], endsAtMs: null })
})

test('an owner who left flags the key and ends it after the grace', () => {
  assert.deepEqual(standing({ owner: 'gone' }), {
    flags: ['owner-gone'],
    endsAtMs: NOW_MS + 20 * DAY_MS,
  })
  assert.equal(standing({ owner: 'gone' }, { ...RULES, graceMs: null }).endsAtMs, null)
})

test('an owner who is nobody here flags the key and does not end it', () => {
  assert.deepEqual(standing({ owner: 'the ci team' }), { flags: ['ownerless'], endsAtMs: null })
})

test('a key goes stale from its last use, or from its making when it was never used', () => {
  assert.deepEqual(standing({ lastUsedAtMs: NOW_MS - 60 * DAY_MS }).flags, ['stale'])
  assert.deepEqual(standing({ lastUsedAtMs: NOW_MS - 60 * DAY_MS + 1 }).flags, [])
  assert.deepEqual(standing({ lastUsedAtMs: null }).flags, ['stale'])
  assert.deepEqual(standing({ lastUsedAtMs: null, createdAtMs: NOW_MS - DAY_MS }).flags, [])
})

test('only what works and whose time is up is ended', () => {
  const stale = { lastUsedAtMs: NOW_MS - 90 * DAY_MS }
  const ended = (changes: Partial<KeyRow>) =>
    keysToEnd([key(changes)], PEOPLE, RULES, NOW_MS).length
  assert.equal(ended(stale), 1)
  assert.equal(ended({ ...stale, revokedAtMs: 1 }), 0)
  assert.equal(ended({ ...stale, expiresAtMs: NOW_MS }), 0)
  assert.equal(ended({ ...stale, expiresAtMs: NOW_MS + 1 }), 1)
  assert.equal(ended({ lastUsedAtMs: NOW_MS - 89 * DAY_MS }), 0)
  assert.equal(ended({ owner: 'gone' }), 0)
})

test('a use brings a stale key back, whatever else', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.constantFrom('ada', 'gone', 'nobody'), (days, owner) => {
      const used = standing({ owner, lastUsedAtMs: NOW_MS - days * DAY_MS })
      assert.equal(used.flags.includes('stale'), days >= 60)
      assert.equal(standing({ owner, lastUsedAtMs: NOW_MS }).flags.includes('stale'), false)
    }),
  )
})
