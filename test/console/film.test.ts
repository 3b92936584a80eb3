import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type OpenAI from 'openai'
import { fits, goDark, picture, resize, startBrowser, violationsOf } from '../harness/browser.ts'
import type { TestBrowser } from '../harness/browser.ts'
import { HOSTILE, openaiOf } from './traffic.ts'

const POLICY = `version: 1
rules:
  - { id: cards-masked, title: Cards are masked, on: request, entities: [CREDIT_CARD], then: mask, stage: enforce }
  - { id: dump-stopped, title: Dumps stay here, on: request, keywords: ["customer dump"], then: deny, stage: enforce }
`
const CARD = '4111 1111 1111 1111'
const PHONE = { width: 390, height: 844 }

let browser: TestBrowser
before(async () => {
  browser = await startBrowser({ policy: POLICY })
  await agent()
})
after(() => browser[Symbol.asyncDispose]())

/** A coding agent: instructions, tools, files it reads, a card number in a fixture, and a dump that is refused. */
async function agent(): Promise<void> {
  const client = openaiOf(browser)
  const headers = { 'x-claude-code-session-id': '7d3f1b0e-8a52-4a8e-9f6e-1f6a3f0c2b12' }
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: 'system', content: 'You are a careful programmer of the payments team. '.repeat(14) },
  ]
  const say = async (
    said: readonly OpenAI.ChatCompletionMessageParam[],
    answer: object,
  ): Promise<void> => {
    messages.push(...said)
    const got = await client.chat.completions
      .create(
        { model: 'gpt-5', messages, tools: TOOLS },
        { headers: { ...headers, 'x-sandbox-script': JSON.stringify(answer) } },
      )
      .catch(() => null)
    if (got?.choices[0] !== undefined) messages.push(got.choices[0].message)
  }
  let reads = 0
  const file = (text: string, times: number): readonly OpenAI.ChatCompletionMessageParam[] => {
    const id = `call_${(reads += 1)}`
    const call = { name: 'read_file', arguments: `{"path":"src/payments/refund-${reads}.ts"}` }
    return [
      { role: 'assistant', tool_calls: [{ id, type: 'function', function: call }] },
      { role: 'tool', tool_call_id: id, content: text.repeat(times) },
    ]
  }
  await say([{ role: 'user', content: 'Why does the refund test fail?' }], {
    text: 'I would like to see the test and what it calls first. '.repeat(6),
  })
  await say(file('export function refund(payment) { return ledger.post(payment) }\n', 22), {
    text: 'The ledger is posted twice when the partner does not answer in time. '.repeat(9),
  })
  await say(file(`test('refund', () => refund({ card: '${CARD}', amount: 12 }))\n`, 9), {
    text: 'The fixture has a card number in it. Use a token in its place. '.repeat(7),
  })
  await say(file('const ledger = { post: (p) => retry(() => partner.send(p)) }\n', 34), {
    text: 'Give the partner an idempotency key, and make it once for each refund. '.repeat(10),
  })
  await say([{ role: 'user', content: `Nearly done. ${HOSTILE}` }], { text: 'Done. '.repeat(30) })
  await say(file('a line of the customer dump, ', 40), { text: 'Never sent.' })
  await browser.console.gateway.app.evidence.flush()
}

const TOOLS: OpenAI.ChatCompletionTool[] = ['read_file', 'run_tests', 'edit_file'].map((name) => ({
  type: 'function',
  function: {
    name,
    description: 'Works on the repository of the payments team, within its folder only.',
    parameters: { type: 'object', properties: { path: { type: 'string' } } },
  },
}))

test('a conversation plays turn by turn as its window fills, masked, with what was found and stopped', async () => {
  const { page, assertCalm } = await browser.visitor('iris', ['investigator'])
  await page.getByRole('link', { name: 'Conversations' }).click()
  await page.getByRole('table', { name: 'Conversations' }).getByRole('link').first().click()
  await page.getByRole('link', { name: 'Film' }).click()
  const field = page.getByRole('img', { name: /^Context window at turn 1: / })
  await field.waitFor()
  await page.getByText('6 turns, as the context window filled').waitFor()
  // Masked by default: not a word of it is on the page.
  await page.getByRole('region', { name: 'On stage' }).getByText('█').first().waitFor()
  assert.doesNotMatch((await page.locator('#main').textContent()) ?? '', /refund|4111|dump,/)
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.getByRole('img', { name: /turn 3: .* [1-9]\d* findings, [1-9]\d* masked/ }).waitFor()
  await page.waitForURL(/t=\d/)
  assert.deepEqual(await violationsOf(page), [])
  await page.keyboard.press('9')
  await page.getByRole('img', { name: /turn 6: .* stopped$/ }).waitFor()
  await page.getByText('Stopped: nothing of it went on').waitFor()
  await page.getByRole('button', { name: /^Masked: CREDIT_CARD at/ }).click()
  await page.getByRole('img', { name: /turn 3/ }).waitFor()
  for (const key of ['.', '.']) await page.keyboard.press(key)
  await page.getByText('CREDIT_CARD by').first().waitFor()
  const link = page.url()
  const other = await page.context().newPage()
  await other.goto(link)
  await other.getByRole('img', { name: /turn 3/ }).waitFor()
  assert.equal(await page.evaluate('window.hacked'), undefined)
  await resize(page, PHONE)
  assert.deepEqual(await violationsOf(page), [])
  await fits(page)
  await picture(page, 'film-phone')
  await resize(page, { width: 1360, height: 850 })
  await page.getByRole('button', { name: 'Reveal the conversation' }).click()
  await page.getByLabel('Reason').fill('Ticket 4714: how the card number came in')
  await page.getByRole('dialog').getByRole('button', { name: 'Reveal' }).click()
  const stage = page.getByRole('region', { name: 'On stage' })
  await stage.getByText(CARD).first().waitFor()
  await page.getByRole('button', { name: /^Turn 4,/ }).click()
  await page.getByRole('img', { name: /turn 4/ }).waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'film-light')
  await goDark(page)
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'film-dark')
  assertCalm()
})

test('it plays by itself, faster when asked, and stops at its end', async () => {
  const { page } = await browser.visitor('noor', ['investigator'])
  await page.getByRole('link', { name: 'Conversations' }).click()
  await page.getByRole('table', { name: 'Conversations' }).getByRole('link').first().click()
  await page.getByRole('link', { name: 'Film' }).click()
  await page.getByRole('img', { name: /turn 1: / }).waitFor()
  await page.emulateMedia({ reducedMotion: 'no-preference' })
  await page.getByLabel('Speed').selectOption('16')
  await page.getByRole('button', { name: 'Play', exact: true }).click()
  await page.getByRole('img', { name: /turn 6/ }).waitFor()
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor()
  const slider = page.getByRole('slider', { name: 'Position' })
  assert.equal(await slider.inputValue(), await slider.getAttribute('max'))
})

test('who may not read content sees the turns with their sizes and nothing of them', async () => {
  const { page, assertCalm } = await browser.visitor('otto', ['auditor'])
  const listed = await browser.console.admin('GET', '/exchanges')
  await page.goto(`${browser.adminUrl}/exchanges/${listed.body.items[0].id}/film`)
  await page.getByText('The content of this turn is not read.').waitFor()
  await page.getByRole('img', { name: /turn 6: / }).waitFor()
  assert.doesNotMatch((await page.locator('#main').textContent()) ?? '', /refund|4111/)
  assertCalm()
})
