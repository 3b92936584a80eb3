import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fits, goDark, picture, resize, startBrowser, violationsOf } from '../harness/browser.ts'
import type { TestBrowser } from '../harness/browser.ts'
import { HOSTILE } from './traffic.ts'

const LEAK = `Confidential. Meridian will take over Halvorsen Shipping on 14 March for 38.50 a share; the board of
Halvorsen votes on Thursday, and the bridge loan of 900 million is led by the Oslo desk.`

let browser: TestBrowser
before(async () => {
  browser = await startBrowser()
})
after(async () => {
  await browser[Symbol.asyncDispose]()
})

const PHONE = { width: 390, height: 844 }

/** A contractor leaks it, an agent carries it through a conversation, two analysts ask about it. */
async function story(): Promise<void> {
  const { console } = browser
  const say = async (
    owner: string,
    text: string,
    more: { model?: string; session?: string } = {},
  ) => {
    const key = await console.keyFor(owner)
    return console.chat(text, {
      key,
      model: more.model ?? 'echo',
      headers: more.session === undefined ? {} : { 'x-claude-code-session-id': more.session },
    })
  }
  await say('ci-nightly', `Summarise the minutes:\n${LEAK}`, {
    session: '7d3f1b0e-8a52-4a8e-9f6e-1f6a3f0c2b11',
  })
  await say('ci-nightly', `And shorter:\n${LEAK}`, {
    session: '7d3f1b0e-8a52-4a8e-9f6e-1f6a3f0c2b11',
  })
  await say('contractor@partner.example', LEAK.replaceAll(/^/gm, '> '), { model: 'gpt-5' })
  await say('ada@bank.example', `${LEAK}\n${HOSTILE}`)
  await say('ada@bank.example', `Is this true? ${LEAK}`, { model: 'gpt-5-mini' })
  await say('noah@bank.example', 'What is the weather in Oslo?')
}

test('two clicks lead from a pasted text to who saw it, in words, as a graph and over time', async () => {
  await story()
  const visitor = await browser.visitor('iris', ['investigator'])
  const { page, assertCalm } = visitor
  await page.getByRole('link', { name: 'Trace' }).click()
  const box = page.getByLabel('Leaked text, key or address')
  assert.deepEqual(await violationsOf(page), [])
  await box.fill(LEAK.toUpperCase())
  await page.getByRole('button', { name: 'Who saw it' }).click()
  const exposure = page.getByRole('region', { name: 'Who and what' })
  await exposure.getByText('ci-nightly').waitFor()
  await exposure.getByText('contractor@partner.example').waitFor()
  assert.equal(await exposure.getByText('noah@bank.example').count(), 0)
  await page.getByRole('img', { name: /exposures of 3 principals/ }).waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'trace-light')
  await goDark(page)
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'trace-dark')
  await page.emulateMedia({ colorScheme: 'light' })
  await page.getByText('Timeline', { exact: true }).click()
  await page.getByRole('link', { name: /^first, sent raw/ }).waitFor()
  await picture(page, 'trace-timeline-light')
  const list = page.getByRole('table', { name: 'Exposures' })
  await list.getByText(/place/).first().click()
  await list.getByText('the bridge loan of 900 million').first().waitFor()
  // What stands around it is masked, whatever it is; nothing of the text is in the address.
  assert.equal(await page.evaluate('window.hacked'), undefined)
  assert.ok(!(await page.content()).includes('Summarise the minutes'))
  assert.ok(!page.url().includes('Halvorsen'))
  await resize(page, PHONE)
  assert.deepEqual(await violationsOf(page), [])
  await fits(page)
  await picture(page, 'trace-phone')
  await resize(page, { width: 1360, height: 850 })
  // What is clicked stands elsewhere until the page is wide again.
  await page.getByRole('link', { name: 'Retention' }).waitFor()
  await exposure.getByRole('link', { name: 'contractor@partner.example' }).click()
  await page.waitForURL(/q=principal/)
  assertCalm()
})

test('a text that is nowhere, a call that fails and a role that may not are each told as what they are', async () => {
  const { page, assertCalm } = await browser.visitor('ivo', ['investigator'], { at: '/trace' })
  const box = page.getByLabel('Leaked text, key or address')
  assert.equal(await page.getByRole('button', { name: 'Who saw it' }).isDisabled(), true)
  await box.fill('never seen')
  await box.press('Control+Enter')
  await page.getByText('This text is too short to be traced').waitFor()
  await page.getByText('It has 9 letters and digits; 24 are the least').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await box.fill('A sentence of a few words that nobody has ever sent.')
  await box.press('Control+Enter')
  await page.getByText('Nobody was exposed to this text').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await page.route('**/api/v1/trace', (route) =>
    route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      body: JSON.stringify({ detail: 'Evidence cannot be written.', hint: 'Later.', status: 503 }),
    }),
  )
  await page.getByRole('button', { name: 'Who saw it' }).click()
  await page.getByText('Evidence cannot be written.').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  assertCalm()
  const auditor = await browser.visitor('otmar', ['auditor'])
  assert.equal(await auditor.page.getByRole('link', { name: 'Trace' }).count(), 0)
  await auditor.page.goto(`${browser.adminUrl}/trace`)
  await auditor.page.getByText('Your roles do not trace texts').waitFor()
  assert.deepEqual(await violationsOf(auditor.page), [])
})
