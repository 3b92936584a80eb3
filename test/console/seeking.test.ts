import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { fits, goDark, picture, resize, startBrowser, violationsOf } from '../harness/browser.ts'
import type { TestBrowser } from '../harness/browser.ts'
import { until } from '../harness/until.ts'
import { HOSTILE } from './traffic.ts'

const IBAN = 'DE89 3704 0044 0532 0130 00'
const SESSION = '7d3f1b0e-8a52-4a8e-9f6e-1f6a3f0c2b11'

let browser: TestBrowser
let hook: Server
let told = 0
/** Events that the sink took, and which it does not take. */
const taken: string[] = []
let refuses: (id: string) => boolean = () => false
const ids: string[] = []

before(async () => {
  hook = createServer((request, response) => {
    const id = String(request.headers['webhook-id'])
    const isEvent = request.url === '/events'
    const isRefused = isEvent && refuses(id)
    if (!isEvent) told += 1
    else if (!isRefused) taken.push(id)
    request.resume().on('end', () => response.writeHead(isRefused ? 422 : 204).end())
  })
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  const address = hook.address()
  assert.ok(address !== null && typeof address === 'object')
  browser = await startBrowser({
    yaml: `masking: { packs: [strict] }
approvals:
  webhooks: { soc: { url: 'http://127.0.0.1:${address.port}', secret: '\${HOOK}' } }
exports:
  webhooks: { siem: { url: 'http://127.0.0.1:${address.port}/events', secret: '\${HOOK}' } }
`,
    env: { HOOK: 'whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0' },
  })
  const { console } = browser
  const say = async (owner: string, text: string, model: string) => {
    const key = await console.keyFor(owner)
    const headers = { 'x-claude-code-session-id': SESSION }
    ids.push(await console.chat(text, { key, model, headers }))
  }
  await say('ada@bank.example', `Pay ${IBAN} today`, 'gpt-5')
  await say('ada@bank.example', `Pay ${IBAN} tomorrow, and not to kim@bank.example`, 'gpt-5')
  await say('ci-nightly', `Is ${IBAN} valid? ${HOSTILE}`, 'gpt-5-mini')
  await say('noah@bank.example', `The falcon-0042 flies at dawn ${HOSTILE}`, `model ${HOSTILE}`)
})
after(async () => {
  await browser[Symbol.asyncDispose]()
  hook.close()
})

/** Nothing is broken for those who do not see it well, in the dark, or on a phone. */
async function looksRight(page: Page, name: string, part = page.locator('#main')): Promise<void> {
  const photograph = async (how: string): Promise<void> => {
    await part.scrollIntoViewIfNeeded()
    await picture(page, `${name}-${how}`)
  }
  assert.deepEqual(await violationsOf(page), [])
  await photograph('light')
  await goDark(page)
  assert.deepEqual(await violationsOf(page), [])
  await photograph('dark')
  await resize(page, { width: 390, height: 844 })
  await fits(page)
  await fits(page, 'html')
  await photograph('phone')
  assert.equal(await page.evaluate('window.hacked'), undefined)
  await resize(page, { width: 1360, height: 850 })
  await page.emulateMedia({ colorScheme: 'light' })
}

test('one secret in several conversations is one row, and leads to everything that is known of it', async () => {
  const { page, assertCalm } = await browser.visitor('iris', ['investigator', 'admin'])
  await page.getByRole('link', { name: 'Findings' }).click()
  const table = page.getByRole('table', { name: 'Found values' })
  const row = table.getByRole('row').filter({ hasText: 'IBAN_CODE' })
  await row.getByText('3', { exact: true }).waitFor()
  await looksRight(page, 'findings')
  await row.getByRole('link', { name: 'IBAN_CODE' }).click()
  await page.getByText('First seen').waitFor()
  await page.getByRole('region', { name: 'Principals' }).getByText('ci-nightly').waitFor()
  await page.getByRole('button', { name: /^Lock the finding/ }).waitFor()
  await looksRight(page, 'entity')
  await page.getByRole('link', { name: 'ada@bank.example', exact: true }).click()
  await page.waitForURL(/kind=principal/)
  await page.getByRole('heading', { name: 'ada@bank.example' }).waitFor()
  assertCalm()
})

