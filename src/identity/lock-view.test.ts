import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { NOTHING_KNOWN, lockRow } from '../../test/store/locks-contract.ts'
import { globMatches } from '../lib/glob.ts'
import type { ContainedFacts, LockRow, LockTable } from '../model/containment.ts'
import { linkedConversation } from '../model/linked-conversation.ts'
import { LOCK_KINDS } from '../model/containment.ts'
import { openLockView } from './lock-view.ts'
import { checkLock } from './locks.ts'

interface Fake {
  rows: readonly LockRow[]
  version: number
  fails: boolean
  reads: number
  nowMs: number
  wait: Promise<void>
}

async function viewOver(fake: Fake, afterMs = 1000, disabled: readonly string[] = []) {
  const table: LockTable = {
    insert: async () => {},
    byId: async () => null,
    list: async () => [],
    release: async () => false,
    version: () => fake.version,
    active: async () => {
      fake.reads += 1
      await fake.wait
      if (fake.fails) throw new Error('gone')
      return fake.rows
    },
  }
  const failures: unknown[] = []
  const view = await openLockView({
    table,
    clock: { nowMs: () => fake.nowMs, monotonicMs: () => fake.nowMs },
    disabled: () => Promise.resolve(disabled),
    stale: () => ({ afterMs, mode: 'refuse' }),
    onChange: () => {},
    onFailure: (error) => failures.push(error),
  })
  return { view, failures, [Symbol.asyncDispose]: () => view[Symbol.asyncDispose]() }
}

const fakeOf = (rows: readonly LockRow[] = []): Fake => ({
  rows,
  version: 1,
  fails: false,
  reads: 0,
  nowMs: 0,
  wait: Promise.resolve(),
})

test('who is disabled is refused without a lock, under any name that a credential gives them', async () => {
  await using made = await viewOver(fakeOf([]), 1000, ['kim'])
  assert.equal(made.view.size(), 1)
  const found = made.view.check({ ...NOTHING_KNOWN, people: ['ci', 'kim'] })
  assert.deepEqual([found?.id, found?.value], ['person-disabled', 'kim'])
  assert.equal(made.view.check({ ...NOTHING_KNOWN, principal: 'kim', people: ['lee'] }), null)
})

test('while nothing changed, asking costs no read', async () => {
  const fake = fakeOf()
  await using made = await viewOver(fake)
  assert.equal(made.view.current(), null)
  assert.equal(fake.reads, 1)
})

test('an exchange that comes after a change waits until the change is in force', async () => {
  const fake = fakeOf()
  await using made = await viewOver(fake)
  fake.rows = [lockRow(1, { kind: 'key', value: 'key_1' })]
  fake.version = 2
  const current = made.view.current()
  assert.ok(current !== null)
  assert.equal(await current, true)
  assert.equal(made.view.check({ ...NOTHING_KNOWN, keys: ['key_1'] })?.id, lockRow(1).id)
  assert.equal(made.view.current(), null)
})

test('a change during a read is read once more, however many ask', async () => {
  const fake = fakeOf()
  await using made = await viewOver(fake)
  const gate = Promise.withResolvers<void>()
  fake.wait = gate.promise
  fake.version = 2
  const first = made.view.refresh()
  const more = [made.view.refresh(), made.view.refresh(), made.view.refresh()]
  fake.rows = [lockRow(1)]
  gate.resolve()
  await Promise.all([first, ...more])
  assert.equal(fake.reads, 3)
  assert.equal(made.view.size(), 1)
})

test('locks that cannot be read count by their last view for a while, then not at all, and once as a failure', async () => {
  const fake = fakeOf([lockRow(1)])
  await using made = await viewOver(fake, 1000)
  fake.fails = true
  fake.version = 2
  fake.nowMs = 900
  assert.equal(await made.view.current(), true)
  assert.equal(made.view.isStale(), false)
  assert.equal(made.view.check({ ...NOTHING_KNOWN, people: ['mallory'] })?.id, lockRow(1).id)
  fake.nowMs = 1001
  assert.equal(await made.view.current(), false)
  assert.equal(made.view.isStale(), true)
  assert.equal(made.failures.length, 1)
  fake.fails = false
  assert.equal(await made.view.current(), true)
  assert.equal(made.view.ageMs(), 0)
})

