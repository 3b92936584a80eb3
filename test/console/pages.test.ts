import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import OpenAI from 'openai'
import type { Locator, Page } from 'playwright-core'
import { fits, goDark, picture, resize, startBrowser, violationsOf } from '../harness/browser.ts'
import type { TestBrowser, Visitor } from '../harness/browser.ts'
import { until } from '../harness/until.ts'
import { HOSTILE, ask, openaiOf } from './traffic.ts'

let browser: TestBrowser
before(async () => {
  browser = await startBrowser()
})
after(async () => {
  await browser[Symbol.asyncDispose]()
})

const PHONE = { width: 390, height: 844 }
const at = (path: string): string => `${browser.adminUrl}${path}`
const dialogOf = (page: Page): Locator => page.getByRole('dialog')

async function textOf(locator: Locator): Promise<string> {
  return (await locator.textContent()) ?? ''
}

/** Light, dark and on a phone: nothing serious for axe, nothing cut off, pictures on demand. */
async function look({ page, assertCalm }: Visitor, name: string): Promise<void> {
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, `${name}-light`)
  await goDark(page)
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, `${name}-dark`)
  await page.emulateMedia({ colorScheme: 'light' })
  await page.locator('html[data-mantine-color-scheme="light"]').waitFor()
  await page.evaluate(
    'new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))',
  )
  await resize(page, PHONE)
  assert.deepEqual(await violationsOf(page), [])
  await fits(page)
  await picture(page, `${name}-phone`)
  assertCalm()
}

