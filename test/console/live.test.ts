import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { fits, goDark, picture, startBrowser, violationsOf } from '../harness/browser.ts'
import type { TestBrowser } from '../harness/browser.ts'
import { chunk, scriptedUpstream } from '../harness/scripted-upstream.ts'
import type { ScriptedUpstream } from '../harness/scripted-upstream.ts'
import { until } from '../harness/until.ts'
import { ask, askSlowly } from './traffic.ts'

const WORD = { choices: [{ index: 0, delta: { role: 'assistant', content: 'Slowly.' } }] }

/** A provider that begins to answer at once and ends when it is told to. */
let provider: ScriptedUpstream
let endAnswer: () => void = () => undefined
let browser: TestBrowser
before(async () => {
  provider = await scriptedUpstream((socket) => {
    socket.write(
      'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n',
    )
    socket.write(chunk(`data: ${JSON.stringify(WORD)}\n\n`))
    endAnswer = () => {
      socket.write(chunk('data: [DONE]\n\n'))
      socket.end('0\r\n\r\n')
    }
  })
  browser = await startBrowser({
    yaml: `upstreams:
  openai: { dialect: openai, baseUrl: '{sandbox}', allowPrivateAddresses: true }
  slow: { dialect: openai, baseUrl: '${provider.url}', allowPrivateAddresses: true }
`,
  })
  for (const model of ['echo', 'gpt-5-mini', 'gpt-5', 'echo'])
    await ask(browser, `Which model is ${model}?`, { model, service: 'ci/deploy' })
  await ask(browser, 'Fail, please.', { script: { status: 503 } })
})
after(async () => {
  await browser[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const rows = (page: Page) => page.locator('[role="row"][data-id]')
const queryBar = (page: Page) => page.getByRole('combobox', { name: 'Query' })

async function rowIds(page: Page): Promise<(string | null)[]> {
  return rows(page).evaluateAll((all) => all.map((row) => row.getAttribute('data-id')))
}

test('an exchange is in the list while it happens, and its end is shown in place', async () => {
  const { page, assertCalm } = await browser.visitor('lea', ['investigator'])
  await rows(page).nth(4).waitFor()
  await page.getByText('live', { exact: true }).waitFor()
  const readToEnd = await askSlowly(browser, 'Slow words, one after the other.', {
    upstream: 'slow',
  })
  const row = rows(page).filter({ hasText: 'echo-slow' })
  await row.getByText('open', { exact: true }).waitFor()
  const id = await row.getAttribute('data-id')
  endAnswer()
  await readToEnd()
  await row.getByText('complete').waitFor()
  assert.equal(await row.getAttribute('data-id'), id)
  assert.equal(await row.count(), 1)
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'live-light')
  await goDark(page)
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'live-dark')
  assertCalm()
})

test('a pasted link shows the same query, the same columns and the same exchanges', async () => {
  const { page, context, assertCalm } = await browser.visitor('max', ['investigator'])
  await rows(page).nth(4).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('mod')
  await page.getByRole('option', { name: 'model:' }).waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.getByRole('option', { name: 'gpt-5-mini' }).waitFor()
  await page.keyboard.type('gpt-5*')
  await page.keyboard.press('Enter')
  await page.waitForURL(/q=/)
  await page.getByText('2 exchanges').waitFor()
  await page.getByRole('button', { name: 'Columns' }).click()
  await page.getByLabel('Declared service').check()
  await page.keyboard.press('Escape')
  await page.getByRole('columnheader', { name: 'Declared service' }).waitFor()
  assert.equal(new URL(page.url()).searchParams.get('q'), 'model:gpt-5*')

  const pasted = await context.newPage()
  await pasted.goto(page.url())
  await pasted.getByText('2 exchanges').waitFor()
  await pasted.getByRole('columnheader', { name: 'Declared service' }).waitFor()
  assert.equal(await queryBar(pasted).inputValue(), 'model:gpt-5*')
  await rows(pasted).nth(1).waitFor()
  assert.deepEqual(await rowIds(pasted), await rowIds(page))
  assert.ok((await rows(pasted).first().textContent())?.includes('ci/deploy'))
  assertCalm()
})

test('a facet is a click, and taking it away is another', async () => {
  const { page, assertCalm } = await browser.visitor('ida', ['auditor'])
  const status = page.getByRole('region', { name: 'Status' })
  await status.getByRole('button', { name: /503/ }).click()
  await page.waitForURL(/status/)
  assert.equal(await queryBar(page).inputValue(), 'status:503')
  await page.getByText('1 exchanges').waitFor()
  await status.getByRole('button', { name: /503/, pressed: true }).click()
  await page.waitForURL((url) => !url.search.includes('status'))
  await rows(page).nth(4).waitFor()
  assertCalm()
})

test('dragging over the histogram chooses a range, which the address holds', async () => {
  const { page, assertCalm } = await browser.visitor('hugo', ['auditor'])
  await rows(page).first().waitFor()
  const bars = page.getByRole('img', { name: /exchanges between/ })
  const { width } = (await bars.boundingBox()) ?? { width: 0 }
  // Unlike the mouse by itself this waits until the bars stand still.
  for (const part of [0.2, 0.4, 0.5]) {
    await bars.hover({ position: { x: width * part, y: 20 } })
    if (part === 0.2) await page.mouse.down()
  }
  await page.mouse.up()
  await page.waitForURL(/after/)
  const q = new URL(page.url()).searchParams.get('q') ?? ''
  assert.match(q, /^after:\S+Z before:\S+Z$/)
  await page.getByText('Nothing matches this query').waitFor()
  await page.getByText('range ends in the past').waitFor()
  await page.getByRole('button', { name: /^Time range/ }).click()
  await page.getByRole('menuitem', { name: 'Last hour' }).click()
  await rows(page).nth(4).waitFor()
  assert.equal(await queryBar(page).inputValue(), 'last:1h')
  assertCalm()
})

test('a view is saved, brought back in another window, and deleted', async () => {
  const { page, context, assertCalm } = await browser.visitor('vera', ['investigator'], {
    at: '/exchanges?q=status:5xx',
  })
  await page.getByText('1 exchanges').waitFor()
  await page.getByRole('button', { name: 'Views' }).click()
  await page.getByRole('menuitem', { name: 'Save this view' }).click()
  await page.getByLabel('Name').fill('What failed')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved as “What failed”.').waitFor()

  const other = await context.newPage()
  await other.goto(`${browser.adminUrl}/exchanges`)
  await rows(other).nth(4).waitFor()
  await other.getByRole('button', { name: 'Views' }).click()
  await other.getByRole('menuitem', { name: 'What failed' }).click()
  await other.waitForURL(/status/)
  await other.getByText('1 exchanges').waitFor()
  await other.getByRole('button', { name: 'Views' }).click()
  await other.getByRole('button', { name: 'Delete the view What failed' }).click()
  await other.getByText('No saved views yet').waitFor()
  assertCalm()
})

test('the list is moved through and opened by keys', async () => {
  const { page, assertCalm } = await browser.visitor('kim', ['investigator'])
  await rows(page).nth(4).waitFor()
  const ids = await rowIds(page)
  for (const key of ['j', 'j', 'j', 'k']) await page.keyboard.press(key)
  await page.keyboard.press('o')
  await page.waitForURL(`**/exchanges/${ids[1]}`)
  // A sequence lapses when its keys come slowly.
  await until(async () => {
    await page.keyboard.press('g')
    await page.keyboard.press('l')
    return page.url().endsWith('/exchanges')
  })
  await rows(page).nth(4).waitFor()
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
  await page.getByText('Next exchange').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  assertCalm()
})

test('every cell leads on from its value, by mouse and by keys', async () => {
  const { page, assertCalm } = await browser.visitor('petra', ['investigator'], {
    at: `/exchanges?q=${encodeURIComponent('last:1h')}`,
  })
  await rows(page).nth(4).waitFor()
  const mini = rows(page).filter({ hasText: 'gpt-5-mini' })
  await mini.hover()
  await mini.getByRole('button', { name: 'From this model' }).click()
  await page.getByRole('menuitem', { name: /^Same model ± 1 h/ }).waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'pivot-light')
  await page.getByRole('menuitem', { name: /^Only this model/ }).click()
  await page.getByText('1 exchanges').waitFor()
  assert.equal(await queryBar(page).inputValue(), 'last:1h model:gpt-5-mini')
  await page.locator('body').press('j')
  await page.locator('[data-index="0"] a:focus').waitFor()
  const byState = rows(page).first().getByRole('button', { name: 'From this state' })
  assert.equal(await byState.getAttribute('tabindex'), '0')
  await byState.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('menuitem', { name: /^Only this state/ }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('menuitem').first().waitFor({ state: 'detached' })
  assertCalm()
})

test('a query that is no query says what is wrong and how to write it', async () => {
  const { page } = await browser.visitor('quin', ['auditor'])
  for (const [typed, says] of [
    ['colour:red', 'There is no field “colour”.'],
    ['status:many', 'A status is a number, or a class: 5xx.'],
    ['last:ever', '“last” does not take “ever”.'],
    ['hello', 'Write it as field:value'],
  ] as const) {
    await queryBar(page).fill(typed)
    await queryBar(page).press('Enter')
    await page.getByRole('alert').filter({ hasText: says }).waitFor()
    await page.getByText('Nothing is shown').waitFor()
    assert.equal(await page.getByRole('alert').count(), 1)
  }
})

test('a gateway that is gone is said, and the list comes back by itself', async () => {
  const { page, context } = await browser.visitor('gus', ['auditor'])
  await rows(page).nth(4).waitFor()
  await context.setOffline(true)
  await queryBar(page).fill('state:complete last:2h')
  await queryBar(page).press('Enter')
  await page.getByText('The gateway cannot be reached').first().waitFor()
  await context.setOffline(false)
  await page.getByRole('button', { name: 'Try again' }).click()
  await rows(page).nth(4).waitFor()
})

test('on a phone the list, its filters and the navigation fit the width', async () => {
  const { page, assertCalm } = await browser.visitor('finn', ['approver'], {
    width: 390,
    height: 780,
  })
  await rows(page).nth(4).waitFor()
  await fits(page, 'html')
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'live-phone')
  await page.getByRole('button', { name: 'Filters' }).click()
  await page.getByRole('dialog').getByRole('button', { name: /503/ }).click()
  await page.waitForURL(/status/)
  await page.getByRole('button', { name: 'Close' }).click()
  await rows(page).first().click()
  await page.waitForURL(/exchanges\/ex_/)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await fits(page, 'html')
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'exchange-phone')
  assertCalm()
})
