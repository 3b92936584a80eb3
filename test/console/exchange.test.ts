import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { fits, goDark, picture, resize, startBrowser, violationsOf } from '../harness/browser.ts'
import type { TestBrowser } from '../harness/browser.ts'
import { HOSTILE, ask, askSlowly } from './traffic.ts'

const SECRET = 'The merger closes on Friday at noon.'
const POLICY = `version: 1
rules:
  - { id: late-news, title: Answers about mergers, on: response, keywords: [merger], then: deny, stage: enforce }
  - { id: large, title: Large prompts, on: request, size: { bytes: 100000 }, then: hold, stage: enforce }
  - { id: dates, title: Dates are watched, on: request, keywords: [friday], then: deny, stage: shadow }
  - { id: no-merger, title: Mergers stay inside, on: request, keywords: [merger], then: deny, stage: enforce }
`
const REASON = 'Ticket 4711: who was told about the merger'

let browser: TestBrowser
let id: string
before(async () => {
  browser = await startBrowser()
  const readToEnd = await askSlowly(browser, SECRET, {
    service: 'ci/deploy',
    script: {
      intervalMs: 10,
      text: 'Noted: the merger closes on Friday.',
      reasoning: 'They want me to remember a date.',
    },
  })
  await readToEnd()
  const listed = await browser.console.admin('GET', '/exchanges')
  id = listed.body.items[0].id
})
after(async () => {
  await browser[Symbol.asyncDispose]()
})

const main = (page: Page) => page.locator('#main')
const open = (page: Page, rest = '') => page.goto(`${browser.adminUrl}/exchanges/${id}${rest}`)

async function reveal(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Reveal' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Reason').fill(REASON)
  await dialog.getByRole('button', { name: 'Reveal' }).click()
  await page.getByText(/Revealed to you for \d+/).waitFor()
}

test('the head says who, how that was proven, and apart from it what the caller says', async () => {
  const { page, assertCalm } = await browser.visitor('rosa', ['auditor'])
  await open(page)
  const proven = page.getByRole('region', { name: 'Who, as proven' })
  await proven.getByText('gateway-key').waitFor()
  assert.doesNotMatch((await proven.textContent()) ?? '', /ci\/deploy/)
  const says = page.getByRole('region', { name: 'What the caller says' })
  assert.match((await says.textContent()) ?? '', /proves nothing.*ci\/deploy/)
  assert.match((await page.getByRole('region', { name: 'How it went' }).textContent()) ?? '', /200/)
  assertCalm()
})

test('content is masked until an investigator gives a reason, and the reason is in the audit trail', async () => {
  const { page, assertCalm } = await browser.visitor('ines', ['investigator'])
  await open(page)
  await page.getByText('Content is masked: structure and lengths, no text.').waitFor()
  await page.getByRole('region', { name: 'Context window' }).getByText('█').first().waitFor()
  assert.doesNotMatch((await main(page).textContent()) ?? '', /merger|Friday|remember/)
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'exchange-masked-light')

  await page.getByRole('button', { name: 'Reveal' }).click()
  const submit = page.getByRole('dialog').getByRole('button', { name: 'Reveal' })
  await page.getByLabel('Reason').fill('too short')
  assert.equal(await submit.isDisabled(), true)
  await page.getByLabel('Reason').fill(REASON)
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'reveal-light')
  await submit.click()
  await page.getByText(/Revealed to you for 1[45] min/).waitFor()
  await page.getByRole('region', { name: 'Context window' }).getByText(SECRET).waitFor()
  const answer = page.getByRole('region', { name: 'Answer' })
  await answer.getByText('Noted: the merger closes on Friday.').waitFor()
  await answer.getByText('They want me to remember a date.').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'exchange-light')
  await goDark(page)
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'exchange-dark')
  assert.doesNotMatch(page.url(), /merger|Friday/)
  assert.doesNotMatch(await page.title(), /merger|Friday/)

  const trail = await browser.console.admin('GET', `/audit?operation=reveals.create`)
  assert.equal(trail.body.items[0].reason, REASON)
  assert.equal(trail.body.items[0].personName, 'ines')

  await page.getByRole('button', { name: 'End now' }).click()
  await page.getByText('Content is masked: structure and lengths, no text.').waitFor()
  await page.getByRole('region', { name: 'Context window' }).getByText('█').first().waitFor()
  assert.doesNotMatch((await main(page).textContent()) ?? '', /merger|Friday|remember/)
  assertCalm()
})

