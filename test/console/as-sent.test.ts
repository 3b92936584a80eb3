import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { picture, startBrowser, violationsOf } from '../harness/browser.ts'
import type { TestBrowser } from '../harness/browser.ts'
import { askSlowly } from './traffic.ts'

const EMAIL = 'jane.doe@example.org'
const CARD = '4111 1111 1111 1111'
const REASON = 'Ticket 4712: what did the caller see of the card'

let browser: TestBrowser
let id: string
before(async () => {
  browser = await startBrowser({ yaml: 'masking: { packs: [strict] }\n' })
  const readToEnd = await askSlowly(browser, `Refund ${EMAIL}, please.`, {
    script: { intervalMs: 5, text: `The card on file is ${CARD}; I wrote to ${EMAIL}.` },
  })
  await readToEnd()
  const listed = await browser.console.admin('GET', '/exchanges')
  id = listed.body.items[0].id
})
after(() => browser[Symbol.asyncDispose]())

const region = (page: Page, name: string) => page.getByRole('region', { name, exact: true })

test('an investigator compares what came with what left, and sees where it was masked', async () => {
  const { page, assertCalm } = await browser.visitor('ines', ['investigator'], {
    at: `/exchanges/${id}`,
  })
  await page.getByRole('button', { name: 'Reveal' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Reason').fill(REASON)
  await dialog.getByRole('button', { name: 'Reveal' }).click()
  await region(page, 'Answer').getByText(CARD).waitFor()
  const findings = region(page, 'Findings')
  await findings.getByText('CREDIT_CARD').waitFor()
  assert.doesNotMatch((await findings.textContent()) ?? '', /4111|jane/)
  await findings
    .getByRole('button', { name: /^Pin CREDIT_CARD, answer/ })
    .first()
    .click()
  await dialog.getByText(/CREDIT_CARD, where detection saw it: answer, /).waitFor()
  await dialog.getByLabel('Why it matters').fill('The card came back.')
  assert.deepEqual(await violationsOf(page), [])
  await dialog.getByRole('button', { name: 'Pin', exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'case #1' }).waitFor()
  await page.getByText('As sent', { exact: true }).click()
  await region(page, 'Answer').getByText('<CREDIT_CARD>').waitFor()
  await region(page, 'Context window').getByText('Refund <EMAIL_ADDRESS>, please.').waitFor()
  assert.match(page.url(), /side=sent/)
  assert.doesNotMatch((await page.locator('#main').textContent()) ?? '', /4111|jane\.doe/)
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'exchange-as-sent-light')
  await page.goto(`${browser.adminUrl}/exchanges/${id}/replay?side=sent`)
  await page
    .getByRole('button', { name: /^(?:Mask|\d+ masks) at/ })
    .first()
    .waitFor()
  await page.getByRole('button', { name: /^End at/ }).click()
  await region(page, 'Answer so far').getByText('<CREDIT_CARD>').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'replay-as-sent-light')
  assertCalm()
})

test('who may not read content still sees what was found and that it was masked', async () => {
  const { page, assertCalm } = await browser.visitor('rosa', ['auditor'], {
    at: `/exchanges/${id}`,
  })
  await region(page, 'Findings').getByText('EMAIL_ADDRESS').first().waitFor()
  assert.doesNotMatch((await page.locator('#main').textContent()) ?? '', /4111|jane|Refund/)
  assertCalm()
})
