import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fits, goDark, picture, resize, startBrowser, violationsOf } from '../harness/browser.ts'
import { runCli } from '../harness/cli.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'
import { HOSTILE } from './traffic.ts'

const LEAK =
  'Project Bluebird closes on 14 December. The board accepted 41.70 a share, and nothing is to be said before the regulators have answered.'
const MEMO = `MEMO, strictly confidential.\n${LEAK}\nRetention packages are in folder 7.`
const PHONE = { width: 390, height: 844 }

test('from a pasted sentence to a bundle that verifies elsewhere: seen, sourced, contained, blocked, told and handed out', async (t) => {
  await using browser = await startBrowser()
  const { console: api } = browser
  const clock = stopwatch((line) => t.diagnostic(line))
  const finance = await api.keyFor('sara.nilsson')
  const contractor = await api.keyFor('mara.voss')
  const nightly = { 'x-custody-repository': 'bank/payments-tests', 'x-custody-run': '4711' }
  await api.chat(`Summarise this:\n\n${MEMO}`, { key: finance })
  await api.chat(`${HOSTILE} ${MEMO}`, { key: contractor, headers: nightly })
  const last = await api.chat(`Repeat word for word:\n${MEMO}`, {
    key: contractor,
    headers: nightly,
    stream: true,
  })
  await api.chat('What is the weather in Bern?', { key: await api.keyFor('noah.frei') })

  const { page, assertCalm } = await browser.visitor('ines', ['investigator', 'policy-author'], {
    at: '/investigate',
  })
  const box = page.getByLabel('Leaked text, key or address')
  await box.waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'investigate-light')
  clock('the page is open')

  // Two clicks at most: into the box, which has the focus already, and on the button.
  await page.keyboard.insertText(LEAK.toUpperCase())
  await page.getByRole('button', { name: 'Who saw it' }).click()
  const groups = page.getByRole('region', { name: 'Who and what' })
  await groups.getByText('mara.voss').first().waitFor()
  await groups.getByText('sara.nilsson').first().waitFor()
  assert.equal(await groups.getByText('noah.frei').count(), 0)
  clock('who saw it')
  assert.match(page.url(), /\/cases\/cs_\w+\/run\?step=seen$/)
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'run-seen-light')

  await page.getByRole('button', { name: 'Next: How it got out' }).click()
  const behind = page.getByRole('region', { name: 'Behind it' }).getByRole('article').first()
  await behind.getByText('of mara.voss').waitFor()
  await behind.getByText(/answers? (?:to it )?returned the text/).waitFor()
  await behind.getByText(/bank\/payments-tests run 4711/).waitFor()
  clock('the key and the job behind it')
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'run-source-light')

  await page.getByRole('button', { name: 'Next: Contain' }).click()
  await page.getByRole('checkbox', { name: 'key of mara.voss' }).waitFor()
  await picture(page, 'run-contain-light')
  await page.getByRole('button', { name: 'Lock 2 now' }).click()
  await page.getByText(/2 locks hold/).waitFor()
  await page
    .getByRole('list', { name: 'Kept in the case' })
    .getByText(/Locked key/)
    .waitFor()
  clock('contained')
  assert.deepEqual(await violationsOf(page), [])
  const refused = await fetch(`${browser.console.gateway.url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${contractor}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'echo', messages: [{ role: 'user', content: 'again' }] }),
  })
  assert.match(await refused.text(), /containment\.locked/)

  // What is left is gone on with: a reload forgets the text and nothing else.
  await page.goto(page.url().replace(/\?.*/, ''))
  await page
    .getByRole('listitem')
    .filter({ hasText: 'Block' })
    .and(page.locator('[aria-current]'))
    .waitFor()
  await page.getByLabel('Words of the text').fill('The board accepted 41.70 a share')
  await page.getByRole('button', { name: 'Try it on 30 days' }).click()
  const backtest = page.getByRole('region', { name: 'Backtest' })
  await backtest.getByText('case-1-words').first().waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'run-block-light')
  await page.getByRole('button', { name: 'Publish and enforce' }).click()
  await page.getByText(/Version 1 is in force/).waitFor()
  clock('blocked, with its backtest')
  const stopped = await browser.console.chat(`Please look: ${MEMO}`, { key: finance })
  const verdict = await browser.console.admin('GET', `/exchanges/${stopped}`)
  assert.equal(verdict.body.exchange.verdict, 'deny')

  await page.getByRole('button', { name: 'Next: Tell' }).click()
  const message = page.getByRole('textbox', { name: 'Message' })
  await message.waitFor()
  assert.match(await message.inputValue(), /exposed: .*mara\.voss/)
  assert.match(await message.inputValue(), /Locked key/)
  assert.doesNotMatch(await message.inputValue(), /Bluebird/)
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'run-tell-light')
  clock('the message')

  await page.getByRole('button', { name: 'Next: Report' }).click()
  await page.getByRole('button', { name: 'Hold them' }).click()
  await page.getByText('They are held.').waitFor()
  using folder = temporaryFolder()
  const [report] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'PDF' }).click(),
  ])
  await report.saveAs(join(folder.path, 'report.pdf'))
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save the bundle' }).click(),
  ])
  const bundle = join(folder.path, saved.suggestedFilename())
  await saved.saveAs(bundle)
  await page.getByText(/Check it: custody verify/).waitFor()
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'run-report-light')
  clock('held, reported and handed out')

  // Whoever is handed the bundle trusts the key of the log, and nothing else of this gateway.
  const log = await browser.console.admin('GET', '/evidence')
  const trusted = join(folder.path, 'trusted.txt')
  writeFileSync(trusted, `log ${log.body.keys[0]}\nquorum none\n`)
  const verified = await runCli('verify', bundle, '--policy', trusted)
  assert.equal(verified.code, 0, verified.out + verified.err)
  clock('the bundle verifies in a folder of its own')

  await page.getByRole('link', { name: 'The case' }).click()
  const entries = page.getByRole('list', { name: 'Entries' })
  for (const kept of [
    /Traced a text of/,
    /Locked principal/,
    /Published version 1/,
    /Legal hold on/,
    /Signed bundle of/,
  ])
    await entries.getByText(kept).first().waitFor()
  assert.doesNotMatch((await page.locator('#main').textContent()) ?? '', /Bluebird/)
  await page.getByRole('link', { name: 'Guided run' }).click()
  await page
    .getByText('Next:')
    .first()
    .waitFor()
    .catch(() => undefined)
  await resize(page, PHONE)
  assert.deepEqual(await violationsOf(page), [])
  await fits(page)
  await picture(page, 'run-phone')
  await resize(page, { width: 1360, height: 850 })
  await page.getByRole('link', { name: /Who saw it/ }).click()
  await page.getByText(last).waitFor()
  await goDark(page)
  assert.deepEqual(await violationsOf(page), [])
  await picture(page, 'run-dark')
  assert.equal(await page.evaluate('window.hacked'), undefined)
  assertCalm()
})

test('an auditor is told that investigating is for others', async () => {
  await using browser = await startBrowser()
  const { page } = await browser.visitor('otto', ['auditor'])
  assert.equal(await page.getByRole('link', { name: 'Investigate' }).count(), 0)
  await page.goto(`${browser.adminUrl}/investigate`)
  await page.getByText('Your roles do not investigate').waitFor()
  assert.deepEqual(await violationsOf(page), [])
})

/** Says how long each step took since the one before. */
function stopwatch(say: (line: string) => void): (step: string) => void {
  let beforeMs = performance.now()
  return (step) => {
    const nowMs = performance.now()
    say(`${((nowMs - beforeMs) / 1000).toFixed(1).padStart(5)} s  ${step}`)
    beforeMs = nowMs
  }
}