test('why the policy decided so is told rule by rule, and whose role it is not is told that', async () => {
  const { page, assertCalm } = await browser.visitor('petra', ['policy-author'])
  await open(page, '?tab=policy')
  await page.getByText('No policy decided here').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  const call = browser.console.admin
  const author = await browser.console.person('pia', ['policy-author'])
  const made = await author.call('POST', '/policy', {
    body: { text: POLICY, note: 'names and sizes', basedOn: 0 },
  })
  assert.equal(made.status, 201, made.text)
  await ask(browser, SECRET)
  const denied = (await call('GET', '/exchanges?limit=1')).body.items[0].id
  await page.goto(`${browser.adminUrl}/exchanges/${denied}?tab=policy`)
  const why = page.getByRole('region', { name: 'Why the policy decided so' })
  await why.getByText('1 of 4 rules fired').waitFor()
  await why.getByText('Recorded: deny by no-merger').waitFor()
  await why.getByText('the policy that decided.').waitFor()
  const rules = await why
    .getByRole('listitem')
    .filter({ has: page.locator('strong') })
    .allTextContents()
  assert.match(rules[0] ?? '', /Mergers stay inside.*deny, enforce.*fired.*holds.*content.*/)
  assert.match(rules[1] ?? '', /Dates are watched.*fired, only watched/)
  assert.match(rules[2] ?? '', /Large prompts.*did not fire.*fails.*size/)
  assert.match(rules[3] ?? '', /Answers.*looks at answers or tools/)
  assert.doesNotMatch((await why.textContent()) ?? '', /Friday|noon/)
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'exchange-policy-light')
  await resize(page, { width: 390, height: 844 })
  await fits(page)
  await why.scrollIntoViewIfNeeded()
  await picture(page, 'exchange-policy-phone')
  assertCalm()
  await page.route('**/explanation', (route) => route.abort())
  await page.reload()
  await page.getByText('The gateway cannot be reached', { exact: true }).waitFor()
  const member = await browser.visitor('milo', ['member'])
  const own = await browser.console.chat('of my own', { key: await browser.console.keyFor('milo') })
  await member.page.goto(`${browser.adminUrl}/exchanges/${own}?tab=policy`)
  await member.page.getByText('Your roles do not allow this').waitFor()
  assert.deepEqual(await violationsOf(member.page), [])
})

test('a revealed exchange can be masked again on the screen without ending the reveal', async () => {
  const { page } = await browser.visitor('olga', ['investigator'])
  await open(page)
  await reveal(page)
  await page.getByText(SECRET).waitFor()
  await page.getByText('Masked', { exact: true }).click()
  await page.getByText(SECRET).waitFor({ state: 'detached' })
  await page.getByText('Revealed', { exact: true }).click()
  await page.getByText(SECRET).waitFor()
})

test('an admin sees the facts, and why the content stays closed', async () => {
  const { page, assertCalm } = await browser.visitor('adam', ['admin'])
  await open(page)
  await page.getByText('Your roles do not read content').waitFor()
  await page.getByText('You are here as admin.').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Reveal' }).count(), 0)
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'exchange-denied-light')
  await open(page, '/replay')
  await page.getByText('Your roles do not read content').waitFor()
  assertCalm()
})

test('an approver sees content masked and is offered no reveal', async () => {
  const { page, assertCalm } = await browser.visitor('anton', ['approver'])
  await open(page)
  await page.getByText('Only an investigator can reveal it').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Reveal' }).count(), 0)
  assert.doesNotMatch((await main(page).textContent()) ?? '', /merger/)
  assertCalm()
})