test('the query bar shows where a text cannot be read, and a query with brackets is a link', async () => {
  const { page, assertCalm } = await browser.visitor('ilja', ['investigator'])
  const bar = page.getByRole('combobox', { name: 'Query' })
  await bar.fill('(model:gpt-5 or principal:noah*) -entity:EMAIL_ADDRESS')
  await bar.press('Escape')
  await bar.press('Enter')
  await page.waitForURL(/q=/)
  await page.getByText('2 exchanges').waitFor()
  await bar.fill('model:gpt-5 and (')
  await bar.press('Escape')
  await page.getByRole('alert').getByText('Something must follow here.').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'query-problem-light')
  assertCalm()
})

test('an exchange leads to what is around it, and two are compared block by block', async () => {
  const { page, assertCalm } = await browser.visitor('ines', ['investigator'], {
    at: `/exchanges/${ids[0]}`,
  })
  await page.getByRole('button', { name: 'Around it' }).click()
  await page.getByRole('menuitem', { name: /Same found value/ }).waitFor()
  await page.getByRole('menuitem', { name: /Same principal ± 1 h/ }).click()
  await page.getByText('2 exchanges').waitFor()
  await page.goto(`${browser.adminUrl}/compare?left=${ids[0]}&right=${ids[2]}`)
  const settings = page.getByRole('region', { name: 'Settings', exact: true })
  await settings.getByText('gpt-5-mini').first().waitFor()
  await page.getByText(/blocks are the same/).waitFor()
  await page.getByText('only left').first().waitFor()
  assert.ok(!(await page.content()).includes('3704'), 'content is masked')
  await looksRight(page, 'compare')
  await page.goto(`${browser.adminUrl}/conversations`)
  const threads = page.getByRole('table', { name: 'Conversations' })
  await threads.getByRole('row').nth(3).waitFor()
  const named = await threads.locator('code').allTextContents()
  await page.goto(`${browser.adminUrl}/compare?left=${named[0]}&right=${named[2]}`)
  await settings.getByText('gpt-5').first().waitFor()
  await page
    .getByText(/blocks? (?:is|are) the same|only left/)
    .first()
    .waitFor()
  await picture(page, 'compare-conversations-light')
  await page.goto(`${browser.adminUrl}/exchanges/${ids[0]}`)
  await page.getByRole('link', { name: 'who held it' }).first().click()
  await page.waitForURL(/\/trace\/blocks\//)
  await page.getByRole('heading', { name: /^Block / }).waitFor()
  await page
    .getByRole('table', { name: 'Exposures' })
    .getByText('ada@bank.example')
    .first()
    .waitFor()
  assert.ok(!(await page.content()).includes('3704'), 'content is masked')
  await looksRight(page, 'block')
  assertCalm()
})

test('a hunt finds what no index knows, and shows nothing of it', async () => {
  const { page, assertCalm } = await browser.visitor('igor', ['investigator'])
  await page.getByRole('link', { name: 'Hunts' }).click()
  await page.getByText('No hunts yet').waitFor()
  await page.getByText('Pattern', { exact: true }).click()
  await page.getByRole('textbox', { name: 'Pattern' }).fill('falcon-[0-9]{4}')
  await page.getByRole('textbox', { name: 'Title' }).fill('Project names')
  await page.getByRole('textbox', { name: 'Scope' }).fill('principal:noah*')
  await page.getByText('1 exchanges are in it.').waitFor()
  await looksRight(page, 'hunts')
  await page.getByRole('button', { name: 'Begin' }).click()
  await page.getByRole('heading', { name: 'Project names' }).waitFor()
  const samples = page.getByRole('table', { name: 'Samples' })
  await samples.getByText('xxxxxx-0000').first().waitFor({ timeout: 60_000 })
  await page.getByText(/^done/).waitFor({ timeout: 60_000 })
  assert.ok(!(await page.content()).includes('falcon-0042'))
  await looksRight(page, 'hunt')
  await page.getByRole('link', { name: 'Hunts' }).click()
  await page.getByText('Policy rule', { exact: true }).click()
  await page
    .getByRole('textbox', { name: 'Policy rule' })
    .fill(
      'id: ibans\ntitle: Account numbers\non: request\nentities: [IBAN_CODE]\nthen: hold\nstage: enforce\nmessage: Asks.',
    )
  await page.getByRole('textbox', { name: 'Title' }).fill('A rule for account numbers')
  await page.getByRole('button', { name: 'Begin' }).click()
  await page.getByText('what a policy rule would have caught').waitFor()
  await page.getByText(/^done/).waitFor()
  await samples.getByRole('row').nth(3).waitFor()
  assert.ok(!(await page.content()).includes('3704'), 'nothing of the text is shown')
  await looksRight(page, 'hunt-policy')
  assertCalm()
})

test('an alert is set from the search it is about, and says how it does', async () => {
  const { page, assertCalm } = await browser.visitor('iva', ['investigator'], {
    at: `/exchanges?q=${encodeURIComponent('model:alerted last:7d')}`,
  })
  await page.getByRole('link', { name: 'Alert', exact: true }).click()
  const search = page.getByRole('textbox', { name: 'Search' })
  await search.waitFor()
  assert.equal(await search.inputValue(), 'model:alerted')
  await page.getByRole('textbox', { name: 'Name' }).fill(`Alerted ${HOSTILE}`)
  await page.getByRole('button', { name: 'Set the alert' }).click()
  const table = page.getByRole('table', { name: 'Alerts' })
  await table.getByText('webhook soc').waitFor()
  await browser.console.chat('hello', { model: 'alerted' })
  await until(() => told === 1)
  // The page asks again by itself.
  await table.getByRole('time').nth(0).waitFor({ timeout: 60_000 })
  await looksRight(page, 'alerts')
  await page.getByRole('button', { name: /^Change Alerted/ }).click()
  const editing = page.getByRole('dialog')
  await editing.getByText('The alert on it, for webhook soc, follows.').waitFor()
  await editing.getByLabel('Name').fill('Sirens')
  await editing.getByLabel('Search').fill('model:siren*')
  assert.deepEqual(await violationsOf(page), [])
  await editing.getByRole('button', { name: 'Save' }).click()
  await table.getByRole('link', { name: 'model:siren*' }).waitFor()
  await page.getByRole('button', { name: 'Mute 8 h Sirens' }).click()
  await table.getByRole('cell', { name: 'muted', exact: true }).waitFor()
  await page.goto(`${browser.adminUrl}/exchanges`)
  await page.getByRole('button', { name: 'Views' }).click()
  await page.getByRole('img', { name: 'with an alert' }).waitFor()
  await page.getByRole('button', { name: 'Delete the view Sirens' }).click()
  await page.getByRole('dialog').getByText('webhook soc will not be told of').waitFor()
  await page.getByRole('button', { name: 'Delete and stop' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.goto(`${browser.adminUrl}/alerts`)
  await page.getByText('No alerts yet').waitFor()
  assert.equal(await page.getByRole('region', { name: 'Dead letters' }).count(), 0)
  assertCalm()
})

test('what a receiver did not take is listed, sent again and dropped by keys', async () => {
  const { page, assertCalm } = await browser.visitor('dora', ['admin'], { at: '/alerts' })
  const panel = page.getByRole('region', { name: 'Dead letters' })
  await panel.getByText('No dead letters').waitFor()
  const status = async () => (await browser.console.admin('GET', '/status')).body.checks
  await until(async () => (await status())['export webhook-siem'] === 'ok')
  refuses = (id) => id.endsWith('.closed')
  const exchanges: string[] = []
  for (const text of ['one', 'two', 'three']) exchanges.push(await browser.console.chat(text))
  const table = panel.getByRole('table', { name: 'Dead letters' })
  for (const id of exchanges) await table.getByText(`${id}.closed`).waitFor({ timeout: 60_000 })
  await looksRight(page, 'dead-letters', panel)
  refuses = () => false
  const again = panel.getByRole('button', { name: 'Send again' })
  assert.equal(await again.isDisabled(), true)
  const [first = ''] = exchanges
  await panel.getByRole('checkbox', { name: new RegExp(first) }).focus()
  await page.keyboard.press('Space')
  await again.focus()
  await page.keyboard.press('Enter')
  await panel.getByText('1 is sent once more').waitFor()
  await until(() => taken.includes(`${first}.closed`))
  await table.getByText(`${first}.closed`).waitFor({ state: 'detached' })
  await panel.getByRole('checkbox', { name: 'All 2 listed' }).focus()
  await page.keyboard.press('Space')
  await panel.getByRole('button', { name: 'Drop…' }).focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  const drop = dialog.getByRole('button', { name: 'Drop', exact: true })
  await dialog.getByLabel('Reason').fill('short')
  assert.equal(await drop.isDisabled(), true)
  await dialog.getByLabel('Reason').fill('the receiver has no room for these')
  assert.deepEqual(await violationsOf(page), [])
  await drop.focus()
  await page.keyboard.press('Enter')
  await panel.getByText('No dead letters').waitFor()
  assert.deepEqual(
    exchanges.filter((id) => taken.includes(`${id}.closed`)),
    [first],
  )
  assertCalm()
})
