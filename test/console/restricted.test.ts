import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { picture, startBrowser, violationsOf } from '../harness/browser.ts'
import type { TestBrowser } from '../harness/browser.ts'

let browser: TestBrowser
let id = ''
before(async () => {
  browser = await startBrowser({ yaml: 'restricted: { principals: [people-assistant] }\n' })
  const key = await browser.console.keyFor('people-assistant')
  id = await browser.console.chat('Draft the letter about the severance.', { key })
})
after(() => browser[Symbol.asyncDispose]())

test('content that takes a second person is asked for, let in by somebody else, and then shown', async () => {
  const ines = await browser.visitor('ines', ['investigator'], { at: `/exchanges/${id}` })
  await ines.page.getByText('This content takes a second person').waitFor()
  assert.deepEqual(await violationsOf(ines.page), [])
  await picture(ines.page, 'restricted-light')
  await ines.page.getByRole('button', { name: 'Ask to read it' }).click()
  const dialog = ines.page.getByRole('dialog')
  await dialog.getByLabel('Reason').fill('Ticket 4715: what was said about the review')
  await dialog.getByRole('button', { name: 'Ask' }).click()
  await ines.page.getByText(/You asked/).waitFor()

  const anna = await browser.visitor('anna', ['approver'], { at: '/approvals' })
  const requests = anna.page.getByRole('list', { name: 'Requests to read restricted content' })
  await requests.getByText('Ticket 4715').waitFor()
  assert.deepEqual(await violationsOf(anna.page), [])
  await picture(anna.page, 'restricted-requests-light')
  await requests.getByRole('button', { name: 'Let in' }).click()
  const answer = anna.page.getByRole('dialog')
  await answer.getByLabel('Reason').fill('The works council agreed to it')
  await answer.getByRole('button', { name: 'Let in' }).click()
  await requests.waitFor({ state: 'detached' })

  // Masked still: a reveal is another matter.
  const context = ines.page.getByRole('region', { name: 'Context window' })
  await context.getByText('█').first().waitFor()
  assert.doesNotMatch((await ines.page.locator('#main').textContent()) ?? '', /severance/)
  ines.assertCalm()
  anna.assertCalm()
})

test('a login link for an investigation opens at its start, and no link leads elsewhere', async () => {
  const link = await browser.linkFor('ivy', ['investigator'])
  const { page } = await browser.stranger()
  await page.goto(`${link}&to=investigate`)
  await page.waitForURL('**/investigate')
  await page.getByLabel('Leaked text, key or address').waitFor()
  const other = await browser.linkFor('noor', ['investigator'])
  const stranger = await browser.stranger()
  await stranger.page.goto(`${other}&to=//evil.example`)
  await stranger.page.waitForURL('**/exchanges')
})
