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

test('a responder sees what a lock will hit, locks a key where it is listed, and releases it with a reason', async () => {
  const key = await browser.console.keyFor('mallory')
  await browser.console.chat('hello', { key })
  await browser.console.chat('again', { key, model: 'gpt-5' })
  const { page, assertCalm } = await browser.visitor('rita', ['admin'])
  await page.getByRole('link', { name: 'Keys' }).click()
  await page
    .getByRole('button', { name: /^Lock the key key_/ })
    .first()
    .click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('What it will hit').waitFor()
  await dialog.getByLabel('Reason').fill('left the company, the key is still in CI')
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'lock-new-light')
  await dialog.getByRole('button', { name: 'Lock', exact: true }).click()
  await dialog.waitFor({ state: 'detached' })

  await page.getByRole('link', { name: 'Locks' }).click()
  await page.getByText('left the company, the key is still in CI').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'locks-light')
  await goDark(page)
  assert.deepEqual(await violationsOf(page), [])
  await resize(page, { width: 390, height: 844 })
  await fits(page)
  await resize(page, { width: 1280, height: 800 })

  await page.getByRole('button', { name: /^Release the lock on/ }).click()
  await page.getByRole('dialog').getByLabel('Reason').fill('handed over')
  await page.getByRole('dialog').getByRole('button', { name: 'Release' }).click()
  await page.getByText('Nothing is locked').waitFor()
  const held = await browser.console.admin('GET', '/locks?which=all')
  assert.equal(held.body.items[0].releaseReason, 'handed over')
  assertCalm()
})

test('whatever an exchange shows can be locked where it is shown', async () => {
  const key = await browser.console.keyFor('trent')
  const id = await browser.console.chat('hello', { key })
  const { page, assertCalm } = await browser.visitor('rosa', ['admin', 'investigator'])
  await page.getByRole('link', { name: 'Upstreams' }).click()
  await page.getByRole('button', { name: 'Lock the upstream openai' }).waitFor()
  await page.goto(`${browser.adminUrl}/exchanges/${id}`)
  await page.getByRole('button', { name: 'Lock a subject of this exchange' }).click()
  await page.getByRole('menuitem', { name: /^The model/ }).waitFor()
  const shown = await page.getByRole('menuitem').allInnerTexts()
  assert.deepEqual(
    shown.map((text) => text.split('\n')[0]),
    ['The principal', 'The person', 'The key', 'The upstream', 'The model', 'The conversation'],
  )
  await page.getByRole('menuitem', { name: /^The model/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('What it will hit').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  assertCalm()
})

test('an auditor sees locks and no way to set one', async () => {
  const { page } = await browser.visitor('otto', ['auditor'])
  await page.getByRole('link', { name: 'Locks' }).click()
  await page.getByText('Nothing is locked').waitFor()
  assert.equal(await page.getByRole('button', { name: 'New lock' }).count(), 0)
})
