import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fits, goDark, picture, resize, startBrowser, violationsOf } from '../harness/browser.ts'
import type { TestBrowser } from '../harness/browser.ts'

let browser: TestBrowser
before(async () => {
  browser = await startBrowser()
})
after(async () => {
  await browser[Symbol.asyncDispose]()
})

test('a first policy is written from the starter, checked line by line, tried and published', async () => {
  const { console } = browser
  await console.chat('pay with 4111 1111 1111 1111')
  await console.chat('nothing of note')
  const visitor = await browser.visitor('paula', ['policy-author'], { height: 1100, at: '/policy' })
  const { page } = visitor
  await page.getByText('No policy is in force').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await page.getByRole('button', { name: 'Begin with the starter policy' }).click()
  await page.getByText('11 of 11 tests pass').waitFor({ timeout: 60_000 })
  const text = page.getByRole('textbox', { name: 'Policy text' })
  await text.click()
  await page.keyboard.press('Control+End')
  // In one piece: lines that are typed are indented by what the editor has understood of the text so far.
  await page.keyboard.insertText('\n  nonsense')
  await page.getByText('it cannot be published').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Publish' }).isDisabled(), true)
  await picture(page, 'policy-problem-light')
  await page.keyboard.press('Control+z')
  await page.getByText('11 of 11 tests pass').waitFor({ timeout: 60_000 })
  await page.getByRole('button', { name: 'Backtest 7 days' }).click()
  await page.getByRole('table', { name: 'Hits by rule' }).waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'policy-light')
  await goDark(page)
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'policy-dark')
  await page.getByRole('button', { name: 'Publish' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Note').fill('The starter policy, as shipped')
  await dialog.getByRole('button', { name: 'Publish' }).click()
  await page.getByRole('table', { name: 'Rules', exact: true }).getByText('cards-masked').waitFor()
  await page.getByRole('cell', { name: 'The starter policy, as shipped' }).waitFor()
  await resize(page, { width: 390, height: 844 })
  assert.deepEqual(await violationsOf(page), [])
  await fits(page)
  await picture(page, 'policy-phone')
  visitor.assertCalm()
})

test('others read the policy, and members are told that they may not', async () => {
  const auditor = await browser.visitor('otto', ['auditor'], { at: '/policy' })
  await auditor.page.getByText('cards-masked').first().waitFor()
  await auditor.page.getByText('read only').waitFor()
  assert.equal(await auditor.page.getByRole('button', { name: 'Publish' }).count(), 0)
  auditor.assertCalm()
  const member = await browser.visitor('mia', ['member'], { at: '/policy' })
  await member.page.getByText('Your roles do not allow this').waitFor()
  assert.equal(await member.page.getByRole('link', { name: 'Policy' }).count(), 0)
})
