import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { picture, startBrowser, violationsOf } from '../harness/browser.ts'
import type { TestBrowser, Visitor } from '../harness/browser.ts'
import { startOpenId } from '../harness/openid.ts'
import type { OpenId } from '../harness/openid.ts'

let openId: OpenId
let browser: TestBrowser

before(async () => {
  openId = await startOpenId()
  const provider = (name: string, more: string) => `
    ${name}:
      oidc:
        issuer: ${openId.issuer}
        clientId: ${openId.clientId}
        clientSecret: \${OIDC_SECRET}
        scopes: [profile, email, groups]
      ${more}`
  browser = await startBrowser({
    env: { OIDC_SECRET: openId.clientSecret },
    yaml: `login:
  providers:${provider(
    'okta',
    `title: Log in with Okta
      roles: { admin: [gateway-admins], investigator: [responders] }
      approvers: { desk: [responders] }`,
  )}${provider(
    'closed',
    `title: Partners
      createPeople: false
      linkBy: [verified-email]`,
  )}${provider(
    'strict',
    `roles: { auditor: [auditors] }
      approvers: { desk: [desk] }
      defaultRole: none`,
  )}
`,
  })
  openId.serve(browser.adminUrl, ['okta', 'closed', 'strict'])
})
after(async () => {
  await browser[Symbol.asyncDispose]()
  await openId[Symbol.asyncDispose]()
})
beforeEach(() => {
  openId.tamper = null
})

function known(sub: string, groups: readonly string[], claims: object = {}): void {
  openId.people.set(sub, {
    sub,
    claims: { preferred_username: sub, name: `Name of ${sub}`, groups, ...claims },
  })
}

/** A provider of another origin is part of the story, so these pages are not watched for asking elsewhere. */
async function signIn(sub: string, button = 'Log in with Okta'): Promise<Visitor> {
  const visitor = await browser.stranger()
  await visitor.page.goto(`${browser.adminUrl}/conversations`)
  await visitor.page.getByRole('link', { name: button }).click()
  await visitor.page.getByLabel('Name').fill(sub)
  await visitor.page.getByRole('button', { name: 'Sign in' }).click()
  return visitor
}

const personOf = async (login: string) =>
  (await browser.console.admin('GET', '/people')).body.items.find(
    (person: { login: string }) => person.login === login,
  )

test('the login page shows a button for each provider, and a login ends where it began', async () => {
  known('olga', ['responders'])
  const { page } = await browser.stranger()
  await page.goto(`${browser.adminUrl}/conversations`)
  await page.getByRole('link', { name: 'Partners' }).waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'login-providers')
  const inside = await signIn('olga')
  await inside.page.waitForURL('**/conversations')
  await inside.page.getByRole('button', { name: 'Name of olga investigator' }).waitFor()
  const olga = await personOf('olga')
  assert.deepEqual(olga.roles, ['investigator'])
  const trail = await browser.console.admin('GET', '/audit?operation=login.callback&outcome=done')
  assert.equal(trail.body.items[0].details.subject, 'olga')
})

test('who lost the group is no approver any more, also when the login itself is refused', async () => {
  known('sam', ['auditors', 'desk'])
  await (await signIn('sam', 'Log in with strict')).page.waitForURL('**/conversations')
  assert.deepEqual((await personOf('sam')).approverGroups.length, 1)
  known('sam', [])
  const { page } = await signIn('sam', 'Log in with strict')
  await page.getByText('None of your groups gives a role here').waitFor()
  assert.deepEqual((await personOf('sam')).approverGroups, [])
})

test('roles follow the groups at each login, and the console cannot change them', async () => {
  known('rita', ['responders'])
  await (await signIn('rita')).page.waitForURL('**/conversations')
  const [group] = (await personOf('rita')).approverGroups
  assert.deepEqual([group.name, group.by], ['desk', 'oidc:okta'])
  assert.ok(group.untilMs > Date.now())
  known('rita', [])
  await (await signIn('rita')).page.waitForURL('**/conversations')
  const rita = await personOf('rita')
  assert.deepEqual(rita.roles, ['member'])
  assert.deepEqual(rita.approverGroups, [])
  const changed = await browser.console.admin('PATCH', `/people/${rita.id}`, {
    body: { roles: ['admin'] },
    headers: { 'if-match': rita.etag },
  })
  assert.equal(changed.body.code, 'api.managed')
})

test('a name at the provider that somebody has here does not make one that person', async () => {
  await browser.console.person('local-lena', ['investigator'])
  known('stranger', ['responders'], { preferred_username: 'local-lena' })
  const { page } = await signIn('stranger')
  await page.getByText('Nobody here is linked to that account').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  assert.match(page.url(), /\/login\?problem=unlinked/)
})

test('an address counts only where it is asked for and verified', async () => {
  await browser.console.person('mia@example.com', ['approver'])
  known('evil', [], { email: 'mia@example.com', email_verified: false })
  const refused = await signIn('evil', 'Partners')
  await refused.page.getByText('Nobody here is linked to that account').waitFor()
  known('mia', [], { email: 'mia@example.com', email_verified: true })
  const { page } = await signIn('mia', 'Partners')
  await page.waitForURL('**/conversations')
  await page.getByRole('button', { name: 'Name of mia approver' }).waitFor()
})