test('a key made in the browser serves the SDK until it is revoked there', async () => {
  const visitor = await browser.visitor('kim', ['admin'])
  const { page } = visitor
  await page.getByRole('link', { name: 'Keys' }).click()
  await page.getByRole('button', { name: 'New key' }).click()
  const dialog = dialogOf(page)
  await dialog.getByLabel('Name').fill(`nightly ${HOSTILE.slice(0, 39)}`)
  await dialog.getByLabel('Owner').fill('ci@example.org')
  await dialog.getByLabel('Service').fill('nightly')
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'key-new-light')
  await dialog.getByRole('button', { name: 'Make the key' }).click()
  const apiKey = await textOf(dialog.getByLabel('Gateway key'))
  assert.match(apiKey, /^cst_/)
  await dialog.getByRole('button', { name: 'Copy' }).click()
  await dialog.getByRole('button', { name: 'Copied' }).waitFor()
  assert.equal(await page.evaluate<string>('navigator.clipboard.readText()'), apiKey)
  await dialog.getByRole('button', { name: 'Done' }).click()
  assert.equal((await page.content()).includes(apiKey), false)

  const client = new OpenAI({
    apiKey,
    baseURL: `${browser.console.gateway.url}/openai/v1`,
    maxRetries: 0,
  })
  const hello = (): Promise<unknown> =>
    client.chat.completions.create({
      model: 'echo',
      messages: [{ role: 'user', content: 'hello' }],
    })
  await hello()
  const row = page.getByRole('row', { name: /ci@example.org/ })
  await row.getByText('active').waitFor()
  await row.getByText(/UTC/).waitFor({ timeout: 30_000 })
  await look(visitor, 'keys')
  await row.getByRole('button', { name: /^Revoke the key/ }).click()
  await dialog.getByText('stops working with its next request').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await hello()
  await row.getByRole('button', { name: /^Revoke the key/ }).click()
  await dialog.getByRole('button', { name: 'Revoke' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await assert.rejects(hello, (error) => error instanceof OpenAI.APIError && error.status === 401)
  await row.waitFor({ state: 'detached' })
  await page.getByText('All', { exact: true }).click()
  await page
    .getByRole('row', { name: /ci@example.org/ })
    .getByText('revoked')
    .waitFor()
  assert.equal(await page.evaluate('window.hacked'), undefined)
})

test('what the server finds wrong with a key stands at its field', async () => {
  const { page, assertCalm } = await browser.visitor('kai', ['admin'], { at: '/keys' })
  await page.getByRole('button', { name: 'New key' }).waitFor()
  await page.keyboard.press('n')
  const dialog = dialogOf(page)
  await dialog.getByLabel('Name').fill('a\u202eb')
  await dialog.getByRole('button', { name: 'Make the key' }).click()
  await dialog.getByText('holds a control or invisible character').first().waitFor()
  assertCalm()
})

test('a person added in the browser logs in by the link shown once, and sees what their role allows', async () => {
  const visitor = await browser.visitor('paula', ['admin'])
  const { page } = visitor
  await page.getByRole('link', { name: 'People' }).click()
  await page.getByRole('button', { name: 'Add a person' }).click()
  const dialog = dialogOf(page)
  await dialog.getByLabel('Login').fill('max')
  await dialog.getByLabel('auditor').check()
  await dialog.getByLabel('admin').check()
  await dialog.getByText('Two people keep these apart.').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await dialog.getByLabel('auditor').uncheck()
  await dialog.getByLabel('admin').uncheck()
  await dialog.getByRole('button', { name: 'Add', exact: true }).click()
  await dialog.getByRole('button', { name: 'Make the link' }).click()
  const link = await textOf(dialog.getByLabel('Login link'))
  await dialog.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('row', { name: /max/ }).first().waitFor()

  const member = await browser.stranger()
  await member.page.goto(link)
  await member.page.waitForURL('**/exchanges')
  const navigation = member.page.getByRole('navigation', { name: 'Pages' })
  assert.equal(await navigation.getByRole('link', { name: 'People' }).count(), 0)
  await member.page.goto(at('/people'))
  await member.page.getByText('Your roles do not list people').waitFor()
  assert.deepEqual(await violationsOf(member.page), [])
  await member.page.goto(at('/keys'))
  await member.page.getByText('No keys yet').waitFor()
  assert.equal(await member.page.getByRole('button', { name: 'New key' }).count(), 0)
  await member.page.goto(at('/audit'))
  await member.page.getByRole('heading', { name: 'Your audit trail' }).waitFor()
  member.assertCalm()

  await look(visitor, 'people')
  await page.getByRole('button', { name: 'Change max' }).click()
  await dialog.getByLabel('Disabled').check()
  await dialog.getByRole('button', { name: 'Save and disable' }).click()
  await page.getByRole('row', { name: /max/ }).getByText('disabled').waitFor()
  await member.page.goto(at('/me'))
  await member.page.getByRole('heading', { name: 'You are signed out' }).waitFor()
})

test('nobody gives themselves a role, and the page says why', async () => {
  const { page, assertCalm } = await browser.visitor('olga', ['admin'], { at: '/people' })
  await page.getByRole('button', { name: 'Change olga' }).click()
  const dialog = dialogOf(page)
  assert.equal(await dialog.getByLabel('investigator').isDisabled(), true)
  assert.equal(await dialog.getByLabel('admin').isDisabled(), false)
  await dialog.getByText('You cannot give yourself a role').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'person-change-light')
  assertCalm()
})

test('the last admin stays, and the refusal is explained', async () => {
  await using own = await startBrowser()
  const { page } = await own.visitor('eva', ['admin'])
  const disable = async (login: string): Promise<void> => {
    await page.goto(`${own.adminUrl}/people`)
    await page.getByRole('button', { name: `Change ${login}` }).click()
    await dialogOf(page).getByLabel('Disabled').check()
    await dialogOf(page).getByRole('button', { name: 'Save and disable' }).click()
  }
  const people = await own.console.admin('GET', '/people')
  await disable(people.body.items[0].login)
  await dialogOf(page).waitFor({ state: 'hidden' })
  await disable('eva')
  await dialogOf(page).getByText('Without an active admin nobody could make keys').waitFor()
})

