import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { openStore } from '../../src/store/store.ts'
import { startBrowser } from '../harness/browser.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'
import { INSTANCE, batchOf, closedRow, exchangeId } from '../store/samples.ts'

const ROWS = 100_000
const BATCH = 5_000
const SPAN_MS = 20 * 3_600_000
/** Rows in the document: a screen of them and what is drawn ahead. */
const DRAWN_MAX = 90
const HEAP_BYTES_MAX = 64 * 1024 * 1024

async function fill(folder: string): Promise<void> {
  await using store = await openStore({ kind: 'sqlite', folder })
  const startMs = Date.now() - SPAN_MS
  for (let first = 0; first < ROWS; first += BATCH) {
    const exchanges = Array.from({ length: BATCH }, (_, at) => {
      const n = first + at
      const receivedAtMs = Math.floor(startMs + (n / ROWS) * SPAN_MS)
      return closedRow(n, {
        id: exchangeId(n, receivedAtMs),
        receivedAtMs,
        endedAtMs: receivedAtMs + 900,
        principal: `person-${n % 250}`,
        model: `model-${n % 40}`,
      })
    })
    await store.index.apply(
      batchOf({ exchanges, position: { instance: INSTANCE, segment: 1, offset: first } }),
    )
  }
}

const frame = (page: Page) => page.getByRole('table', { name: /^Exchanges/ })
const rowCount = async (page: Page) => Number(await frame(page).getAttribute('aria-rowcount'))

async function heapBytes(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  await session.detach()
  return usedSize
}

/** Milliseconds between frames while the list is scrolled by some screens a second. */
async function frameTimes(page: Page): Promise<number[]> {
  const times: unknown = await page.evaluate(`new Promise((resolve) => {
    const list = document.querySelector('[role=table]')
    const times = []
    let before = performance.now()
    const draw = (now) => {
      times.push(now - before)
      before = now
      list.scrollTop += 160
      if (times.length < 240) requestAnimationFrame(draw)
      else resolve(times.slice(1))
    }
    requestAnimationFrame(draw)
  })`)
  assert.ok(Array.isArray(times))
  return times.map(Number).toSorted((one, other) => one - other)
}

test('the live list holds 100,000 exchanges, draws a screen of them and forgets the rest', async (t) => {
  using folder = temporaryFolder()
  await fill(join(folder.path, 'data'))
  await using browser = await startBrowser({ folder: folder.path })
  const { page, assertCalm } = await browser.visitor('list', ['auditor'])
  await page.getByText('100,000 exchanges').waitFor()
  await page.locator('[data-id]').first().waitFor()
  const heapAtFirst = await heapBytes(page)

  const times = await frameTimes(page)
  t.diagnostic(
    `frame: median ${times[times.length >> 1]} ms, p95 ${times[Math.floor(times.length * 0.95)]} ms`,
  )

  const began = performance.now()
  await page.evaluate(`new Promise((resolve) => {
    const list = document.querySelector('[role=table]')
    const timer = setInterval(() => {
      list.scrollTop = list.scrollHeight
      const isAll = Number(list.getAttribute('aria-rowcount')) === ${ROWS + 1}
      if (isAll && list.querySelector('[aria-rowindex="${ROWS + 1}"][data-id]') !== null) {
        clearInterval(timer)
        resolve()
      }
    }, 10)
  })`)
  t.diagnostic(`scrolled to the last row in ${((performance.now() - began) / 1_000).toFixed(1)} s`)
  assert.equal(await rowCount(page), ROWS + 1)
  const oldest = exchangeId(0, Math.floor(Date.now() - SPAN_MS)).slice(0, 6)
  await page.locator(`[aria-rowindex="${ROWS + 1}"][data-id^="${oldest}"]`).waitFor()
  assert.ok((await page.locator('[role="row"]').count()) <= DRAWN_MAX)

  await frame(page).evaluate((list) => {
    list.scrollTop = list.scrollHeight / 2
  })
  await page.locator(`[aria-rowindex="${ROWS / 2}"][data-id]`).waitFor()
  await frame(page).evaluate((list) => {
    list.scrollTop = 0
  })
  await page.locator('[aria-rowindex="2"][data-id]').waitFor()
  // Pages out of sight are dropped after ten seconds.
  await page.waitForTimeout(11_000)
  const heap = await heapBytes(page)
  t.diagnostic(
    `heap: ${(heapAtFirst / 1e6).toFixed(1)} MB at first, ${(heap / 1e6).toFixed(1)} MB after`,
  )
  assert.ok(heap < HEAP_BYTES_MAX, `${heap} bytes`)
  assertCalm()
})