test('where no role is for everyone, a login without a group ends outside', async () => {
  known('nora', ['something'])
  const { page } = await signIn('nora', 'Log in with strict')
  await page.getByText('None of your groups gives a role here').waitFor()
  assert.equal(await personOf('nora'), undefined)
})

test('a disabled person stays outside, whatever the provider says', async () => {
  known('dora', ['responders'])
  await (await signIn('dora')).page.waitForURL('**/conversations')
  const dora = await personOf('dora')
  const disabled = await browser.console.admin('PATCH', `/people/${dora.id}`, {
    body: { disabled: true },
    headers: { 'if-match': dora.etag },
  })
  assert.equal(disabled.status, 200)
  const { page } = await signIn('dora')
  await page.getByText('Your access has ended').waitFor()
  await picture(page, 'login-refused')
})

test('cancelling at the provider says so', async () => {
  const { page } = await browser.stranger()
  await page.goto(`${browser.adminUrl}/login`)
  await page.getByRole('link', { name: 'Log in with Okta' }).click()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByText('The identity provider said no').waitFor()
})

test('logging out goes by way of the provider', async () => {
  known('lars', [])
  const { page } = await signIn('lars')
  await page.waitForURL('**/conversations')
  await page.getByRole('button', { name: 'Name of lars member' }).click()
  const [request] = await Promise.all([
    page.waitForRequest((asked) => asked.url().startsWith(`${openId.issuer}/session/end`)),
    page.getByRole('menuitem', { name: 'Sign out' }).click(),
  ])
  const asked = new URL(request.url()).searchParams
  assert.match(asked.get('id_token_hint') ?? '', /^ey/)
  assert.equal(asked.get('post_logout_redirect_uri'), `${browser.adminUrl}/login`)
})

test('an answer that did not begin in this browser is refused', async () => {
  known('vera', [])
  const visitor = await browser.stranger()
  const callbacks: string[] = []
  visitor.page.on('request', (request) => {
    if (request.url().includes('/callback?')) callbacks.push(request.url())
  })
  await visitor.page.goto(`${browser.adminUrl}/login`)
  await visitor.page.getByRole('link', { name: 'Log in with Okta' }).click()
  await visitor.page.getByLabel('Name').fill('vera')
  await visitor.page.getByRole('button', { name: 'Sign in' }).click()
  await visitor.page.waitForURL('**/exchanges')
  const [callback = ''] = callbacks
  assert.match(callback, /code=/)
  const victim = await browser.stranger()
  await victim.page.goto(callback)
  await victim.page.getByText('That login took too long').waitFor()
  const own = await browser.stranger()
  await own.page.goto(`${browser.adminUrl}/api/v1/login/providers/okta/start`)
  await own.page.getByLabel('Name').waitFor()
  await own.page.goto(callback)
  await own.page.getByText('The answer of the identity provider proves nothing').waitFor()
})

const LIES: Readonly<Record<string, (body: Record<string, unknown>) => Record<string, unknown>>> = {
  'a changed subject': (body) => ({ ...body, id_token: withClaim(body, { sub: 'olga' }) }),
  'no signature': (body) => ({ ...body, id_token: unsigned(body) }),
  'no ID token': ({ id_token: _gone, ...body }) => body,
}

for (const [what, lie] of Object.entries(LIES)) {
  test(`an answer with ${what} is refused`, async () => {
    known('lia', [])
    openId.tamper = (path, body) => (path.startsWith('/token') ? lie(body) : body)
    const { page } = await signIn('lia')
    await page.getByText('The answer of the identity provider proves nothing').waitFor()
  })
}

test('userinfo of somebody else is refused', async () => {
  known('ursa', [])
  openId.tamper = (path, body) => (path.startsWith('/me') ? { ...body, sub: 'olga' } : body)
  const { page } = await signIn('ursa')
  await page.getByText('The answer of the identity provider proves nothing').waitFor()
})

test('a login never leads to another site', async () => {
  for (const next of ['//evil.example', 'https://evil.example/', '/\\evil.example', '/login?x']) {
    known('ned', [])
    const { page } = await browser.stranger()
    await page.goto(
      `${browser.adminUrl}/api/v1/login/providers/okta/start?next=${encodeURIComponent(next)}`,
    )
    await page.getByLabel('Name').fill('ned')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL(`${browser.adminUrl}/exchanges`)
  }
})

function withClaim(body: Record<string, unknown>, claims: object): string {
  const [head = '', payload = '', signature = ''] = String(body['id_token']).split('.')
  const known: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const changed = Buffer.from(JSON.stringify({ ...(known as object), ...claims }))
  return [head, changed.toString('base64url'), signature].join('.')
}

function unsigned(body: Record<string, unknown>): string {
  const [, payload = ''] = String(body['id_token']).split('.')
  return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
}