test('an API token made in the browser calls the API until it is revoked there', async () => {
  const visitor = await browser.visitor('tom', ['auditor'])
  const { page } = visitor
  await page.getByRole('link', { name: 'Me', exact: true }).click()
  await page.getByRole('button', { name: 'New token' }).click()
  const dialog = dialogOf(page)
  await dialog.getByLabel('Name').fill('report')
  await dialog.getByRole('button', { name: 'Make the token' }).click()
  const token = await textOf(dialog.getByLabel('API token'))
  await dialog.getByRole('button', { name: 'Done' }).click()
  const call = (): Promise<Response> =>
    fetch(at('/api/v1/audit'), { headers: { authorization: `Bearer ${token}` } })
  assert.equal((await call()).status, 200)
  await look(visitor, 'me')
  await page.getByRole('button', { name: 'Revoke the token report' }).click()
  await dialog.getByRole('button', { name: 'Revoke' }).click()
  await page
    .getByRole('row', { name: /report/ })
    .getByText('revoked')
    .waitFor()
  assert.equal((await call()).status, 401)
})

test('the trail says who viewed which exchange, and is filtered by person, deed and outcome', async () => {
  await ask(browser, 'something to look at')
  const listed = await browser.console.admin('GET', '/exchanges')
  const { id } = listed.body.items[0]
  const reader = await browser.visitor('ivan', ['investigator'], { at: `/exchanges/${id}` })
  await reader.page.getByRole('button', { name: 'Reveal' }).click()
  await reader.page.getByLabel('Reason').fill('Ticket 4712: what ivan looked for')
  await dialogOf(reader.page).getByRole('button', { name: 'Reveal' }).click()
  await reader.page.getByText('something to look at').first().waitFor()

  const visitor = await browser.visitor('aude', ['auditor'])
  const { page } = visitor
  await page.getByRole('link', { name: 'Audit' }).click()
  await page.getByLabel('Person').selectOption({ label: 'ivan' })
  await page.getByLabel('Deed').selectOption({ label: 'opened a reveal' })
  await page.waitForURL(/operation=reveals\.create/)
  const list = page.getByRole('region', { name: 'Audit trail' })
  await list.getByText('Ticket 4712: what ivan looked for').waitFor()
  assert.equal(await list.getByRole('listitem').count(), 1)
  await page.getByLabel('Deed').selectOption('')
  await list.getByText('read content as it was').first().waitFor()
  await list.getByText('looked at an exchange').first().waitFor()
  await look(visitor, 'audit')
  await list.getByText('read content as it was').first().click()
  await dialogOf(page).getByText('content.reveal').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await dialogOf(page).getByRole('link', { name: 'Everything done to it' }).click()
  await page.waitForURL(/target=ex_/)
  await page.getByLabel('Outcome').selectOption('failed')
  await page.getByText('No such event').waitFor()
})

test('only the rows of a long trail that are in sight exist, and its end is reached', async () => {
  const { page, assertCalm } = await browser.visitor('lars', ['auditor'])
  const listed = await browser.console.admin('GET', '/exchanges')
  const { id } = listed.body.items[0]
  for (let read = 0; read < 260; read += 1) {
    const answer = await browser.console.admin('GET', `/exchanges/${id}`)
    if (answer.status === 429) await page.waitForTimeout(1_000)
  }
  await page.goto(at('/audit'))
  const list = page.getByRole('region', { name: 'Audit trail' })
  await list.getByRole('listitem').first().waitFor()
  assert.ok((await list.getByRole('listitem').count()) < 80)
  await list.focus()
  const all = page.getByText(/^[\d,]+ events, newest first$/)
  await until(async () => {
    await page.keyboard.press('End')
    return all.isVisible()
  })
  assert.ok((await list.getByRole('listitem').count()) < 80)
  assertCalm()
})

