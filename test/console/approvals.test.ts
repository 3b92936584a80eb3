import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fits, goDark, picture, startBrowser, violationsOf } from '../harness/browser.ts'
import type { TestBrowser, Visitor } from '../harness/browser.ts'

const POLICY = `version: 1
rules:
  - id: cards
    title: Payment card numbers leave the company
    on: request
    entities: [CREDIT_CARD]
    then: hold
    stage: enforce
    message: Card numbers need an approval of the security desk.
    approval: { approvers: [secops], quorum: 1 }
    tests:
      - name: a card
        given: { text: "pay 4111 1111 1111 1111" }
        expect: hold
  - id: bluebird
    title: Project names stay inside
    on: request
    keywords: ["project bluebird"]
    then: hold
    stage: enforce
    message: The merger is not public.
    approval: { reasonRequired: true }
    tests:
      - name: named
        given: { text: "project bluebird" }
        expect: hold
`

let folder = ''
let browser: TestBrowser
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'custody-inbox-'))
  await writeFile(join(folder, 'policy.yaml'), POLICY)
  browser = await startBrowser({
    folder,
    yaml: 'policy: policy.yaml\napprovals: { groups: { secops: [vera, petra] } }\nbundles: { approval: raw, approvers: [approver, auditor] }\n',
  })
})
after(async () => {
  await browser[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function ask(text: string, headers: Record<string, string> = {}): Promise<Response> {
  const { gateway, keyFor } = browser.console
  const key = await keyFor('ci-bot')
  return fetch(`${gateway.url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: text }] }),
  })
}

async function look({ page, assertCalm }: Visitor, name: string): Promise<void> {
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, `${name}-light`)
  await goDark(page)
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, `${name}-dark`)
  await page.emulateMedia({ colorScheme: 'light' })
  assertCalm()
}

test('a held request appears while the page is open, is read without opening anything, and approved', async () => {
  const visitor = await browser.visitor('vera', ['approver'])
  const { page } = visitor
  await page.getByRole('link', { name: 'Approvals' }).click()
  await page.getByText('No request waits').waitFor()
  const first = ask('Please charge 4111 1111 1111 1111 for the annual plan of ACME', {
    'x-session-id': 'one',
    'x-custody-service': 'checkout',
  })
  const card = page.getByRole('article', { name: /Payment card numbers/ })
  await card.waitFor()
  const second = ask('Draft the press note about Project Bluebird for Monday')
  const other = page.getByRole('article', { name: /Project names stay inside/ })
  await other.waitFor()
  await card.getByText('CREDIT_CARD', { exact: true }).first().waitFor()
  await card.getByText(/The caller waits for another/).waitFor()
  assert.ok(!(await page.content()).includes('4111 1111'))
  assert.ok(await other.getByRole('button', { name: 'Approve once' }).isDisabled())
  await look(visitor, 'approvals')
  await card.getByRole('button', { name: 'Approve once' }).click()
  const answered = await first
  assert.equal(answered.status, 200)
  await other.getByLabel('Reason').fill('not before Monday')
  await other.getByRole('button', { name: 'Deny' }).click()
  const refused = await second
  assert.equal(refused.status, 400)
  await page.getByText('No request waits').waitFor()
  await page.getByText('Decided', { exact: true }).click()
  await page.getByText('not before Monday').waitFor()
  await page.getByText('Grants', { exact: true }).click()
  await page.getByRole('row', { name: /ci-bot/ }).waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'grants-light')
  await page.getByRole('button', { name: /Revoke the grant/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await page.getByText('Nothing is granted').waitFor()
  const exchange = answered.headers.get('x-custody-exchange') ?? ''
  await page.goto(`${browser.adminUrl}/exchanges/${exchange}/replay`)
  await page.getByRole('button', { name: /^Held .* at 0:00/ }).waitFor()
  visitor.assertCalm()
})

test('on a phone a request is decided with a thumb, and its sender sees the end by their link', async () => {
  const visitor = await browser.visitor('petra', ['approver'], { width: 390, height: 844 })
  const { page } = visitor
  const sent = ask('Refund 5500 0055 5555 5559 to the customer', { 'x-stainless-timeout': '1' })
  await page.goto(`${browser.adminUrl}/approvals`)
  const card = page.getByRole('article', { name: /Payment card numbers/ })
  await card.waitFor()
  await card.getByText('CREDIT_CARD', { exact: true }).first().waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'approvals-phone')
  await fits(page)
  const { error } = (await (await sent).json()) as { error: { message: string } }
  const link = /http\S+\/requests\/[\w-]{24}/.exec(error.message)?.[0] ?? ''
  const sender = await browser.stranger()
  await sender.page.goto(link)
  await sender.page.getByText('Your request waits for approval').waitFor()
  assert.deepEqual(await violationsOf(sender.page), [])
  await picture(sender.page, 'request-page-light')
  assert.ok(!(await sender.page.content()).includes('5500'))
  await card.getByRole('button', { name: 'Approve masked' }).click()
  await sender.page.getByText('Your request was approved with masking').waitFor()
  await page.getByText('No request waits').waitFor()
  visitor.assertCalm()
  sender.assertCalm()
})

test('who may not decide sees why, and whoever sent it is told so', async () => {
  const { page } = await browser.visitor('audrey', ['auditor'])
  const sent = ask('Notes about project bluebird', { 'x-stainless-timeout': '1' })
  await page.goto(`${browser.adminUrl}/approvals`)
  const card = page.getByRole('article', { name: /Project names stay inside/ }).first()
  await card.waitFor()
  assert.equal(await card.getByRole('button').count(), 0)
  assert.equal(await card.locator('blockquote').count(), 0)
  await (await sent).arrayBuffer()
})

test('what a query matches is exported, waits for another person who sees what would leave, and leaves once', async () => {
  const { chat, keyFor } = browser.console
  const key = await keyFor('rita')
  for (const text of ['the first of two letters', 'the second of two letters'])
    await chat(text, { key })
  const recipient = await identityToRecipient(await generateX25519Identity())
  const ines = await browser.visitor('ines', ['investigator'], {
    at: '/exchanges?q=principal:rita',
  })
  await ines.page.getByText('2 exchanges').waitFor()
  await ines.page.getByRole('button', { name: 'Export' }).click()
  const form = ines.page.getByRole('dialog')
  await form.getByText('2 exchanges that match').waitFor()
  await form.getByLabel('Exhibit').fill('letters of rita')
  await form.getByLabel('Raw: content as it was').check()
  await form.getByLabel('Encrypt to').fill(recipient)
  await form.getByLabel('CSV').check()
  await form.getByLabel('Reason').fill('request 12 of the regulator')
  assert.deepEqual(await violationsOf(ines.page), [])
  await picture(ines.page, 'export-query-light')
  await form.getByRole('button', { name: 'Export' }).click()
  await form.getByText('another person must approve').waitFor()
  await form.getByRole('link', { name: /^xo_/ }).click()
  const own = ines.page.getByRole('listitem', { name: /^Export xo_/ })
  await own.getByText('pending').waitFor()
  assert.equal(await own.getByRole('button').count(), 0)

  const second = await browser.visitor('alma', ['auditor'], { at: '/approvals' })
  const { page } = second
  const waits = page.getByRole('listitem', { name: /^Export xo_/ })
  await waits.getByText('request 12 of the regulator').waitFor()
  await waits.getByText('principal:rita').waitFor()
  await waits.getByText('What would leave').click()
  await waits.getByRole('row').nth(2).waitFor()
  await look(second, 'exports')
  await waits.getByRole('button', { name: 'Approve' }).click()
  await page.getByRole('dialog').getByLabel('Reason').fill('the request is genuine')
  await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click()
  await waits.waitFor({ state: 'detached' })

  await own.getByText('Approved by alma').waitFor()
  const saving = ines.page.waitForEvent('download')
  await own.getByRole('button', { name: 'Save the bundle' }).click()
  assert.match((await saving).suggestedFilename(), /^bn_\w{26}\.tar\.age$/)
  await own.getByText('It left as bn_').waitFor()
  assert.equal(await own.getByRole('button').count(), 0)
  ines.assertCalm()
})
