import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { goDark, picture, startBrowser, violationsOf } from '../harness/browser.ts'
import type { TestBrowser } from '../harness/browser.ts'
import { askSlowly } from './traffic.ts'

const TEXT = 'One two three four five six seven eight nine ten.'

let browser: TestBrowser
let id: string
before(async () => {
  browser = await startBrowser()
  const readToEnd = await askSlowly(browser, 'Count, please.', {
    script: { intervalMs: 200, events: 10, text: TEXT },
  })
  await readToEnd()
  const listed = await browser.console.admin('GET', '/exchanges')
  id = listed.body.items[0].id
})
after(async () => {
  await browser[Symbol.asyncDispose]()
})

const screenText = async (page: Page) =>
  (await page.getByRole('region', { name: 'Answer so far' }).textContent()) ?? ''
const position = async (page: Page) =>
  Number(await page.getByRole('slider', { name: 'Position' }).inputValue())

async function openRevealed(login: string, rest = ''): Promise<Page> {
  const { page } = await browser.visitor(login, ['investigator'], { at: `/exchanges/${id}/replay` })
  await page.getByRole('button', { name: 'Reveal' }).click()
  await page.getByLabel('Reason').fill('Looking at how the answer came about')
  await page.getByRole('dialog').getByRole('button', { name: 'Reveal' }).click()
  await page.getByText(/Revealed to you/).waitFor()
  // As long as it stands there, keys are its own.
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  if (rest !== '') await page.goto(`${browser.adminUrl}/exchanges/${id}/replay${rest}`)
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor()
  return page
}

test('the answer plays at the pace at which it came, and pauses where it is', async () => {
  const page = await openRevealed('rene')
  assert.equal(await position(page), 0)
  // The clock and the frames of the page go on when they are told to, so no machine is too slow.
  await page.clock.install()
  await page.clock.pauseAt(Number(await page.evaluate('Date.now() + 1000')))
  await page.keyboard.press('Space')
  await page.getByRole('button', { name: 'Pause' }).waitFor()
  await page.clock.runFor(800)
  const played = await position(page)
  assert.ok(played > 750 && played < 850, `${played} ms of 800`)
  await page.clock.resume()
  await page.keyboard.press('Space')
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor()
  const stopped = await position(page)
  const shown = await screenText(page)
  assert.ok(shown.length > 0 && shown.length < TEXT.length && TEXT.startsWith(shown), shown)
  await page.waitForURL(/t=\d/)
  assert.equal(await position(page), stopped)
  assert.equal(await screenText(page), shown)
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'replay-light')
  await goDark(page)
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'replay-dark')
})

test('it plays to its end and begins anew from there', async () => {
  const page = await openRevealed('emil')
  await page.getByLabel('Speed').selectOption('16')
  await page.keyboard.press('Space')
  await page.getByRole('region', { name: 'Answer so far' }).getByText(TEXT).waitFor()
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor()
  // So slowly that it is seen before it is over again.
  await page.getByLabel('Speed').selectOption('0.25')
  await page.keyboard.press('Space')
  await page.getByRole('button', { name: 'Pause' }).waitFor()
  assert.ok((await screenText(page)).length < TEXT.length)
})

test('it goes event by event, from marker to marker and by tenths', async () => {
  const page = await openRevealed('stef')
  const shownAfter = async (key: string) => {
    await page.keyboard.press(key)
    return screenText(page)
  }
  const grown = []
  for (const key of ['.', '.', '.', '.']) grown.push(await shownAfter(key))
  for (const [at, text] of grown.entries()) {
    assert.ok(at === 0 || text.startsWith(grown[at - 1]!) || grown[at - 1]!.startsWith('Nothing'))
  }
  assert.equal(await shownAfter(','), grown[2])
  assert.equal(await shownAfter(']'), TEXT)
  const end = await position(page)
  await page.keyboard.press('5')
  assert.ok(Math.abs((await position(page)) - end / 2) <= 1)
  await page.keyboard.press('0')
  assert.equal(await position(page), 0)
  await page.getByRole('button', { name: /^First byte at/ }).click()
  assert.ok((await position(page)) > 0)
})

test('a link to a moment opens at that moment', async () => {
  const page = await openRevealed('lina')
  for (const key of ['.', '.', '.', '.', '.']) await page.keyboard.press(key)
  const shown = await screenText(page)
  await page.getByRole('button', { name: 'Link to this moment' }).click()
  await page.getByText('The link to this moment is copied.').waitFor()
  const link = String(await page.evaluate('navigator.clipboard.readText()'))
  assert.match(link, /\/replay\?t=\d+\.\d{3}$/)
  const other = await page.context().newPage()
  await other.goto(link)
  await other.getByRole('button', { name: 'Play', exact: true }).waitFor()
  assert.equal(await screenText(other), shown)
})

test('long pauses are cut to the limit that is asked for, and the link to a moment still holds', async () => {
  const page = await openRevealed('ivan')
  await page.keyboard.press(']')
  await page.keyboard.press(']')
  const whole = await position(page)
  await page.goto(`${browser.adminUrl}/exchanges/${id}/replay?idle=500ms`)
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor()
  await page.keyboard.press(']')
  await page.keyboard.press(']')
  assert.ok((await position(page)) <= whole)
  assert.equal(await screenText(page), TEXT)
})

test('without a reveal the replay plays masked text of the same length', async () => {
  const { page, assertCalm } = await browser.visitor('mara', ['approver'], {
    at: `/exchanges/${id}/replay?t=99`,
  })
  await page.getByRole('region', { name: 'Answer so far' }).getByText('█').first().waitFor()
  const shown = await screenText(page)
  assert.equal(shown.length, TEXT.length)
  assert.doesNotMatch(shown, /[a-z]/i)
  assertCalm()
})