test('an auditor verifies every record in the browser and keeps checkpoint and proof', async () => {
  await ask(browser, 'prove it')
  const visitor = await browser.visitor('vera', ['auditor'])
  const { page } = visitor
  await page.getByRole('link', { name: 'Evidence' }).click()
  await page.getByText('Nobody outside holds checkpoints').waitFor()
  await page.getByText('Not verified since this gateway was started.').waitFor()
  await page.getByRole('button', { name: 'Verify now' }).click()
  const panel = page.getByRole('region', { name: 'Verification' })
  await panel.getByText('sound').waitFor()
  assert.match(await textOf(panel.getByLabel('Records')), /verified[1-9].*missing0altered0/)
  const [checkpoint] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Keep this checkpoint' }).click(),
  ])
  assert.match(checkpoint.suggestedFilename(), /^checkpoint-\d+$/)
  await look(visitor, 'evidence')
  await resize(page, { width: 1360, height: 1000 })
  for (const step of ['prepare', 'rotate-log-key'])
    assert.equal(
      (
        await browser.console.admin('POST', '/keyring/steps', {
          body: { step, reason: 'the yearly rotation' },
        })
      ).status,
      200,
    )
  await browser.console.gateway.app.evidence.flush()
  await page.getByRole('link', { name: 'Keyring' }).click()
  const root = page.getByRole('region', { name: 'Root key' })
  await root.getByText('rotating').waitFor()
  await root.getByText(/custody keyring rewrap --server http/).waitFor()
  await page.getByRole('cell', { name: 'to be wrapped anew' }).first().waitFor()
  await page.getByRole('cell', { name: 'handed over', exact: true }).waitFor()
  await page.getByRole('row', { name: /The next root key was made/ }).waitFor()
  await page.getByRole('row', { name: /handed over to a new key/ }).waitFor()
  await look(visitor, 'keyring')
})

test('upstreams show where prompts go and how that went', async () => {
  await ask(browser, 'fine')
  await ask(browser, 'broken', { script: { status: 503 } })
  const visitor = await browser.visitor('uwe', ['member'])
  const { page } = visitor
  await page.getByRole('link', { name: 'Upstreams' }).click()
  const card = page.getByRole('region', { name: 'openai' })
  await card.getByText('http-503').waitFor()
  await card.getByText('unsteady').waitFor()
  await page.getByRole('region', { name: 'This gateway' }).getByText('is written').waitFor()
  await look(visitor, 'upstreams')
})

test('a conversation is a thread of turns with what each added, and its fork is seen', async () => {
  const client = openaiOf(browser)
  const headers = { 'x-claude-code-session-id': '7d3f1b0e-8a52-4a8e-9f6e-1f6a3f0c2b11' }
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: 'system', content: 'You plan trips.' },
  ]
  const say = async (content: string): Promise<void> => {
    messages.push({ role: 'user', content })
    const answer = await client.chat.completions.create({ model: 'echo', messages }, { headers })
    messages.push({ role: 'assistant', content: answer.choices[0]?.message.content ?? '' })
  }
  await say('Where shall we go in spring?')
  await say('Somewhere with trains, please.')
  messages.splice(3)
  await say('Somewhere with ships, rather.')
  await browser.console.gateway.app.evidence.flush()

  const visitor = await browser.visitor('cora', ['investigator'])
  const { page } = visitor
  await page.getByRole('link', { name: 'Conversations' }).click()
  await page.getByRole('table', { name: 'Conversations' }).waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'conversations-light')
  await page.getByRole('table', { name: 'Conversations' }).getByRole('link').first().click()
  await page.getByRole('heading', { name: 'Conversation', exact: true }).waitFor()
  await page.getByText(/3 turns, 1 fork/).waitFor()
  await page.getByRole('button', { name: 'Reveal the conversation' }).click()
  await page.getByLabel('Reason').fill('Ticket 4713: the travel plans')
  await dialogOf(page).getByRole('button', { name: 'Reveal' }).click()
  const turn = (number: number): Locator => page.getByRole('article', { name: `Turn ${number}` })
  await turn(1).getByText('You plan trips.').waitFor()
  await turn(2).getByText('Somewhere with trains, please.').first().waitFor()
  assert.doesNotMatch(await textOf(turn(2)), /You plan trips/)
  await turn(3).getByText('Fork: it continues turn 1').waitFor()
  assert.doesNotMatch(await textOf(turn(3)), /with trains/)
  await dialogOf(page).waitFor({ state: 'detached' })
  await page.keyboard.press('j')
  await page.waitForURL(/turn=2/)
  await page.keyboard.press('k')
  await page.waitForURL(/turn=1/)
  await look(visitor, 'conversation')
  await turn(2).getByRole('link', { name: 'Turn 2' }).click()
  const context = page.getByRole('region', { name: 'Context window' })
  await context.getByText('Somewhere with trains, please.').waitFor()
  await page.getByRole('link', { name: 'Conversation', exact: true }).click()
  await page.waitForURL(/exchanges\/ex_.*\/conversation/)
  await page.getByText(/3 turns/).waitFor()

  const auditor = await browser.visitor('otto', ['auditor'])
  await auditor.page.goto(page.url())
  await auditor.page.getByText('Your roles do not read content').waitFor()
  assert.doesNotMatch(await textOf(auditor.page.locator('#main')), /trains|ships|spring/)
  auditor.assertCalm()
})

