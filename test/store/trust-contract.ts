/** What the tables of trust rules, exchanged tokens and device logins must keep on every engine. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newExchangedTokenId } from '../../src/lib/ids.ts'
import type { ExchangedTokenRow } from '../../src/model/exchanged-token.ts'
import type { StoredTrustRule } from '../../src/model/trust.ts'
import { openStore } from '../../src/store/store.ts'
import { until } from '../harness/until.ts'
import { EPOCH_MS } from './samples.ts'
import type { FreshDatabase } from './store-contract.ts'

const ruleRow = (name: string, more: Partial<StoredTrustRule> = {}): StoredTrustRule => ({
  name,
  written: '{"owner":"alice"}',
  createdBy: 'alice',
  createdAtMs: EPOCH_MS,
  updatedAtMs: EPOCH_MS,
  version: 1,
  ...more,
})

const tokenRow = (n: number, more: Partial<ExchangedTokenRow> = {}): ExchangedTokenRow => ({
  id: newExchangedTokenId(EPOCH_MS + n),
  hash: String(n).padStart(64, '0'),
  principal: {
    id: 'job',
    kind: 'job',
    method: 'token-exchange',
    service: '',
    groups: ['a'],
    keyId: null,
    issuer: 'https://issuer.example',
    claims: { sub: 'repo:acme/a' },
    allowedUpstreams: null,
    allowedModels: ['echo'],
  },
  rule: 'ci',
  grantType: 'jwt-bearer',
  issuedAtMs: EPOCH_MS,
  expiresAtMs: EPOCH_MS + 1000,
  revokedAtMs: null,
  ...more,
})

export function trustContract(engine: string, fresh: () => Promise<FreshDatabase>): void {
  ruleTests(engine, fresh)
  termTests(engine, fresh)
  tokenTests(engine, fresh)
  deviceTests(engine, fresh)
}

function ruleTests(engine: string, fresh: () => Promise<FreshDatabase>): void {
  test(`${engine}: a trust rule is made once, whoever makes it at the same moment, and removed once`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { trustRules } = store.control
    const made = await Promise.all([1, 2, 3].map(() => trustRules.insert(ruleRow('ci'))))
    assert.equal(made.filter(Boolean).length, 1)
    await trustRules.insert(ruleRow('a'))
    assert.deepEqual(await trustRules.list(), [ruleRow('a'), ruleRow('ci')])
    assert.deepEqual(
      [await trustRules.remove('ci'), await trustRules.remove('ci'), await trustRules.remove('\0')],
      [true, false, false],
    )
  })

  test(`${engine}: of two changes of a trust rule based on one version, one is refused`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { trustRules } = store.control
    await trustRules.insert(ruleRow('ci'))
    const changes = ['x', 'y'].map((written) =>
      trustRules.update(ruleRow('ci', { written, version: 2, updatedAtMs: EPOCH_MS + 1 })),
    )
    assert.deepEqual((await Promise.all(changes)).toSorted(), ['conflict', 'updated'])
    const [row] = await trustRules.list()
    assert.deepEqual([row?.version, row?.updatedAtMs], [2, EPOCH_MS + 1])
    assert.equal(await trustRules.update(ruleRow('none', { version: 2 })), 'not-found')
  })

  test(`${engine}: every process is told when a trust rule is made, changed or removed`, async () => {
    await using database = await fresh()
    await using one = await openStore(database.options)
    await using other = await openStore(database.options)
    const { trustRules } = one.control
    for (const change of [
      () => trustRules.insert(ruleRow('ci')),
      () => trustRules.update(ruleRow('ci', { version: 2 })),
      () => trustRules.remove('ci'),
    ]) {
      const before = [one, other].map(({ control }) => control.trustRules.version())
      await change()
      await until(
        () => [one, other].every(({ control }, at) => control.trustRules.version() !== before[at]),
        () => 'the change is announced',
      )
    }
  })

  test(`${engine}: the latest use of a rule by each actor is kept, in whatever order it is written`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { trustRuleUses } = store.control
    const use = (rule: string, actor: string, at: number) => ({
      rule,
      actor,
      principal: `p${at}`,
      lastUsedAtMs: EPOCH_MS + at,
    })
    await trustRuleUses.touch([use('ci', 'bob', 5), use('ci', '', 2)])
    await trustRuleUses.touch([use('ci', 'bob', 3), use('a', 'bob', 9)])
    await trustRuleUses.touch([use('ci', 'bob', 7)])
    assert.deepEqual(await trustRuleUses.list(), [
      use('a', 'bob', 9),
      use('ci', '', 2),
      use('ci', 'bob', 7),
    ])
    await trustRuleUses.removeBefore(EPOCH_MS + 7)
    assert.deepEqual(await trustRuleUses.list(), [use('a', 'bob', 9), use('ci', 'bob', 7)])
    await trustRuleUses.touch([])
  })
}

function termTests(engine: string, fresh: () => Promise<FreshDatabase>): void {
  test(`${engine}: a rule ends once, and a term that begins anew takes the end back everywhere`, async () => {
    await using database = await fresh()
    await using one = await openStore(database.options)
    await using other = await openStore(database.options)
    const terms = one.control.trustRuleTerms
    const end = (digest: string) => ({
      rule: 'ci',
      digest,
      sinceMs: EPOCH_MS,
      endedAtMs: EPOCH_MS + 5,
      because: 'stale',
    })
    const announced = async (change: () => Promise<unknown>): Promise<void> => {
      const before = other.control.trustRules.version()
      await change()
      await until(
        () => other.control.trustRules.version() !== before,
        () => 'the change is announced',
      )
    }
    const began = { rule: 'ci', digest: 'a', sinceMs: EPOCH_MS }
    await announced(() => terms.begin(began))
    assert.deepEqual(await terms.list(), [{ ...began, endedAtMs: null, because: '' }])
    await announced(async () => assert.equal(await terms.end(end('a')), true))
    assert.deepEqual(await other.control.trustRuleTerms.list(), [end('a')])
    const both = await Promise.all([
      terms.end(end('a')),
      other.control.trustRuleTerms.end(end('a')),
    ])
    assert.deepEqual(both, [false, false])
    // Another rule of the same name ends for itself, and one that no term was begun for as well.
    assert.equal(await terms.end(end('b')), true)
    const fresher = await Promise.all(
      [one, other].map(({ control }) => control.trustRuleTerms.end({ ...end('x'), rule: 'new' })),
    )
    assert.deepEqual(fresher.toSorted(), [false, true])
    await announced(() => terms.begin({ ...began, digest: 'b', sinceMs: EPOCH_MS + 9 }))
    assert.deepEqual(
      (await terms.list()).map(({ rule, sinceMs, endedAtMs }) => [rule, sinceMs, endedAtMs]),
      [
        ['ci', EPOCH_MS + 9, null],
        ['new', EPOCH_MS, EPOCH_MS + 5],
      ],
    )
  })
}

function tokenTests(engine: string, fresh: () => Promise<FreshDatabase>): void {
  test(`${engine}: an exchanged token is found by its hash with the principal it was made for`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { exchangedTokens } = store.control
    const row = tokenRow(1)
    await exchangedTokens.insert(row)
    assert.deepEqual(await exchangedTokens.byHash(row.hash), row)
    for (const odd of ['', 'x', 'a\0b']) assert.equal(await exchangedTokens.byHash(odd), null)
    await assert.rejects(exchangedTokens.insert(tokenRow(1)))
  })

  test(`${engine}: an exchanged token is revoked once, and every process is told`, async () => {
    await using database = await fresh()
    await using one = await openStore(database.options)
    await using other = await openStore(database.options)
    const row = tokenRow(1)
    await one.control.exchangedTokens.insert(row)
    const before = [one, other].map(({ control }) => control.exchangedTokens.version())
    const revoked = await Promise.all(
      [one, other, one].map(({ control }) => control.exchangedTokens.revoke(row.id, EPOCH_MS + 5)),
    )
    assert.equal(revoked.filter(Boolean).length, 1)
    await until(
      () =>
        [one, other].every(({ control }, at) => control.exchangedTokens.version() !== before[at]),
      () => 'the revocation is announced',
    )
    assert.equal((await other.control.exchangedTokens.byHash(row.hash))?.revokedAtMs, EPOCH_MS + 5)
    assert.equal(await one.control.exchangedTokens.revoke('ct_none', EPOCH_MS), false)
  })

  test(`${engine}: live tokens are listed newest first, and those that ended long ago are taken away`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { exchangedTokens } = store.control
    const rows = [1, 2, 3, 4].map((n) => tokenRow(n, { expiresAtMs: EPOCH_MS + n * 1000 }))
    for (const row of rows) await exchangedTokens.insert(row)
    await exchangedTokens.revoke(rows[3]!.id, EPOCH_MS)
    const active = await exchangedTokens.active(EPOCH_MS + 1000, 10)
    assert.deepEqual(
      active.map(({ id }) => id),
      [rows[2]!.id, rows[1]!.id],
    )
    assert.equal((await exchangedTokens.active(EPOCH_MS, 1)).length, 1)
    await exchangedTokens.removeExpired(EPOCH_MS + 2000)
    const left = await Promise.all(rows.map(({ hash }) => exchangedTokens.byHash(hash)))
    assert.deepEqual(
      left.map((row) => row !== null),
      [false, true, true, true],
    )
  })
}

function deviceTests(engine: string, fresh: () => Promise<FreshDatabase>): void {
  const login = (n: number) => ({
    hash: `hash ${n}`,
    userCode: `CODE-${n}`,
    client: 'kim on laptop',
    address: '127.0.0.1',
    createdAtMs: EPOCH_MS,
    expiresAtMs: EPOCH_MS + 1000,
    state: 'pending' as const,
    person: '',
  })

  test(`${engine}: a device login is decided once, in time, and taken once`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { devices } = store.control
    assert.equal(await devices.begin(login(1)), true)
    assert.equal(await devices.begin({ ...login(2), userCode: 'CODE-1' }), false)
    assert.equal((await devices.byUserCode('CODE-1', EPOCH_MS))?.hash, 'hash 1')
    assert.equal(await devices.byUserCode('CODE-1', EPOCH_MS + 1000), null)
    assert.equal(await devices.byUserCode('a\0b', EPOCH_MS), null)
    const yes = { state: 'approved', person: 'per_1' } as const
    const decided = await Promise.all([1, 2].map(() => devices.decide('CODE-1', yes, EPOCH_MS)))
    assert.equal(decided.filter(Boolean).length, 1)
    const taken = await Promise.all([1, 2, 3].map(() => devices.take('hash 1')))
    assert.deepEqual(
      taken.filter((row) => row !== null).map(({ state, person }) => [state, person]),
      [['approved', 'per_1']],
    )
    await devices.begin(login(3))
    assert.equal(await devices.decide('CODE-3', yes, EPOCH_MS + 1000), false)
  })

  test(`${engine}: the grants of a person end together, and those of others stay`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { devices } = store.control
    const grant = (n: number, person: string) => ({
      id: `dg_${n}`,
      hash: `grant ${n}`,
      person,
      client: 'laptop',
      keyId: `key_${n}`,
      createdAtMs: EPOCH_MS,
      expiresAtMs: EPOCH_MS + 1000,
      revokedAtMs: null,
    })
    for (const row of [grant(1, 'per_1'), grant(2, 'per_1'), grant(3, 'per_2')])
      await devices.insertGrant(row)
    assert.deepEqual(await devices.grant('grant 2'), grant(2, 'per_1'))
    await devices.revokeGrantsOf('per_1', EPOCH_MS + 5)
    const ends = await Promise.all([1, 2, 3].map((n) => devices.grant(`grant ${n}`)))
    assert.deepEqual(
      ends.map((row) => row?.revokedAtMs),
      [EPOCH_MS + 5, EPOCH_MS + 5, null],
    )
    assert.equal(await devices.grant('grant 4'), null)
  })
}
