import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { picture, startBrowser, violationsOf } from '../harness/browser.ts'
import type { TestBrowser } from '../harness/browser.ts'

let browser: TestBrowser
before(async () => {
  browser = await startBrowser()
})
after(async () => {
  await browser[Symbol.asyncDispose]()
})

test('a login link works once, and its token leaves the address', async () => {
  const link = await browser.linkFor('anna', ['investigator'])
  const first = await browser.stranger()
  await first.page.goto(link)
  await first.page.getByRole('heading', { name: 'Live exchanges' }).waitFor({ state: 'attached' })
  assert.equal(first.page.url(), `${browser.adminUrl}/exchanges`)
  await first.page.goBack().catch(() => null)
  assert.doesNotMatch(first.page.url(), /token|cll_/)
  first.assertCalm()

  const second = await browser.stranger()
  await second.page.goto(link)
  await second.page.getByRole('heading', { name: 'This link does not work' }).waitFor()
  assert.doesNotMatch(second.page.url(), /token|cll_/)
  await second.page.goto(`${browser.adminUrl}/exchanges`)
  await second.page.getByRole('heading', { name: 'You are signed out' }).waitFor()
  assert.deepEqual(await violationsOf(second.page), [])
  await picture(second.page, 'signed-out-light')
})

test('a second link pasted over the login page is used', async () => {
  const { page, assertCalm } = await browser.stranger()
  await page.goto(`${browser.adminUrl}/login#token=cll_wrong`)
  await page.getByRole('heading', { name: 'This link does not work' }).waitFor()
  await page.goto(await browser.linkFor('paul', ['member']))
  await page.waitForURL('**/exchanges')
  assertCalm()
})

test('signing out ends the login session and shows the door', async () => {
  const { page, assertCalm } = await browser.visitor('oscar', ['auditor'])
  await page.getByRole('button', { name: 'oscar auditor' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
  assertCalm()
})

test('a login session that ended elsewhere shows the door at the next call', async () => {
  const { page } = await browser.visitor('eva', ['auditor'])
  await page.getByText('Nothing yet').waitFor()
  const sessions = await browser.console.admin('GET', '/login-sessions')
  const session = sessions.body.items.find(
    ({ personName }: { personName: string }) => personName === 'eva',
  )
  const ended = await browser.console.admin('DELETE', `/login-sessions/${session.id}`)
  assert.equal(ended.status, 204)
  const query = page.getByRole('combobox', { name: 'Query' })
  await query.fill('state:complete')
  await query.press('Enter')
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
})

test('the policy of the page allows no inline script, no other place and no frame around it', async () => {
  const answer = await fetch(`${browser.adminUrl}/exchanges`)
  const policy = answer.headers.get('content-security-policy') ?? ''
  assert.match(policy, /default-src 'none'/)
  assert.match(policy, /script-src 'self'(?:;|$)/)
  assert.match(policy, /frame-ancestors 'none'/)
  assert.doesNotMatch(policy, /unsafe|https?:|\*/)
  const html = await answer.text()
  assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)/)
  assert.doesNotMatch(html, /\bsrc="https?:|\bhref="https?:|<style/)
})

test('an address that leads nowhere says so and leads back', async () => {
  const { page, assertCalm } = await browser.visitor('nina', ['member'], { at: '/no-such-page' })
  await page.getByText('There is no page at this address').waitFor()
  await page.getByRole('link', { name: 'Go to the live list' }).click()
  await page.waitForURL('**/exchanges')
  assertCalm()
})
