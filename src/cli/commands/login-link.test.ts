import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCli } from '../../../test/harness/cli.ts'
import { CSRF, caller, logIn } from '../../../test/harness/console.ts'
import { startGateway } from '../../../test/harness/gateway.ts'
import { temporaryFolder } from '../../../test/harness/temporary-folder.ts'

test('whoever can write the data folder of a running gateway gets a new way in', async () => {
  await using gateway = await startGateway()
  const admin = new URL(gateway.adminUrl).host
  const said = await runCli('login-link', '--data', gateway.folder, '--admin', admin, '--json')
  assert.equal(said.code, 0, said.err)
  const { loginUrl, person } = JSON.parse(said.out)
  assert.ok(loginUrl.startsWith(`${gateway.adminUrl}/login#token=cll_`))
  const api = `${gateway.adminUrl}/api/v1`
  const cookie = await logIn(api, loginUrl)
  const call = caller(api, { cookie, ...CSRF })
  const me = await call('GET', '/me')
  assert.equal(me.body.person.login, person)
  const trail = await call('GET', '/audit?operation=people.login-link')
  assert.equal(trail.body.items[0].authentication, 'data folder')
  // The link that was printed at the start has ended with it.
  const old = await caller(api, CSRF)('POST', '/login/link', {
    body: { token: new URL(gateway.app.loginUrl ?? '').hash.replace('#token=', '') },
  })
  assert.equal(old.status, 401)
})

test('without a data folder, or for nobody, there is no link and nothing is made', async () => {
  using folder = temporaryFolder()
  const none = await runCli('login-link', '--data', join(folder.path, 'none'))
  assert.equal(none.code, 1)
  assert.match(none.err, /no data folder/)
  await using gateway = await startGateway()
  const nobody = await runCli('login-link', '--data', gateway.folder, '--person', 'nobody')
  assert.equal(nobody.code, 1)
  assert.equal(nobody.out, '')
})
