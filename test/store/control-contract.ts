/** What the control plane's tables must keep on every engine. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuditRow } from '../../src/model/control.ts'
import type { ApiTokenRow, LoginSessionRow, PersonRow } from '../../src/model/people.ts'
import { openStore } from '../../src/store/store.ts'
import { until } from '../harness/until.ts'
import { EPOCH_MS, exchangeId } from './samples.ts'
import type { FreshDatabase } from './store-contract.ts'

const digits = (n: number): string => String(n).padStart(26, '0')
const hashOf = (n: number): string => n.toString(16).padStart(64, '0')

function personRow(n: number, changes: Partial<PersonRow> = {}): PersonRow {
  return {
    id: `per_${digits(n)}`,
    login: `person ${n}`,
    name: 'Ada Löw',
    roles: ['member'],
    disabledAtMs: null,
    createdAtMs: EPOCH_MS + n,
    lastLoginAtMs: null,
    version: 1,
    managedBy: '',
    ...changes,
  }
}

function sessionRow(n: number, changes: Partial<LoginSessionRow> = {}): LoginSessionRow {
  return {
    id: `ls_${digits(n)}`,
    hash: hashOf(n),
    person: 'per_1',
    method: 'link',
    createdAtMs: EPOCH_MS,
    lastSeenAtMs: EPOCH_MS,
    expiresAtMs: EPOCH_MS + 1000,
    endedAtMs: null,
    address: '127.0.0.1',
    userAgent: 'test\0\ud800',
    ...changes,
  }
}

function tokenRow(n: number, changes: Partial<ApiTokenRow> = {}): ApiTokenRow {
  return {
    id: `tok_${digits(n)}`,
    hash: hashOf(n),
    hint: 'cpt_ab…yz',
    person: 'per_1',
    name: 'ci',
    roles: ['auditor', 'member'],
    createdAtMs: EPOCH_MS,
    expiresAtMs: EPOCH_MS + 1000,
    lastUsedAtMs: null,
    revokedAtMs: null,
    ...changes,
  }
}

export function auditRow(n: number, changes: Partial<AuditRow> = {}): AuditRow {
  return {
    id: `au_${digits(n)}`,
    atMs: EPOCH_MS + n,
    person: 'per_1',
    personName: 'ada',
    operation: 'content.read',
    target: `ex_${n % 3}`,
    outcome: n % 2 === 0 ? 'allowed' : 'denied',
    reason: 'because',
    address: '127.0.0.1',
    authentication: 'api-token tok_1',
    details: { n, yes: true, none: null, text: "'; drop table audit_events; --" },
    ...changes,
  }
}

export function controlContract(engine: string, fresh: () => Promise<FreshDatabase>): void {
  peopleTests(engine, fresh)
  accessTests(engine, fresh)
  keptTests(engine, fresh)
}

function peopleTests(engine: string, fresh: () => Promise<FreshDatabase>): void {
  test(`${engine}: people come back as they were inserted, and a login is taken once`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { people } = store.control
    const rows = [personRow(1, { roles: ['admin'] }), personRow(2, { disabledAtMs: EPOCH_MS })]
    for (const row of rows) assert.equal(await people.insert(row), true)
    assert.equal(await people.insert(personRow(3, { login: 'person 1' })), false)
    assert.deepEqual(await people.list(), rows)
    assert.deepEqual(await people.byId(rows[0]!.id), rows[0])
    assert.deepEqual(await people.byLogin('person 2'), rows[1])
    for (const odd of ['', 'a\0b', '\ud800', "' or 1=1 --"]) {
      assert.equal(await people.byId(odd), null)
      assert.equal(await people.byLogin(odd), null)
    }
  })

  test(`${engine}: versions of the policy are added once and never changed`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const versions = store.control.policyVersions
    const row = (version: number, text: string) => ({
      version,
      hash: hashOf(version),
      text,
      author: 'per_1',
      authorName: 'Ada\0',
      note: 'why \ud800',
      createdAtMs: EPOCH_MS + version,
    })
    assert.equal(await versions.latest(), null)
    assert.equal(await versions.insert(row(1, 'one')), true)
    assert.equal(await versions.insert(row(1, 'another')), false)
    assert.equal(await versions.insert(row(2, 'two')), true)
    assert.equal((await versions.latest())?.text, 'two')
    assert.equal((await versions.read(1))?.text, 'one')
    assert.equal(await versions.read(3), null)
    assert.deepEqual(await versions.byHash(hashOf(1)), { text: 'one', source: 'version 1' })
    assert.equal(await versions.byHash(hashOf(7)), null)
    const file = { hash: hashOf(7), text: 'seven', file: 'policy.yaml', keptAtMs: EPOCH_MS }
    await versions.keepFile(file)
    await versions.keepFile({ ...file, text: 'another', file: 'other.yaml' })
    const kept = { text: 'seven', source: 'policy.yaml' }
    assert.deepEqual(await versions.byHash(hashOf(7)), kept)
    const page = await versions.list({ before: null, limit: 1 })
    assert.deepEqual(
      page.map(({ version }) => version),
      [2],
    )
    const next = await versions.list({ before: 2, limit: 5 })
    assert.deepEqual(
      next.map(({ version, hash }) => [version, hash]),
      [[1, hashOf(1)]],
    )
  })

  test(`${engine}: many who start at once make one first admin`, async () => {
    await using database = await fresh()
    const stores = await Promise.all(Array.from({ length: 4 }, () => openStore(database.options)))
    const made = await Promise.all(
      stores.map((store, n) => store.control.people.insertFirst(personRow(n))),
    )
    assert.equal(made.filter(Boolean).length, 1)
    for (const store of stores) await store[Symbol.asyncDispose]()
  })

  test(`${engine}: of two changes based on one version, one is refused`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { people } = store.control
    const admin = personRow(1, { roles: ['admin'] })
    await people.insert(admin)
    const change = { name: 'x', roles: ['admin'], disabledAtMs: null } as const
    const results = await Promise.all([
      people.update(admin.id, 1, change),
      people.update(admin.id, 1, change),
    ])
    assert.deepEqual(results.toSorted(), ['conflict', 'updated'])
    assert.equal((await people.byId(admin.id))?.version, 2)
    assert.equal(await people.update('per_none', 1, change), 'not-found')
  })

  test(`${engine}: who is disabled is known, and every process is told when somebody is let back`, async () => {
    await using database = await fresh()
    await using one = await openStore(database.options)
    await using other = await openStore(database.options)
    const [kim, admin] = [personRow(1), personRow(2, { roles: ['admin'] })]
    for (const row of [kim, admin]) await one.control.people.insert(row)
    const change = { name: '', roles: kim.roles }
    await one.control.people.update(kim.id, 1, { ...change, disabledAtMs: EPOCH_MS })
    assert.deepEqual(await other.control.people.disabled(), [kim.login])
    const before = [one, other].map(({ control }) => control.locks.version())
    await one.control.people.update(kim.id, 2, { ...change, disabledAtMs: null })
    await until(
      () => [one, other].every(({ control }, at) => control.locks.version() !== before[at]),
      () => 'the change is announced',
    )
    assert.deepEqual(await other.control.people.disabled(), [])
  })

  test(`${engine}: two stores that disable each other’s admin at once leave one`, async () => {
    await using database = await fresh()
    await using one = await openStore(database.options)
    await using other = await openStore(database.options)
    const rows = [personRow(1, { roles: ['admin'] }), personRow(2, { roles: ['admin'] })]
    for (const row of rows) await one.control.people.insert(row)
    const off = { name: '', roles: ['admin'], disabledAtMs: EPOCH_MS } as const
    const results = await Promise.all([
      one.control.people.update(rows[0]!.id, 1, off),
      other.control.people.update(rows[1]!.id, 1, off),
    ])
    assert.deepEqual(results.toSorted(), ['last-admin', 'updated'])
  })
}

function accessTests(engine: string, fresh: () => Promise<FreshDatabase>): void {
  test(`${engine}: a login link is taken once, by one of many, and only in time`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { loginLinks } = store.control
    const link = { person: 'per_1', createdAtMs: EPOCH_MS, expiresAtMs: EPOCH_MS + 10 }
    await loginLinks.replace({ ...link, hash: hashOf(1) })
    const takers = await Promise.all(
      Array.from({ length: 5 }, () => loginLinks.take(hashOf(1), EPOCH_MS)),
    )
    assert.equal(takers.filter((taken) => taken !== null).length, 1)
    await loginLinks.replace({ ...link, hash: hashOf(2) })
    assert.equal(await loginLinks.take(hashOf(2), EPOCH_MS + 10), null)
    assert.equal(await loginLinks.take(hashOf(2), EPOCH_MS), null, 'a late taker uses it up')
    await loginLinks.replace({ ...link, hash: hashOf(3) })
    await loginLinks.replace({ ...link, hash: hashOf(4) })
    assert.equal(await loginLinks.take(hashOf(3), EPOCH_MS), null)
  })

  test(`${engine}: login sessions end once, and those of one person together`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { loginSessions } = store.control
    for (const row of [sessionRow(1), sessionRow(2), sessionRow(3, { person: 'per_2' })]) {
      await loginSessions.insert(row)
    }
    const shown = await loginSessions.byHash(hashOf(1))
    assert.equal(shown?.userAgent, 'test\uFFFD\uFFFD')
    await loginSessions.seen(sessionRow(1).id, EPOCH_MS + 5)
    await loginSessions.seen(sessionRow(1).id, EPOCH_MS + 4)
    assert.equal((await loginSessions.byHash(hashOf(1)))?.lastSeenAtMs, EPOCH_MS + 5)
    assert.equal((await loginSessions.active(null, EPOCH_MS)).length, 3)
    assert.equal((await loginSessions.active('per_1', EPOCH_MS + 1000)).length, 0)
    assert.equal(await loginSessions.end(sessionRow(1).id, EPOCH_MS), true)
    assert.equal(await loginSessions.end(sessionRow(1).id, EPOCH_MS), false)
    assert.equal(await loginSessions.end('a\0b', EPOCH_MS), false)
    await loginSessions.endAllOf('per_1', EPOCH_MS)
    const left = await loginSessions.active(null, EPOCH_MS)
    assert.deepEqual(
      left.map((row) => row.id),
      [sessionRow(3).id],
    )
  })

  test(`${engine}: tokens are found by hash, used, and revoked once`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { tokens } = store.control
    await tokens.insert(tokenRow(1))
    await tokens.insert(tokenRow(2))
    assert.deepEqual(await tokens.byHash(hashOf(1)), tokenRow(1))
    await tokens.used(tokenRow(1).id, EPOCH_MS + 1)
    assert.equal((await tokens.byId(tokenRow(1).id))?.lastUsedAtMs, EPOCH_MS + 1)
    assert.equal(await tokens.revoke(tokenRow(1).id, EPOCH_MS), true)
    assert.equal(await tokens.revoke(tokenRow(1).id, EPOCH_MS), false)
    await tokens.revokeAllOf('per_1', EPOCH_MS + 9)
    const left = await tokens.ofPerson('per_1')
    assert.deepEqual(
      left.map((row) => row.revokedAtMs),
      [EPOCH_MS + 9, EPOCH_MS],
    )
  })
}

function keptTests(engine: string, fresh: () => Promise<FreshDatabase>): void {
  test(`${engine}: the trail is listed newest first by any filter, page by page`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { audit } = store.control
    const rows = Array.from({ length: 12 }, (_, n) => auditRow(n))
    for (const row of rows) await audit.append(row)
    assert.deepEqual(await audit.list({ limit: 100 }), rows.toReversed())
    const before = await audit.list({ limit: 3, before: rows[5]!.id })
    assert.deepEqual(before, rows.slice(2, 5).toReversed())
    const filters = [
      { target: 'ex_1', keep: (row: AuditRow) => row.target === 'ex_1' },
      { outcome: 'denied' as const, keep: (row: AuditRow) => row.outcome === 'denied' },
      { sinceMs: EPOCH_MS + 4.5, keep: (row: AuditRow) => row.atMs >= EPOCH_MS + 5 },
      { untilMs: EPOCH_MS + 4.5, keep: (row: AuditRow) => row.atMs <= EPOCH_MS + 4 },
      { person: 'nobody', keep: () => false },
      { operation: 'a\0b', keep: () => false },
    ]
    for (const { keep, ...filter } of filters) {
      assert.deepEqual(await audit.list({ ...filter, limit: 100 }), rows.filter(keep).toReversed())
    }
    await assert.rejects(audit.append(rows[0]!), /unique|duplicate/i)
  })

  test(`${engine}: reveals are open until they end or expire`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { reveals } = store.control
    const reveal = (n: number, person: string) => ({
      id: `rv_${digits(n)}`,
      person,
      scope: { kind: 'query', query: { values: { model: ['gpt*'] }, sinceMs: 5 } } as const,
      reason: 'because',
      createdAtMs: EPOCH_MS,
      expiresAtMs: EPOCH_MS + n,
      endedAtMs: null,
    })
    const rows = [reveal(10, 'per_1'), reveal(20, 'per_1'), reveal(30, 'per_2')]
    for (const row of rows) await reveals.insert(row)
    assert.deepEqual(await reveals.list({ limit: 9 }), rows.toReversed())
    const open = await reveals.list({ person: 'per_1', activeAtMs: EPOCH_MS + 10, limit: 9 })
    assert.deepEqual(open, [rows[1]])
    assert.equal(await reveals.end(rows[1]!.id, 'per_2', EPOCH_MS), false)
    assert.equal(await reveals.end(rows[1]!.id, 'per_1', EPOCH_MS), true)
    assert.equal(await reveals.end(rows[1]!.id, 'per_1', EPOCH_MS), false)
    assert.deepEqual(
      await reveals.list({ person: 'per_1', activeAtMs: EPOCH_MS + 11, limit: 9 }),
      [],
    )
  })

  test(`${engine}: mask tokens are kept once, per scope, newest first, and forgotten by age`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { maskTokens } = store.control
    const token = (n: number) => ({ token: `<X_${n}>`, sealed: `sealed ${n}`, createdAtMs: n })
    const use = { exchange: exchangeId(1), durable: true }
    await maskTokens.keep('a', [token(1), token(2)], use)
    const other = { ...token(2), sealed: 'other', createdAtMs: 9 }
    await maskTokens.keep('a', [other, token(3)], { ...use, durable: false })
    await maskTokens.keep('b', [token(1)], use)
    await maskTokens.keep('a', [], use)
    assert.deepEqual(await maskTokens.ofScope('a', 9), [token(3), token(2), token(1)])
    assert.deepEqual(await maskTokens.ofScope('a', 1), [token(3)])
    assert.deepEqual(await maskTokens.ofScope('c', 9), [])
    assert.equal(await maskTokens.removeBefore(2), 2)
    assert.deepEqual(await maskTokens.ofScope('b', 9), [])
  })

  test(`${engine}: a mask token goes with the last exchange that used it, and of its caller only`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { maskTokens } = store.control
    const token = (n: number) => ({ token: `<X_${n}>`, sealed: `sealed ${n}`, createdAtMs: n })
    const use = (n: number) => ({ exchange: exchangeId(n), durable: n === 1 })
    await maskTokens.keep('a', [token(1), token(2)], use(1))
    await maskTokens.keep('a', [token(2), token(3)], use(2))
    await maskTokens.keep('b', [token(1)], use(3))
    assert.equal(await maskTokens.forget([]), 0)
    assert.equal(await maskTokens.forget([exchangeId(1), exchangeId(9)]), 1)
    assert.deepEqual(await maskTokens.ofScope('a', 9), [token(3), token(2)])
    assert.deepEqual(await maskTokens.ofScope('b', 9), [token(1)])
    assert.equal(await maskTokens.forget([exchangeId(1)]), 0)
    assert.equal(await maskTokens.forget([exchangeId(2), exchangeId(3)]), 3)
    assert.deepEqual(await maskTokens.ofScope('a', 9), [])
  })

  test(`${engine}: a saved view changes only for its person and only from its version`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { views } = store.control
    const view = {
      id: `sv_${digits(1)}`,
      person: 'per_1',
      name: 'Ω',
      page: 'exchanges',
      query: 'model=x',
      createdAtMs: EPOCH_MS,
      updatedAtMs: EPOCH_MS,
      version: 1,
    }
    await views.insert(view)
    const next = { ...view, name: 'new', version: 2 }
    assert.equal(await views.update({ ...next, person: 'per_2' }, 'x'), false)
    assert.equal(await views.update({ ...next, version: 3 }, 'x'), false)
    assert.equal(await views.update(next, 'status:500'), true)
    assert.equal(await views.update(next, 'status:500'), false)
    assert.deepEqual(await views.ofPerson('per_1'), [next])
    assert.equal(await views.remove(view.id, 'per_2'), false)
    assert.equal(await views.remove(view.id, 'per_1'), true)
    assert.deepEqual(await views.ofPerson('per_1'), [])
  })

  test(`${engine}: an idempotency key is claimed once, answered, released and forgotten`, async () => {
    await using database = await fresh()
    await using store = await openStore(database.options)
    const { idempotency } = store.control
    const claim = {
      person: 'per_1',
      key: 'key 1',
      operation: 'keys.create',
      requestHash: hashOf(1),
      createdAtMs: EPOCH_MS,
      answer: null,
    }
    const claims = await Promise.all(Array.from({ length: 5 }, () => idempotency.claim(claim, 0)))
    assert.equal(claims.filter((known) => known === null).length, 1)
    assert.equal(await idempotency.claim({ ...claim, person: 'per_2' }, 0), null)
    const answer = { status: 201, body: '{"id":1}' }
    await idempotency.complete('per_1', 'key 1', answer)
    await idempotency.release('per_1', 'key 1')
    assert.deepEqual(await idempotency.claim(claim, 0), { ...claim, answer })
    await idempotency.release('per_2', 'key 1')
    assert.equal(await idempotency.claim({ ...claim, person: 'per_2' }, 0), null)
    assert.equal(await idempotency.claim(claim, EPOCH_MS + 1), null, 'old answers are forgotten')
  })
}
