import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { startBrowser } from '../harness/browser.ts'
import type { TestBrowser, Visitor } from '../harness/browser.ts'
import { makeKeyPair, logoutQuery, startSamlServer } from '../harness/saml.ts'
import type { SamlServer } from '../harness/saml.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'

let saml: SamlServer
let browser: TestBrowser
const keys = makeKeyPair('custody')
const held = new AsyncDisposableStack()

before(async () => {
  saml = held.use(await startSamlServer())
  const folder = held.use(temporaryFolder()).path
  const certFile = join(folder, 'cert.pem')
  const keyFile = join(folder, 'key.pem')
  writeFileSync(certFile, keys.certificate)
  writeFileSync(keyFile, keys.key)
  browser = held.use(
    await startBrowser({
      yaml: `login:
  providers:
    corp:
      title: Log in with Corp
      saml: { metadata: '${saml.origin}/metadata', keyFile: '${keyFile}', certFile: '${certFile}' }
      roles: { investigator: [responders] }
`,
    }),
  )
})
after(() => held.disposeAsync())
beforeEach(() => {
  saml.change = {}
  saml.encryptTo = null
})

async function signIn(subject: string): Promise<Visitor> {
  saml.people.set(subject, ['responders'])
  const visitor = await browser.stranger()
  await visitor.page.goto(`${browser.adminUrl}/conversations`)
  await visitor.page.getByRole('link', { name: 'Log in with Corp' }).click()
  await visitor.page.getByLabel('Name').fill(subject)
  await visitor.page.getByRole('button', { name: 'Sign in' }).click()
  return visitor
}

test('a login by SAML ends where it began, with the roles of the groups', async () => {
  const { page } = await signIn('sara')
  await page.waitForURL('**/conversations')
  await page.getByRole('button', { name: 'Name of sara investigator' }).waitFor()
  const trail = await browser.console.admin('GET', '/audit?operation=login.saml&outcome=done')
  assert.equal(trail.body.items[0].details.subject, 'sara')
})

test('an encrypted assertion logs in', async () => {
  saml.encryptTo = keys.certificate
  const { page } = await signIn('erna')
  await page.waitForURL('**/conversations')
})

test('an answer that was used is refused, in its own browser and in another', async () => {
  const { page } = await signIn('rosa')
  await page.waitForURL('**/conversations')
  const { url, fields } = saml.posted.at(-1)!
  for (const { page: other } of [{ page }, await browser.stranger()]) {
    await other.goto(`${saml.origin}/metadata`).catch(() => null)
    await post(other, url, fields)
    await other.getByText('That login took too long').waitFor()
  }
})

test('an answer to another login of the same browser is refused', async () => {
  const { page } = await signIn('olaf')
  await page.waitForURL('**/conversations')
  const { url, fields } = saml.posted.at(-1)!
  await page.goto(`${browser.adminUrl}/api/v1/login/providers/corp/start`)
  await page.getByLabel('Name').waitFor()
  await post(page, url, fields)
  await page.getByText('The answer of the identity provider proves nothing').waitFor()
})

for (const [what, change] of [
  ['without a signature', { signed: 'none' }],
  ['for another audience', { audience: 'https://other.example' }],
  ['that has ended', { nowMs: Date.now() - 3_600_000 }],
] as const) {
  test(`an answer ${what} is refused in the browser too`, async () => {
    saml.change = change
    const { page } = await signIn('mallory')
    await page.getByText('The answer of the identity provider proves nothing').waitFor()
  })
}

test('an assertion is taken once, by whichever login', async () => {
  saml.change = { assertionId: '_twice' }
  await (await signIn('tina')).page.waitForURL('**/conversations')
  const { page } = await signIn('tina')
  await page.getByText('The answer of the identity provider proves nothing').waitFor()
})

test('logging out sends a signed request to the provider', async () => {
  const { page } = await signIn('luis')
  await page.waitForURL('**/conversations')
  await page.getByRole('button', { name: 'Name of luis investigator' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Logged out' }).waitFor()
  assert.match(saml.logouts.at(-1) ?? '', /SAMLRequest=.*&SigAlg=.*&Signature=/)
})

test('a logout at the provider ends the login session here, and an unsigned one does not', async () => {
  saml.change = { sessionIndex: '_of_paula' }
  const { page } = await signIn('paula')
  await page.waitForURL('**/conversations')
  const destination = `${browser.adminUrl}/api/v1/login/providers/corp/slo`
  const request = { issuer: saml.entityId, destination, subject: 'paula', nowMs: Date.now() }
  const query = logoutQuery(saml.keys, { ...request, sessionIndex: '_of_paula' })
  const stranger = makeKeyPair('stranger')
  const bad = [
    query.replace(/&SigAlg=.*/, ''),
    query.replace(/&Signature=.*/, '&Signature=AAAA'),
    logoutQuery(stranger, request),
    logoutQuery(saml.keys, { ...request, destination: 'https://other.example' }),
    logoutQuery(saml.keys, { ...request, nowMs: Date.now() - 3_600_000 }),
    `${query}&SAMLRequest=AAAA`,
  ]
  for (const one of bad) {
    const answer = await fetch(`${destination}?${one}`, { redirect: 'manual' })
    assert.match(answer.headers.get('location') ?? '', /problem=unproven/)
  }
  await page.reload()
  await page.getByRole('button', { name: 'Name of paula investigator' }).waitFor()
  const answer = await fetch(`${destination}?${query}`, { redirect: 'manual' })
  assert.match(
    answer.headers.get('location') ?? '',
    new RegExp(`^${saml.origin}/slo\\?SAMLResponse=`),
  )
  await page.reload()
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
  const again = await fetch(`${destination}?${query}`, { redirect: 'manual' })
  assert.match(again.headers.get('location') ?? '', /problem=unproven/)
})

test('our metadata says where to answer and with what to encrypt', async () => {
  const answer = await fetch(`${browser.adminUrl}/api/v1/login/providers/corp/metadata`)
  assert.equal(answer.headers.get('content-type'), 'application/samlmetadata+xml')
  const xml = await answer.text()
  assert.match(xml, /WantAssertionsSigned="true"/)
  assert.ok(xml.includes(`Location="${browser.adminUrl}/api/v1/login/providers/corp/acs"`))
  assert.ok(xml.includes(keys.certificate.replaceAll(/-----[A-Z ]+-----|\s/g, '')))
})

async function post(
  page: Visitor['page'],
  url: string,
  fields: Readonly<Record<string, string>>,
): Promise<void> {
  const inputs = Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`)
    .join('')
  await page.route('**/replay', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<form method="post" action="${url}">${inputs}</form><script>document.forms[0].submit()</script>`,
    }),
  )
  await page.goto(`${saml.origin}/replay`)
}
