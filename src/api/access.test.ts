import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TestConsole } from '../../test/harness/console.ts'
import { CSRF, caller, logIn, startConsole, tokenOf } from '../../test/harness/console.ts'
import { contentOf, filesBelow } from '../../test/harness/stored-bytes.ts'

let console: TestConsole

before(async () => {
  console = await startConsole()
})
after(() => console[Symbol.asyncDispose]())

test('a login link works once', async () => {
  const nobody = caller(console.api, CSRF)
  const token = tokenOf(console.gateway.app.loginUrl ?? '')
  const again = await nobody('POST', '/login/link', { body: { token } })
  assert.equal(again.status, 401)
  assert.equal(again.body.code, 'api.login-refused')
  assert.deepEqual(again.headers.getSetCookie(), [])
})

test('the cookie is bound to the host and out of reach of scripts and other sites', async () => {
  const made = await console.admin('POST', '/people', { body: { login: 'cy', roles: ['member'] } })
  const link = await console.admin('POST', `/people/${made.body.id}/login-link`)
  const answer = await caller(console.api, CSRF)('POST', '/login/link', {
    body: { token: tokenOf(link.body.loginUrl) },
  })
  const [cookie = ''] = answer.headers.getSetCookie()
  assert.match(
    cookie,
    /^__Host-custody_session=cls_\w+; Path=\/; Secure; HttpOnly; SameSite=Strict/,
  )
  assert.doesNotMatch(cookie, /domain/i)
})

test('a cookie planted before the login is never a logged-in one', async () => {
  const planted = '__Host-custody_session=cls_planted'
  const made = await console.admin('POST', '/people', { body: { login: 'fix', roles: ['member'] } })
  const link = await console.admin('POST', `/people/${made.body.id}/login-link`)
  const answer = await caller(console.api, { ...CSRF, cookie: planted })('POST', '/login/link', {
    body: { token: tokenOf(link.body.loginUrl) },
  })
  assert.equal(answer.status, 200)
  const [cookie = ''] = answer.headers.getSetCookie()
  assert.ok(!cookie.includes('planted'))
  assert.equal((await caller(console.api, { cookie: planted })('GET', '/me')).status, 401)
})

test('a login ends the session that the browser had before', async () => {
  const { id, cookie } = await console.person('rota', ['member'])
  const link = await console.admin('POST', `/people/${id}/login-link`)
  const answer = await caller(console.api, { ...CSRF, cookie })('POST', '/login/link', {
    body: { token: tokenOf(link.body.loginUrl) },
  })
  assert.equal(answer.status, 200)
  assert.equal((await caller(console.api, { cookie })('GET', '/me')).status, 401)
})

test('a newer link ends the older one', async () => {
  const made = await console.admin('POST', '/people', { body: { login: 'two', roles: ['member'] } })
  const first = await console.admin('POST', `/people/${made.body.id}/login-link`)
  const second = await console.admin('POST', `/people/${made.body.id}/login-link`)
  const nobody = caller(console.api, CSRF)
  const old = await nobody('POST', '/login/link', { body: { token: tokenOf(first.body.loginUrl) } })
  assert.equal(old.status, 401)
  await logIn(console.api, second.body.loginUrl)
})

test('me says who one is, with which roles, and what one may do', async () => {
  const { body } = await console.admin('GET', '/me')
  assert.deepEqual(body.roles, ['admin'])
  assert.equal(body.authentication, 'login-session')
  assert.equal(body.may['keys.create'], 'all')
  assert.equal(body.may['content.read'], undefined)
  assert.equal(body.may['login.link'], undefined)
})

test('logging out ends the session on the server, not only in the browser', async () => {
  const { byCookie, cookie } = await console.person('out', ['member'])
  const answer = await byCookie('POST', '/logout')
  assert.equal(answer.status, 200)
  assert.match(answer.headers.getSetCookie()[0] ?? '', /Max-Age=0/)
  assert.equal((await caller(console.api, { cookie })('GET', '/me')).status, 401)
})

