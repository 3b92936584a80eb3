import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fits, goDark, picture, resize, startBrowser, violationsOf } from '../harness/browser.ts'
import type { TestBrowser } from '../harness/browser.ts'
import { startIssuer } from '../harness/issuer.ts'
import type { TestIssuer } from '../harness/issuer.ts'
import { ruleOf } from '../harness/trust.ts'
import { until } from '../harness/until.ts'
import { ruleDigest } from '../../src/identity/rule-terms.ts'
import type { TrustRule } from '../../src/model/trust.ts'
import { openStore } from '../../src/store/store.ts'

const nightly = {
  preset: 'gitlab-ci',
  audience: 'custody',
  claims: { namespace_id: '72' },
  service: 'nightly-build',
  owner: 'ada',
} as const

let browser: TestBrowser
let issuer: TestIssuer
before(async () => {
  issuer = await startIssuer()
  const rules = {
    mesh: {
      kind: 'certificate',
      claims: { uri: 'spiffe://acme.example/ns/shop/*' },
      service: 'shop',
      owner: 'platform-team',
    },
    nightly,
  }
  browser = await startBrowser({ yaml: `trust: ${JSON.stringify({ rules })}\n` })
})
after(async () => {
  await browser[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

/** As another worker would that sees that nobody used it for long. */
async function expire(rule: TrustRule): Promise<void> {
  const { folder } = browser.console.gateway
  await using store = await openStore({ kind: 'sqlite', folder })
  const atMs = Date.now()
  await store.control.trustRuleTerms.end({
    rule: rule.name,
    digest: ruleDigest({ rule, stored: null }),
    sinceMs: atMs - 90 * 86_400_000,
    endedAtMs: atMs,
    because: 'stale',
  })
}

test('an admin makes a rule, sees who it let in and who set that off, changes it, gives it away and removes it', async () => {
  const { page, assertCalm } = await browser.visitor('ada', ['admin'])
  const bo = await browser.console.person('bo', ['member'])
  await page.getByRole('link', { name: 'Trust rules' }).click()
  await page.getByText('nobody here').waitFor()
  await page.getByRole('button', { name: 'New trust rule' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('deploy')
  await dialog.getByLabel('Audience').fill('custody')
  await dialog.getByRole('combobox', { name: 'Owner' }).selectOption('ada')
  await dialog.getByRole('button', { name: 'Make it' }).click()
  await dialog.getByText('signs for everybody', { exact: false }).first().waitFor()
  await dialog.getByLabel('What it must say').fill('repository_owner_id: 65')
  await dialog.getByLabel('Issuer').fill('https://ci.acme.example')
  await dialog
    .getByLabel('Other settings')
    .fill(JSON.stringify({ jwks: JSON.stringify(issuer.jwks()) }))
  assert.deepEqual(await violationsOf(page), [])
  await dialog.getByLabel('Name').focus()
  await picture(page, 'trust-rule-new')
  await dialog.getByRole('button', { name: 'Make it' }).click()
  await dialog.waitFor({ state: 'detached' })

  const job = await issuer.sign({
    iss: 'https://ci.acme.example',
    repository_owner_id: '65',
    repository: 'acme/payroll',
    run_id: '4711',
    actor: 'bo',
  })
  const exchanged = await fetch(`${browser.console.gateway.url}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: job,
    }),
  })
  assert.equal(exchanged.status, 200)
  const { access_token: key } = JSON.parse(await exchanged.text())
  await browser.console.chat('hello', { key })
  await expire(ruleOf(nightly, 'nightly'))
  await page.reload()
  await page.getByRole('cell', { name: 'github:acme/payroll' }).waitFor()
  await page.getByText('expired').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'trust-rules-light')
  await goDark(page)
  assert.deepEqual(await violationsOf(page), [])
  await resize(page, { width: 390, height: 844 })
  await fits(page)
  await resize(page, { width: 1360, height: 850 })

  await page.getByRole('button', { name: 'Renew the trust rule nightly' }).click()
  await dialog.getByRole('button', { name: 'Renew' }).click()
  await page.getByText('expired').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Change the trust rule deploy' }).click()
  await dialog.getByLabel('Service').fill('payroll')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('service payroll').waitFor()
  await page.getByRole('button', { name: 'Hand over the trust rule deploy' }).click()
  await page.getByLabel('New owner').selectOption('bo')
  await dialog.getByRole('button', { name: 'Hand over' }).click()
  await dialog.waitFor({ state: 'detached' })
  const holdings = async () =>
    (await browser.console.admin('GET', `/people/${bo.id}/holdings`)).body
  assert.deepEqual((await holdings()).rules, [
    { name: 'deploy', service: 'payroll', isConfigured: false },
  ])
  // Uses are written every few seconds.
  await until(async () => (await holdings()).jobs.length > 0)
  await page.goto(`${browser.adminUrl}/people`)
  await page.getByRole('button', { name: 'What bo answers for' }).click()
  await dialog.getByText('Trust rule').waitFor()
  await dialog.getByText('Set off github:acme/payroll').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'holdings')
  await page.keyboard.press('Escape')

  await page.goto(`${browser.adminUrl}/trust-rules`)
  await page.getByRole('button', { name: 'Remove the trust rule deploy' }).click()
  await dialog.getByRole('button', { name: 'Remove' }).click()
  await page
    .getByRole('button', { name: 'Remove the trust rule deploy' })
    .waitFor({ state: 'detached' })
  assertCalm()
})

test('an investigator sees the rules and changes none, a member is told that they are not for them', async () => {
  const { page } = await browser.visitor('ines', ['investigator'], { at: '/trust-rules' })
  await page.getByRole('cell', { name: 'mesh' }).waitFor()
  assert.equal(await page.getByRole('button', { name: /^(?:New trust rule|Change)/ }).count(), 0)
  const member = await browser.visitor('mo', ['member'], { at: '/trust-rules' })
  await member.page.getByText('Your roles do not list trust rules').waitFor()
  assert.equal(await member.page.getByRole('link', { name: 'Trust rules' }).count(), 0)
})
