import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startConsole } from '../../test/harness/console.ts'
import type { TestConsole } from '../../test/harness/console.ts'
import { createLinkMethod, mintLoginLink } from '../identity/login-method.ts'
import { signedInByCookie, startLoginSession } from '../identity/signed-in.ts'
import { systemClock } from '../lib/clock.ts'
import { openStore } from '../store/store.ts'

let console: TestConsole
before(async () => {
  console = await startConsole({
    yaml: `login:
  links: break-glass
  breakGlass: [root]
  providers: { corp: { oidc: { issuer: 'http://127.0.0.1:1', clientId: c } } }
`,
  })
})
after(() => console[Symbol.asyncDispose]())

test('the first link is of the break-glass account, and using it is an alert', async () => {
  const me = await console.admin('GET', '/me')
  assert.equal(me.body.person.login, 'root')
  assert.deepEqual(
    me.body.breakGlass.map(({ login }: { login: string }) => login),
    ['root'],
  )
  await console.gateway.app.evidence.flush()
  const events = await console.gateway.app.index.events(100)
  const broken = events.find(({ event }) => event.type === 'person.broke-glass')
  assert.equal(broken?.event.actor, 'root')
  const trail = await console.admin('GET', '/audit?operation=login.link')
  assert.equal(trail.body.items[0].details.method, 'break-glass')
})

test('an admin cannot make an investigator and log in as them', async () => {
  const made = await console.admin('POST', '/people', {
    body: { login: 'puppet', roles: ['investigator'] },
  })
  assert.equal(made.status, 201)
  const link = await console.admin('POST', `/people/${made.body.id}/login-link`)
  assert.equal(link.body.code, 'api.links-restricted')
})

test('a link that was made before the rule came in force is worth nothing', async () => {
  await using store = await openStore({ kind: 'sqlite', folder: console.gateway.folder })
  const { control } = store
  const puppet = await control.people.byLogin('puppet')
  assert.ok(puppet !== null)
  const rules = { links: 'break-glass', breakGlass: ['root'] } as const
  const link = await mintLoginLink(control.loginLinks, systemClock, puppet.id)
  const method = createLinkMethod(control, systemClock, () => rules)
  assert.equal(await method.prove(link.token), null)
})

test('a break-glass login is an admin and nothing else, whatever roles the account was given', async () => {
  await using store = await openStore({ kind: 'sqlite', folder: console.gateway.folder })
  const { control } = store
  const root = await control.people.byLogin('root')
  assert.ok(root !== null)
  await control.people.update(root.id, root.version, {
    name: '',
    roles: ['admin', 'investigator'],
    disabledAtMs: null,
  })
  const person = await control.people.byLogin('root')
  assert.ok(person !== null)
  const login = { person, method: 'break-glass', address: '', userAgent: '' }
  const { cookie, signedIn } = await startLoginSession(control, systemClock, login)
  assert.deepEqual(signedIn.roles, ['admin'])
  assert.deepEqual((await signedInByCookie(control, systemClock, cookie))?.roles, ['admin'])
})