test('a member does not learn of the exchanges of others', async () => {
  const { page } = await browser.visitor('mia', ['member'])
  await page.getByText('Nothing yet').waitFor()
  await open(page)
  await page.getByText('There is no such thing here').waitFor()
  assert.doesNotMatch((await main(page).textContent()) ?? '', /gateway-key|ci\/deploy/)
})

test('recorded content is inert: no element, no script, no fetch is made from it', async () => {
  await ask(browser, HOSTILE)
  const listed = await browser.console.admin('GET', '/exchanges')
  const visitor = await browser.visitor('igor', ['investigator'])
  const { page } = visitor
  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  await page.goto(`${browser.adminUrl}/exchanges/${listed.body.items[0].id}`)
  await reveal(page)
  for (const rest of ['?tab=content', '?tab=raw', '?tab=raw&part=answer', '/replay?t=99']) {
    await page.goto(`${browser.adminUrl}/exchanges/${listed.body.items[0].id}${rest}`)
    await page.getByText('<script>window.hacked = 1</script>').first().waitFor()
    assert.equal(await page.evaluate('window.hacked'), undefined)
    assert.equal(await main(page).locator('script, img, iframe, object, embed').count(), 0)
    assert.equal(await main(page).locator('a[href^="javascript:"]').count(), 0)
    const shown = (await main(page).textContent()) ?? ''
    // In JSON bytes the controls are escaped; the bidi override is there as itself and must show.
    assert.ok(shown.includes('\\u{202e}'), rest)
    // oxlint-disable-next-line no-control-regex -- the characters that must not be there
    assert.doesNotMatch(shown, /[\u202a-\u202e\u200b\u001b]/u, rest)
  }
  await page.goto(`${browser.adminUrl}/exchanges/${listed.body.items[0].id}`)
  await page.locator('mark').filter({ hasText: '\\u{1b}' }).first().waitFor()
  await picture(page, 'hostile-light')
  assert.deepEqual(
    asked.filter((url) => url.includes('x-hostile')),
    [],
  )
  visitor.assertCalm()
})

test('the raw tab shows heads without credentials, text, bytes and events with their moments', async () => {
  const { page, assertCalm } = await browser.visitor('rita', ['investigator'])
  await open(page)
  await reveal(page)
  await page.getByRole('tab', { name: 'Raw' }).click()
  const head = page.getByRole('region', { name: 'Head of the message' })
  await head.getByText('POST /openai/v1/chat/completions HTTP/1.1').waitFor()
  assert.match((await head.textContent()) ?? '', /authorization\s*\(removed\)/i)
  await page.getByText('As sent').click()
  await page.waitForURL(/side=sent/)
  await head.getByText(/POST \/v1\/chat\/completions HTTP/).waitFor()
  await page.getByRole('region', { name: 'Body as text' }).getByText(SECRET).waitFor()
  await page.getByText('Hex').click()
  const hex = page.getByRole('region', { name: 'Body in hexadecimal' })
  await hex.getByText('00000000').waitFor()
  assert.match((await hex.textContent()) ?? '', /7b 22/)
  assert.deepEqual(await violationsOf(page), [])
  await page.getByRole('radiogroup', { name: 'Part' }).getByText('Answer').click()
  await page.getByText('Events').click()
  const events = page.getByRole('region', { name: 'Body as events' })
  await events.getByText('data: [DONE]').waitFor()
  await events.getByRole('link').first().waitFor()
  assert.equal(await events.getByRole('link').count(), await events.getByRole('listitem').count())
  assert.deepEqual(await violationsOf(page), [])
  await events.scrollIntoViewIfNeeded()
  await picture(page, 'raw-light')
  await events.getByRole('link').last().click()
  await page.waitForURL(/replay\?t=\d/)
  assertCalm()
})

test('the record tab reads the record back and says that it is sound', async () => {
  const { page, assertCalm } = await browser.visitor('ruth', ['auditor'])
  await open(page, '?tab=record')
  await page.getByText('sound', { exact: true }).waitFor()
  assert.ok((await page.getByRole('region', { name: 'Frames' }).getByRole('row').count()) >= 3)
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'record-light')
  assertCalm()
})
