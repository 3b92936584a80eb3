/** What the tables of logins at identity providers must keep on every engine. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '../../src/store/store.ts'
import { EPOCH_MS } from './samples.ts'
import type { FreshDatabase } from './store-contract.ts'

export function loginContract(engine: string, fresh: () => Promise<FreshDatabase>): void {
  test(`${engine}: an issuer and subject belong to one person, whoever links at the same moment`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { identities } = store.control
    const row = (id: string, person: string, subject = 'sub') => ({
      id,
      person,
      provider: 'okta',
      issuer: 'https://idp.example',
      subject,
      createdAtMs: EPOCH_MS,
      lastLoginAtMs: EPOCH_MS,
    })
    const linked = await Promise.all(
      ['a', 'b', 'c'].map((name) => identities.insert(row(`idn_${name}`, `per_${name}`))),
    )
    assert.equal(linked.filter(Boolean).length, 1)
    assert.equal(await identities.insert(row('idn_d', 'per_d', 'SUB')), true)
    assert.equal(await identities.insert(row('idn_e', 'per_e', 'a\0b')), false)
    assert.equal(await identities.find('https://idp.example', 'a\0b'), null)
    assert.equal((await identities.find('https://idp.example', 'SUB'))?.person, 'per_d')
    await identities.used('idn_d', EPOCH_MS + 5)
    assert.equal((await identities.ofPerson('per_d'))[0]?.lastLoginAtMs, EPOCH_MS + 5)
  })

  test(`${engine}: the groups of the last login stand in place of those before, wherever it was`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { loginGroups } = store.control
    const row = { person: 'per_a', provider: 'oidc:okta', groups: ['desk', 'ops'], atMs: EPOCH_MS }
    await loginGroups.keep(row)
    await loginGroups.keep({ ...row, person: 'per_b', groups: ['a\0b', 'désk'] })
    assert.deepEqual(await loginGroups.list(), [row, { ...row, person: 'per_b', groups: ['désk'] }])
    const next = { person: 'per_a', provider: 'saml:adfs', groups: [], atMs: EPOCH_MS + 1 }
    await loginGroups.keep(next)
    assert.deepEqual((await loginGroups.list())[0], next)
  })

  test(`${engine}: a login under way is taken once, and not after its time`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { loginAttempts } = store.control
    const row = (hash: string) => ({
      hash,
      provider: 'okta',
      next: '/exchanges',
      createdAtMs: EPOCH_MS,
      expiresAtMs: EPOCH_MS + 10,
    })
    await loginAttempts.insert(row('one'))
    const taken = await Promise.all([1, 2, 3].map(() => loginAttempts.take('one', EPOCH_MS)))
    assert.deepEqual(
      taken.filter((attempt) => attempt !== null),
      [row('one')],
    )
    await loginAttempts.insert(row('two'))
    assert.equal(await loginAttempts.take('two', EPOCH_MS + 10), null)
    assert.equal(await loginAttempts.take('two', EPOCH_MS), null)
  })

  test(`${engine}: what may be presented once is claimed once, until it is forgotten`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { once } = store.control
    const claims = await Promise.all(
      [1, 2, 3].map(() => once.claim('assertion', EPOCH_MS, EPOCH_MS + 10)),
    )
    assert.equal(claims.filter(Boolean).length, 1)
    assert.equal(await once.claim('another', EPOCH_MS, EPOCH_MS + 10), true)
    assert.equal(await once.claim('assertion', EPOCH_MS + 9, EPOCH_MS + 20), false)
    assert.equal(await once.claim('assertion', EPOCH_MS + 10, EPOCH_MS + 20), true)
  })

  test(`${engine}: login sessions of a subject are found by provider, subject and index`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { loginHints } = store.control
    const row = (loginSession: string, sessionIndexHash: string) => ({
      loginSession,
      provider: 'corp',
      subjectHash: 'subject',
      sessionIndexHash,
      sealed: 'sealed',
    })
    await loginHints.insert(row('ls_1', 'one'))
    await loginHints.insert(row('ls_2', 'two'))
    assert.deepEqual(await loginHints.byLoginSession('ls_1'), row('ls_1', 'one'))
    const found = async (provider: string, index: string) =>
      (await loginHints.ofSubject(provider, 'subject', index)).map((hint) => hint.loginSession)
    assert.deepEqual((await found('corp', '')).toSorted(), ['ls_1', 'ls_2'])
    assert.deepEqual(await found('corp', 'two'), ['ls_2'])
    assert.deepEqual(await found('other', ''), [])
  })

  test(`${engine}: a provider may end the last admin, the console may not; a taken login stays taken`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { people } = store.control
    const row = (id: string, login: string) => ({
      id,
      login,
      name: '',
      roles: ['admin'] as const,
      disabledAtMs: null,
      createdAtMs: EPOCH_MS,
      lastLoginAtMs: null,
      version: 1,
      managedBy: 'oidc:okta',
    })
    await people.insert(row('per_1', 'ada'))
    const member = { name: '', roles: ['member'] as const, disabledAtMs: null }
    assert.equal(await people.update('per_1', 1, member), 'last-admin')
    assert.equal(await people.update('per_1', 1, member, 'provider'), 'updated')
    await people.insert(row('per_2', 'bob'))
    const renamed = { ...member, login: 'ada' }
    assert.equal(await people.update('per_2', 1, renamed, 'provider'), 'taken')
    assert.equal((await people.byId('per_1'))?.managedBy, 'oidc:okta')
  })
}