test('answers that name the one before them are a thread too', async () => {
  const client = openaiOf(browser)
  const first = await client.responses.create({ model: 'echo', input: 'The first word' })
  await client.responses.create({
    model: 'echo',
    input: 'The second word',
    previous_response_id: first.id,
  })
  await browser.console.gateway.app.evidence.flush()
  const listed = await browser.console.admin('GET', '/exchanges')
  const { id } = listed.body.items[0]
  const { page, assertCalm } = await browser.visitor('rike', ['approver'], {
    at: `/exchanges/${id}/conversation`,
  })
  await page.getByText(/2 turns, put together by answers that name each other/).waitFor()
  await page.getByRole('article', { name: 'Turn 2' }).getByText('█').first().waitFor()
  assert.doesNotMatch(await textOf(page.locator('#main')), /second word/)
  assertCalm()
})

test('a hold that one person sets keeps an exchange until another releases it; then it is erased with a receipt', async () => {
  const key = await browser.console.keyFor('olga')
  const id = await browser.console.chat('the file of the case', { key })
  const ines = await browser.visitor('ines', ['investigator'], { at: `/exchanges/${id}` })
  await ines.page.getByRole('button', { name: 'Hold' }).click()
  await dialogOf(ines.page).getByLabel('Reason').fill('the court asks for it')
  assert.deepEqual(await violationsOf(ines.page), [])
  await dialogOf(ines.page).getByRole('button', { name: 'Hold' }).click()
  await ines.page.getByTitle(/^Legal hold ho_/).waitFor()
  await ines.page.getByRole('link', { name: 'Conversation', exact: true }).click()
  await ines.page
    .getByRole('article')
    .getByTitle(/^Legal hold ho_/)
    .waitFor()
  await ines.page.goto(at('/exchanges'))
  await ines.page.getByRole('img', { name: 'held' }).waitFor()
  await ines.page.goto(at('/entity?kind=principal&value=olga'))
  await ines.page.getByText('the court asks for it').waitFor()
  const visitor = await browser.visitor('arno', ['admin'])
  const { page } = visitor
  const erase = async (): Promise<void> => {
    await page.getByRole('button', { name: 'Erase', exact: true }).click()
    await dialogOf(page).getByLabel('Ids, parted by spaces or lines').fill(id)
    await dialogOf(page).getByLabel('Also before the minimum').check()
    await dialogOf(page).getByRole('button', { name: 'See what would be erased' }).click()
  }
  await page.goto(at('/retention'))
  await erase()
  await dialogOf(page).getByText('the court asks for it').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /^Release the hold/ }).click()
  await dialogOf(page).getByLabel('Reason').fill('the case is closed')
  await dialogOf(page).getByRole('button', { name: 'Release' }).click()
  await page.getByText('the case is closed').waitFor()
  await erase()
  await dialogOf(page).getByLabel('Reason').fill('the person asked for it')
  await dialogOf(page).getByRole('button', { name: 'Erase 1' }).click()
  await dialogOf(page).getByText('Download the receipt').waitFor()
  await dialogOf(page).getByRole('button', { name: 'Done' }).click()
  await page.getByText('the person asked for it').waitFor()
  await look(visitor, 'retention')
  await page.goto(at(`/exchanges/${id}`))
  await page.getByText('This exchange was erased, as recorded').waitFor()
  await page.goto(at('/exchanges'))
  await page.getByRole('link', { name: '1 of this time erased' }).waitFor()
  await browser.console.chat('call Quentin Larch at noon', { key })
  await eraseText(await browser.visitor('aria', ['admin', 'investigator']))
})