test('login sessions are one’s own; an admin ends anybody’s', async () => {
  const { byCookie, cookie } = await console.person('sess', ['member'])
  const own = await byCookie('GET', '/login-sessions')
  assert.equal(own.body.items.length, 1)
  assert.equal(own.body.items[0].current, true)
  assert.ok(!own.text.includes(cookie.split('=')[1] ?? ''))
  const all = await console.admin('GET', '/login-sessions')
  const theirs = all.body.items.find((item: { personName: string }) => item.personName === 'sess')
  const admins = all.body.items.find((item: { current: boolean }) => item.current)
  assert.equal((await byCookie('DELETE', `/login-sessions/${admins.id}`)).status, 404)
  assert.equal((await console.admin('DELETE', `/login-sessions/${theirs.id}`)).status, 204)
  assert.equal((await byCookie('GET', '/me')).status, 401)
})

test('a token has at most the roles of who made it, and cannot make a stronger one', async () => {
  const two = await console.person('tok', ['auditor', 'approver'])
  const stronger = await two.byCookie('POST', '/tokens', {
    body: { name: 'x', roles: ['admin'] },
  })
  assert.equal(stronger.body.code, 'api.own-roles')
  const weak = await two.byCookie('POST', '/tokens', { body: { name: 'w', roles: ['approver'] } })
  const asWeak = caller(console.api, { authorization: `Bearer ${weak.body.text}` })
  assert.deepEqual((await asWeak('GET', '/me')).body.roles, ['approver'])
  assert.equal((await asWeak('GET', '/people')).body.items.length, 1)
  const grown = await asWeak('POST', '/tokens', { body: { name: 'g', roles: ['auditor'] } })
  assert.equal(grown.body.code, 'api.own-roles')
})

test('a token loses a role with its person, and everything when the person is disabled', async () => {
  const { id, call, byCookie } = await console.person('los', ['auditor', 'member'])
  const before = await console.admin('GET', `/people/${id}`)
  const less = await console.admin('PATCH', `/people/${id}`, {
    headers: { 'if-match': before.headers.get('etag') ?? '' },
    body: { roles: ['member'] },
  })
  assert.equal(less.status, 200, less.text)
  assert.deepEqual((await call('GET', '/me')).body.roles, ['member'])
  const off = await console.admin('PATCH', `/people/${id}`, {
    headers: { 'if-match': less.headers.get('etag') ?? '' },
    body: { disabled: true },
  })
  assert.equal(off.status, 200)
  assert.equal((await call('GET', '/me')).status, 401)
  assert.equal((await byCookie('GET', '/me')).status, 401)
  const on = await console.admin('PATCH', `/people/${id}`, {
    headers: { 'if-match': off.headers.get('etag') ?? '' },
    body: { disabled: false },
  })
  assert.equal(on.status, 200)
  assert.equal((await call('GET', '/me')).status, 401, 'what was ended stays ended')
})

test('a revoked token is gone at once', async () => {
  const { call, byCookie } = await console.person('rev', ['member'])
  const [token] = (await byCookie('GET', '/tokens')).body.items
  assert.equal((await byCookie('DELETE', `/tokens/${token.id}`)).status, 204)
  assert.equal((await call('GET', '/me')).status, 401)
  assert.equal((await byCookie('DELETE', `/tokens/${token.id}`)).status, 404)
})

test('no secret that was handed out is stored, in a trail, or in a page', async () => {
  const { token, cookie } = await console.person('leak', ['member'])
  const login = tokenOf(console.gateway.app.loginUrl ?? '')
  const trail = await console.admin('GET', '/audit?limit=200')
  const secrets = [token, cookie.split('=')[1] ?? '', login, console.gateway.key]
  const folder = console.gateway.folder
  const files = filesBelow(folder)
  assert.ok(files.some((file) => file.endsWith('control.db')))
  for (const secret of secrets) {
    assert.ok(!trail.text.includes(secret))
    for (const file of files) assert.ok(!contentOf(file).includes(secret), file)
  }
})

test('whoever tries to log in too often waits', async () => {
  const nobody = caller(console.api, CSRF)
  let answer = await nobody('POST', '/login/link', { body: { token: 'cll_x' } })
  for (let tries = 0; tries < 80 && answer.status !== 429; tries += 1) {
    answer = await nobody('POST', '/login/link', { body: { token: 'cll_x' } })
  }
  assert.equal(answer.status, 429)
  assert.equal(answer.body.code, 'api.rate')
  assert.ok(Number(answer.headers.get('retry-after')) >= 1)
})
