import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { TestConsole, TestPerson } from '../../test/harness/console.ts'
import { startConsole } from '../../test/harness/console.ts'

let console: TestConsole
let ada: TestPerson

before(async () => {
  console = await startConsole()
  ada = await console.person('ada', ['member'])
})
after(() => console[Symbol.asyncDispose]())

const key = (name: string) => ({ 'idempotency-key': name })

test('a create that is sent again is answered as before, and nothing is created twice', async () => {
  const body = { name: 'ci', owner: 'ada' }
  const headers = key('create-key-1')
  const first = await console.admin('POST', '/keys', { body, headers })
  assert.equal(first.status, 201)
  assert.match(first.body.text, /^cst_/)
  const again = await console.admin('POST', '/keys', { body, headers })
  assert.equal(again.status, 201)
  assert.equal(again.headers.get('idempotency-replayed'), 'true')
  assert.equal(again.body.key.id, first.body.key.id)
  assert.equal(again.body.text, null, 'the key is shown once')
  const keys = await console.admin('GET', '/keys')
  assert.equal(keys.body.items.filter((one: { name: string }) => one.name === 'ci').length, 1)
})

test('an idempotency key belongs to one call of one person', async () => {
  const headers = key('shared-name-1')
  const mine = { name: 'a', page: 'exchanges', query: 'x=1' }
  assert.equal((await ada.call('POST', '/views', { body: mine, headers })).status, 201)
  const other = await ada.call('POST', '/views', { body: { ...mine, query: 'x=2' }, headers })
  assert.equal(other.body.code, 'api.key-reused')
  assert.equal((await console.admin('POST', '/views', { body: mine, headers })).status, 201)
  for (const bad of ['short', 'with space in it', 'x'.repeat(101)]) {
    const answer = await ada.call('POST', '/views', { body: mine, headers: key(bad) })
    assert.equal(answer.status, 422, bad)
  }
})

test('creates sent at the same moment under one key make one thing', async () => {
  const body = { name: 'once', owner: 'ada' }
  const answers = await Promise.all(
    Array.from({ length: 8 }, () =>
      console.admin('POST', '/keys', { body, headers: key('at-once-1') }),
    ),
  )
  const created = answers.filter((answer) => answer.status === 201 && answer.body.text !== null)
  assert.equal(created.length, 1)
  for (const { status, body: shown } of answers) {
    assert.ok(status === 201 || shown.code === 'api.in-progress')
  }
  const keys = await console.admin('GET', '/keys')
  assert.equal(keys.body.items.filter((one: { name: string }) => one.name === 'once').length, 1)
})

test('a create that was refused can be sent again', async () => {
  const headers = key('retry-after-422')
  const bad = await console.admin('POST', '/keys', { body: { name: '', owner: 'ada' }, headers })
  assert.equal(bad.status, 422)
  assert.deepEqual(bad.body.errors, [{ path: 'name', message: 'is empty' }])
  const again = await console.admin('POST', '/keys', { body: { name: '', owner: 'ada' }, headers })
  assert.equal(again.status, 422)
})

test('a change needs the version it is based on, and the later of two loses', async () => {
  const made = await ada.call('POST', '/views', {
    body: { name: 'v', page: 'exchanges', query: '' },
  })
  const path = `/views/${made.body.id}`
  const etag = made.headers.get('etag') ?? ''
  assert.equal(etag, made.body.etag)
  const blind = await ada.call('PATCH', path, { body: { name: 'w' } })
  assert.equal(blind.status, 428)
  for (const odd of ['*', 'v1', '"v0"', 'W/"v1"', '"v1", "v2"']) {
    const answer = await ada.call('PATCH', path, {
      body: { name: 'w' },
      headers: { 'if-match': odd },
    })
    assert.equal(answer.status, 412, odd)
  }
  const change = (name: string) =>
    ada.call('PATCH', path, { body: { name }, headers: { 'if-match': etag } })
  const [one, two] = await Promise.all([change('one'), change('two')])
  assert.deepEqual([one.status, two.status].toSorted(), [200, 412])
  assert.notEqual((one.status === 200 ? one : two).headers.get('etag'), etag)
})