test('what a request continues is asked for only while there is a lock on something linked', async () => {
  const name = linkedConversation('ana', '0'.repeat(32))
  let asked = 0
  const facts = {
    ...NOTHING_KNOWN,
    linked: () => {
      asked += 1
      return [linkedConversation('ana', '1'.repeat(32)), name]
    },
  }
  const declared = { kind: 'conversation', value: `cv_${'0'.repeat(26)}` } as const
  await using without = await viewOver(fakeOf([lockRow(1, declared)]))
  assert.equal(without.view.check(facts), null)
  assert.equal(asked, 0)
  await using made = await viewOver(fakeOf([lockRow(2, { kind: 'conversation', value: name })]))
  assert.equal(made.view.check(facts)?.value, name)
  assert.equal(made.view.check(NOTHING_KNOWN), null)
  const bobs = [linkedConversation('bob', '0'.repeat(32))]
  assert.equal(made.view.check({ ...NOTHING_KNOWN, linked: () => bobs }), null)
})

test('a lock holds exactly for its own kind and value', async () => {
  const text = fc.constantFrom('a', 'b', 'a b', 'gpt-5', 'gpt-*', '*')
  const facts: fc.Arbitrary<ContainedFacts> = fc.record({
    principal: text,
    people: fc.array(text, { maxLength: 2 }),
    keys: fc.array(text, { maxLength: 2 }),
    services: fc.array(text, { maxLength: 2 }),
    upstream: text,
    model: text,
    conversation: text,
    linked: fc.constant(() => []),
    findings: fc.array(text, { maxLength: 2 }),
  })
  const rows = fc.array(
    fc.record({ kind: fc.constantFrom(...LOCK_KINDS), value: text, dead: fc.boolean() }),
    { maxLength: 5 },
  )
  await fc.assert(
    fc.asyncProperty(rows, facts, async (wanted, known) => {
      const locks = wanted.map(({ kind, value, dead }, n) =>
        lockRow(n, { kind, value, expiresAtMs: dead ? 0 : null }),
      )
      await using made = await viewOver(fakeOf(locks))
      const hits = (lock: LockRow): boolean => {
        if (lock.expiresAtMs !== null) return false
        switch (lock.kind) {
          case 'person':
            return known.people.includes(lock.value)
          case 'service':
            return known.services.includes(lock.value)
          case 'finding':
            return known.findings.includes(lock.value)
          case 'model':
            return globMatches(lock.value, known.model)
          case 'key':
            return known.keys.includes(lock.value)
          case 'principal':
          case 'upstream':
          case 'conversation':
            return known[lock.kind] === lock.value
        }
      }
      const found = made.view.check(known)
      assert.equal(found !== null, locks.some(hits))
      if (found !== null) assert.ok(hits(found))
    }),
    { numRuns: 300 },
  )
})

test('a lock that could never hit anything, or says not why, is not set', () => {
  const good = { kind: 'person', value: 'mallory', reason: 'left', expiresInMs: 1000 } as const
  assert.deepEqual(checkLock(good), [])
  for (const [change, field] of [
    [{ value: '' }, 'value'],
    [{ value: ' mallory' }, 'value'],
    [{ value: 'mal\u202elory' }, 'value'],
    [{ kind: 'conversation', value: 'talk 1' }, 'value'],
    [{ kind: 'conversation', value: `cx_${'0'.repeat(26)}` }, 'value'],
    [{ kind: 'key', value: 'cst_secret' }, 'value'],
    [{ kind: 'finding', value: 'two words' }, 'value'],
    [{ reason: '' }, 'reason'],
    [{ reason: 'x'.repeat(501) }, 'reason'],
    [{ expiresInMs: 0 }, 'expiresInMs'],
    [{ expiresInMs: 1.5 }, 'expiresInMs'],
    [{ expiresInMs: 1e15 }, 'expiresInMs'],
  ] as const) {
    const problems = checkLock({ ...good, ...change })
    assert.deepEqual(
      problems.map((one) => one.field),
      [field],
      JSON.stringify(change),
    )
  }
})
