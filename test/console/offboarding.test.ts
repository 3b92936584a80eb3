import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { picture, startBrowser, violationsOf } from '../harness/browser.ts'
import type { TestBrowser } from '../harness/browser.ts'
import { caller } from '../harness/console.ts'
import type { Call } from '../harness/console.ts'

let browser: TestBrowser
let scim: Call

before(async () => {
  browser = await startBrowser({ yaml: 'login: { scim: { roles: { member: [Contractors] } } }\n' })
  const made = await browser.console.admin('POST', '/scim-clients', { body: { name: 'okta' } })
  scim = caller(made.body.url, {
    authorization: `Bearer ${made.body.text}`,
    'content-type': 'application/scim+json',
  })
})
after(() => browser[Symbol.asyncDispose]())

const LOGIN = 'carla.contractor@example.com'

test('an offboarded contractor whose key still runs in a CI pipeline is cut off in one push', async () => {
  const { gateway, keyFor, admin } = browser.console
  const hired = await scim('POST', '/Users', {
    body: { userName: LOGIN, displayName: 'Carla Contractor', active: true },
  })
  assert.equal(hired.status, 201, hired.text)
  const key = await keyFor(LOGIN)
  const call = (): Promise<Response> =>
    fetch(`${gateway.url}/anthropic/v1/messages`, {
      method: 'POST',
      headers: {
        'x-api-key': key,
        'content-type': 'application/json',
        'anthropic-version': '2023-06-01',
        'x-custody-service': 'nightly-report',
        'x-custody-repository': 'acme/payroll',
        'x-custody-run': '4711',
        'x-sandbox-script': JSON.stringify({ events: 5_000, intervalMs: 20 }),
      },
      body: JSON.stringify({
        model: 'echo',
        max_tokens: 100,
        stream: true,
        messages: [{ role: 'user', content: 'the nightly report' }],
      }),
    })
  const reader = (await call()).body!.getReader()
  assert.equal((await reader.read()).done, false)

  const left = await scim('PATCH', `/Users/${hired.body.id}`, {
    body: {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', value: { active: false } }],
    },
  })
  const pushedAt = performance.now()
  assert.equal(left.body.active, false)
  let rest = ''
  for (let part = await reader.read(); !part.done; part = await reader.read())
    rest += Buffer.from(part.value).toString()
  const tookMs = performance.now() - pushedAt
  // The whole stream takes 100 seconds: it ended because it was cut.
  assert.match(rest, /lk_\w{26}/)
  assert.doesNotMatch(rest, /message_stop/)
  // Promised is one second; the bound leaves room for a machine that runs everything at once.
  assert.ok(tookMs < 30_000, `cut after ${tookMs} ms`)

  const refused = await call()
  assert.equal(refused.status, 400)
  assert.match(await refused.text(), /lk_\w{26}/)

  await gateway.app.evidence.flush()
  const { page, assertCalm } = await browser.visitor('ines', ['investigator'], {
    at: '/keys?q=carla',
  })
  await page.getByText('owner left').waitFor()
  await page.getByRole('button', { name: `Last use of the key of ${LOGIN}` }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('run 4711 of acme/payroll').waitFor()
  await dialog.getByText('(declared by the caller)').waitFor()
  await dialog.getByText(LOGIN).waitFor()
  await dialog.getByText('nightly-report').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'key-last-use')
  assertCalm()

  const held = await admin('GET', '/locks')
  assert.ok(
    held.body.items.some(
      ({ kind, value, owner }: { kind: string; value: string; owner: string }) =>
        kind === 'person' && value === LOGIN && owner === 'offboarding',
    ),
  )
})

test('an admin hands the key over, and the pipeline runs again in the name of somebody who is here', async () => {
  const { page, assertCalm } = await browser.visitor('ada', ['admin'], { at: '/keys?q=carla' })
  await page.getByRole('button', { name: `Hand over the key of ${LOGIN}` }).click()
  await page.getByLabel('New owner').selectOption('ada')
  await page.getByRole('dialog').getByRole('button', { name: 'Hand over' }).click()
  await page.getByText('The key has a new owner.').waitFor()
  assertCalm()
})

test('provisioning clients are made in the console, and their token is shown once', async () => {
  const { page, assertCalm } = await browser.visitor('otto', ['admin'], { at: '/people' })
  await page.getByRole('button', { name: 'New provisioning client' }).click()
  await page.getByLabel('Name').fill('entra')
  await page.getByRole('button', { name: 'Make it' }).click()
  await page.getByText('/scim/v2').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await page.keyboard.press('Escape')
  await page.getByRole('cell', { name: 'entra' }).waitFor()
  await picture(page, 'provisioning')
  assertCalm()
})