test('saved views are each person’s own', async () => {
  const made = await ada.call('POST', '/views', {
    body: { name: 'mine', page: 'exchanges', query: 'model=x' },
  })
  const bob = await console.person('bob', ['admin'])
  assert.deepEqual((await bob.call('GET', '/views')).body.items, [])
  assert.equal((await bob.call('DELETE', `/views/${made.body.id}`)).status, 404)
  const change = await bob.call('PATCH', `/views/${made.body.id}`, {
    body: { name: 'x' },
    headers: { 'if-match': made.body.etag },
  })
  assert.equal(change.status, 404)
  assert.equal((await ada.call('DELETE', `/views/${made.body.id}`)).status, 204)
})

test('a login that is taken, empty or hides something is refused', async () => {
  const add = (login: string) =>
    console.admin('POST', '/people', { body: { login, roles: ['member'] } })
  assert.equal((await add('ada')).body.code, 'api.conflict')
  for (const login of ['', ' ada', 'ada\u200b', 'a\nb', '\u202eada', 'x'.repeat(201)]) {
    assert.equal((await add(login)).status, 422, JSON.stringify(login))
  }
  const odd = await console.admin('POST', '/people', { body: { login: 'o', roles: ['root'] } })
  assert.equal(odd.status, 422)
})

test('nobody gives themselves a role', async () => {
  const { body: me } = await console.admin('GET', '/me')
  const path = `/people/${me.person.id}`
  const { body } = await console.admin('GET', path)
  const headers = { 'if-match': body.etag }
  for (const roles of [['admin', 'investigator'], ['investigator']]) {
    const answer = await console.admin('PATCH', path, { body: { roles }, headers })
    assert.equal(answer.body.code, 'api.own-roles')
  }
  const trail = await console.admin('GET', `/audit?operation=people.update&outcome=denied`)
  assert.equal(trail.body.items[0].target, me.person.id)
})

test('the last active admin can be neither disabled nor demoted', async () => {
  const people = await console.admin('GET', '/people')
  const { body: me } = await console.admin('GET', '/me')
  for (const person of people.body.items) {
    if (person.id === me.person.id || !person.roles.includes('admin')) continue
    const off = await console.admin('PATCH', `/people/${person.id}`, {
      body: { disabled: true },
      headers: { 'if-match': person.etag },
    })
    assert.equal(off.status, 200)
  }
  const { body } = await console.admin('GET', `/people/${me.person.id}`)
  for (const edit of [{ disabled: true }, { roles: [] }, { disabled: true, name: 'x' }]) {
    const answer = await console.admin('PATCH', `/people/${me.person.id}`, {
      body: edit,
      headers: { 'if-match': body.etag },
    })
    assert.ok(answer.body.code === 'api.last-admin' || answer.status === 422, answer.text)
  }
})

test('two admins who disable each other at the same moment leave one', async () => {
  const one = await console.person('adm1', ['admin'])
  const two = await console.person('adm2', ['admin'])
  const { body: me } = await console.admin('GET', '/me')
  const off = async (by: TestPerson, id: string) => {
    const { body } = await by.call('GET', `/people/${id}`)
    return by.call('PATCH', `/people/${id}`, {
      body: { disabled: true },
      headers: { 'if-match': body.etag },
    })
  }
  const root = await off(one, me.person.id)
  assert.equal(root.status, 200)
  await Promise.all([off(one, two.id), off(two, one.id)])
  const alive = [await one.call('GET', '/people'), await two.call('GET', '/people')].filter(
    (answer) => answer.status === 200,
  )
  assert.equal(alive.length, 1)
  const survivor = alive[0]!.body.items.filter(
    (person: { roles: string[]; disabled: boolean }) =>
      person.roles.includes('admin') && !person.disabled,
  )
  assert.equal(survivor.length, 1)
})

test('the trail cannot be changed or deleted, not even in the database', async () => {
  const file = new DatabaseSync(join(console.gateway.folder, 'control.db'))
  try {
    const before = file.prepare('select count(*) as n from audit_events').get()
    assert.ok(Number(before?.['n']) > 0)
    assert.throws(() => file.exec("update audit_events set outcome = 'done'"), /append-only/)
    assert.throws(() => file.exec('delete from audit_events'), /append-only/)
    assert.deepEqual(file.prepare('select count(*) as n from audit_events').get(), before)
  } finally {
    file.close()
  }
})