/** By a job that is looked at, closed, opened again and gone on with. */
async function eraseText({ page }: Visitor): Promise<void> {
  await page.goto(at('/retention'))
  await page.getByRole('button', { name: 'Erase', exact: true }).click()
  const dialog = dialogOf(page)
  await dialog.getByLabel('What').selectOption('Every exchange in which a text stands')
  await dialog.getByLabel('The text').fill('Quentin Larch')
  await dialog.getByLabel('Reason').fill('he asked for it in writing')
  await dialog.getByLabel('Also before the minimum').check()
  await dialog.getByRole('button', { name: 'See what would be erased' }).click()
  await dialog.getByText('1 exchange holds it').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /^Open the erasure/ }).click()
  const erase = dialog.getByRole('button', { name: 'Erase 1' })
  await dialog.getByLabel('The text again').fill('Somebody Else')
  await erase.click()
  await dialog.getByText('Only a dry run of the same value').waitFor()
  await dialog.getByLabel('The text again').fill('Quentin Larch')
  await erase.click()
  await dialog.getByText('Erased 1 exchange.').waitFor()
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: 'Download the receipt' }).click(),
  ])
  assert.match(file.suggestedFilename(), /^receipt-ej_\w+\.json$/)
  const receipt = JSON.parse(readFileSync(await file.path(), 'utf8'))
  assert.match(receipt.erasures[0].proof, /^c2sp\.org\/tlog-proof@v1/)
  await dialog.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('cell', { name: /^\d+ read, 1 erased$/ }).waitFor()
}

test('a page whose data does not come says so and is asked again', async () => {
  const { page } = await browser.visitor('nora', ['admin'])
  for (const [path, matter] of [
    ['/keys', 'keys'],
    ['/upstreams', 'upstreams'],
    ['/people', 'people'],
    ['/audit', 'audit'],
    ['/conversations', 'conversations'],
    ['/retention', 'holds'],
  ] as const) {
    await page.route(`**/api/v1/${matter}*`, (route) =>
      route.fulfill({
        status: 422,
        contentType: 'application/problem+json',
        body: JSON.stringify({ detail: `No ${matter} today.`, hint: 'Come back.', status: 422 }),
      }),
    )
    await page.goto(at(path))
    await page.getByText(`No ${matter} today.`).waitFor()
    assert.deepEqual(await violationsOf(page), [])
    await page.unroute(`**/api/v1/${matter}*`)
    await page.getByRole('button', { name: 'Try again' }).first().click()
    await page.getByText(`No ${matter} today.`).waitFor({ state: 'detached' })
  }
})

test('a change based on what somebody else changed meanwhile is refused with what to do', async () => {
  const made = await browser.console.admin('POST', '/people', {
    body: { login: 'pia', roles: ['member'] },
  })
  const { page } = await browser.visitor('udo', ['admin'], { at: '/people' })
  await page.getByRole('button', { name: 'Change pia' }).click()
  const changed = await browser.console.admin('PATCH', `/people/${made.body.id}`, {
    body: { name: 'Pia' },
    headers: { 'if-match': made.body.etag },
  })
  assert.equal(changed.status, 200, changed.text)
  await dialogOf(page).getByLabel('Name').fill('Other')
  await dialogOf(page).getByRole('button', { name: 'Save' }).click()
  await dialogOf(page).getByText('Close this and look at them again').waitFor()
})
