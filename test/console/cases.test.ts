import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { goDark, picture, startBrowser, violationsOf } from '../harness/browser.ts'
import type { TestBrowser } from '../harness/browser.ts'
import { ask } from './traffic.ts'

let browser: TestBrowser
let id: string
before(async () => {
  browser = await startBrowser()
  await ask(browser, 'What is the code name of the merger?')
  const listed = await browser.console.admin('GET', '/exchanges')
  id = listed.body.items[0].id
})
after(() => browser[Symbol.asyncDispose]())

test('an investigator opens a case, pins an exchange, gives a task, and closes it', async () => {
  await browser.linkFor('olga', ['investigator'])
  const { page, assertCalm } = await browser.visitor('ines', ['investigator'])
  await page.goto(`${browser.adminUrl}/cases`)
  await page.getByText('No cases yet').waitFor()
  await page.getByRole('button', { name: 'New case' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Title').fill('Who asked about the merger?')
  await dialog
    .getByLabel('Question')
    .fill('A code name was quoted in a public channel. Who had it in a prompt?')
  await dialog.getByLabel('Severity').selectOption('high')
  await dialog.getByRole('button', { name: 'Open the case' }).click()
  await page.getByRole('heading', { name: /#1 Who asked about the merger/ }).waitFor()
  await page.goto(`${browser.adminUrl}/exchanges/${id}`)
  await page.getByRole('button', { name: 'Pin to a case' }).click()
  await dialog.getByLabel('Why it matters').fill('First prompt that holds the question.')
  await dialog.getByRole('button', { name: 'Pin' }).click()
  await page.getByRole('link', { name: 'case #1' }).click()
  const entries = page.getByRole('list', { name: 'Entries' })
  await entries.getByText('First prompt that holds the question.').waitFor()
  await page.getByText('Task', { exact: true }).click()
  await page.getByLabel('Text').fill('Ask the owner of the key which job it runs in.')
  await page.getByLabel('For (login)').fill('olga')
  await page.getByRole('button', { name: 'Add' }).click()
  await entries.getByText('for olga').waitFor()
  await page.getByLabel('Login of an investigator').fill('nobody')
  await page.getByRole('button', { name: 'Let in' }).click()
  await page
    .getByRole('alert')
    .getByText(/Nobody has this login/)
    .waitFor()
  await page.getByLabel('Login of an investigator').fill('olga')
  await page.getByRole('button', { name: 'Let in' }).click()
  await page.getByRole('button', { name: 'Take out' }).first().waitFor()
  await entries.getByRole('checkbox').check()
  await entries.getByText('done by olga').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'case-light')
  await goDark(page)
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'case-dark')
  await page.getByLabel('Status').selectOption('closed')
  await page.getByText('The case is closed. Open it again to add to it.').waitFor()
  await entries.getByText('status open → closed').waitFor()
  assertCalm()
})

test('an auditor sees that a sealed case is there and nothing of it', async () => {
  const { page } = await browser.visitor('ivo', ['investigator'])
  await page.goto(`${browser.adminUrl}/cases`)
  await page.getByRole('button', { name: 'New case' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Title').fill('About the board')
  await dialog.getByLabel(/Sealed/).check()
  await dialog.getByRole('button', { name: 'Open the case' }).click()
  await page.getByRole('heading', { name: /About the board/ }).waitFor()
  const auditor = await browser.visitor('rosa', ['auditor'])
  await auditor.page.goto(`${browser.adminUrl}/cases`)
  await auditor.page.getByText('#2 sealed').waitFor()
  assert.doesNotMatch((await auditor.page.textContent('body')) ?? '', /About the board/)
  assert.deepEqual(await violationsOf(auditor.page), [])
  await picture(auditor.page, 'cases-light')
  auditor.assertCalm()
})
