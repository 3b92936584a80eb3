/** Real Chromium on the real console: logs people in by link, watches for everything a page must not do. */
import chromium from '@sparticuz/chromium'
import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { chromium as playwright } from 'playwright-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { Role } from '../../src/model/people.ts'
import { startConsole } from './console.ts'
import type { TestConsole } from './console.ts'
import type { TestGatewayOptions } from './gateway.ts'
import { until } from './until.ts'

export interface Visitor {
  readonly page: Page
  readonly context: BrowserContext
  /** Fails when the page logged an error, threw, or asked any other place for anything. */
  readonly assertCalm: () => void
}

export interface VisitorOptions {
  readonly width?: number
  readonly height?: number
  readonly dark?: boolean
}

export interface PersonOptions extends VisitorOptions {
  /** Path and query of the first page; the live page where it is left out. */
  readonly at?: string
}

export interface TestBrowser extends AsyncDisposable {
  readonly console: TestConsole
  readonly adminUrl: string
  /** A one-time login link of a new person. */
  readonly linkFor: (login: string, roles: readonly Role[]) => Promise<string>
  /** A browser of its own in which nobody is logged in. */
  readonly stranger: (options?: VisitorOptions) => Promise<Visitor>
  /** A browser of its own, logged in as a new person. */
  readonly visitor: (
    login: string,
    roles: readonly Role[],
    options?: PersonOptions,
  ) => Promise<Visitor>
}

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]
/** A page that has not got there by then is broken. */
const PATIENCE_MS = 60_000
/** A page that still changes by itself after so long changes for ever. */
const SETTLES_MS = 15_000

export async function startBrowser(options: TestGatewayOptions = {}): Promise<TestBrowser> {
  await using stack = new AsyncDisposableStack()
  const console = stack.use(await startConsole(options))
  const browser = await takeBrowser()
  stack.defer(leaveBrowser)
  const contexts = new Set<BrowserContext>()
  stack.defer(async () => void (await Promise.all([...contexts].map((one) => one.close()))))
  const { adminUrl } = console.gateway
  const linkFor: TestBrowser['linkFor'] = async (login, roles) => {
    const made = await console.admin('POST', '/people', { body: { login, name: login, roles } })
    assert.equal(made.status, 201, made.text)
    const link = await console.admin('POST', `/people/${made.body.id}/login-link`)
    assert.equal(link.status, 201, link.text)
    return link.body.loginUrl
  }
  const stranger: TestBrowser['stranger'] = async (options = {}) => {
    const context = await browser.newContext({
      viewport: { width: options.width ?? 1360, height: options.height ?? 850 },
      colorScheme: options.dark === true ? 'dark' : 'light',
      // What fades in is judged and pictured as it stays.
      reducedMotion: 'reduce',
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    contexts.add(context)
    context.setDefaultTimeout(PATIENCE_MS)
    return watched(await context.newPage(), adminUrl)
  }
  const owned = stack.move()
  return {
    console,
    adminUrl,
    linkFor,
    stranger,
    visitor: async (login, roles, { at = '/exchanges', ...options } = {}) => {
      const visitor = await stranger(options)
      const { hash } = new URL(await linkFor(login, roles))
      // What the page of the link asks; that page has tests of its own, and to load it each time would cost as much as a test.
      const answer = await visitor.context.request.post(`${adminUrl}/api/v1/login/link`, {
        data: { token: hash.replace('#token=', '') },
        headers: { origin: adminUrl, 'x-custody-csrf': '1' },
      })
      assert.equal(answer.status(), 200, await answer.text())
      await visitor.page.goto(`${adminUrl}${at}`)
      return visitor
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function watched(page: Page, origin: string): Visitor {
  const faults: string[] = []
  page.on('console', (message) => {
    // A call that is refused is logged by the browser itself; the page shows it, and tests look there.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(message.text())
  })
  page.on('pageerror', (error) => faults.push(error.stack ?? error.message))
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) faults.push(`asked for ${request.url()}`)
  })
  return {
    page,
    context: page.context(),
    assertCalm: () => assert.deepEqual(faults, []),
  }
}

/** One browser for all files of a process; people in it share nothing, each has a context. */
let running: Promise<Browser> | null = null
let takers = 0
/** The next file of the process comes at once, or does not come. */
const LINGER_MS = 1_000

function takeBrowser(): Promise<Browser> {
  takers += 1
  running ??= launch()
  return running
}

function leaveBrowser(): void {
  takers -= 1
  setTimeout(() => {
    if (takers > 0) return
    const left = running
    running = null
    void left?.then((browser) => browser.close())
  }, LINGER_MS)
}

async function launch(): Promise<Browser> {
  return playwright.launch({ executablePath: await unpacked(), headless: true, args: ARGS })
}

/** The package unpacks its program on first use; only one process may do so, and the others wait for the whole of it. */
async function unpacked(): Promise<string> {
  const lock = join(tmpdir(), 'custody-chromium.lock')
  const mark = join(tmpdir(), 'custody-chromium.ready')
  for (;;) {
    if (existsSync(mark) && existsSync(join(tmpdir(), 'chromium'))) return chromium.executablePath()
    try {
      mkdirSync(lock)
    } catch {
      if (isStale(lock)) rmdirSync(lock)
      await pause(100)
      continue
    }
    try {
      rmSync(join(tmpdir(), 'chromium'), { force: true })
      const path = await chromium.executablePath()
      writeFileSync(mark, '')
      return path
    } finally {
      rmdirSync(lock)
    }
  }
}

function isStale(lock: string): boolean {
  try {
    return Date.now() - statSync(lock).mtimeMs > 60_000
  } catch {
    return false
  }
}

/** As a system does that turns dark in the evening. */
export async function goDark(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.locator('html[data-mantine-color-scheme="dark"]').waitFor()
  await page.evaluate(`${AT_REST}.then(() => undefined)`)
}

/** Until nothing on the page is wider than the page: what is drawn for a size follows it by a frame or more. */
export async function fits(page: Page, of = '#main'): Promise<void> {
  let seen: unknown
  await until(
    async () => {
      seen = await page.evaluate(`(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth])(
        document.querySelector('${of}'))`)
      return Array.isArray(seen) && seen[0] <= seen[1]
    },
    () => `wide and shown are ${String(seen)} px`,
  )
}

/** Two frames, and the end of what is moving to an end: colours of a button that was just enabled are halfway before. */
const AT_REST = `
  new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))).then(() =>
    Promise.allSettled(
      document.getAnimations()
        .filter(({ effect }) => Number.isFinite(effect?.getComputedTiming().endTime ?? Infinity))
        .map(({ finished }) => finished)))`

/** Until the page stands as it does in that size: what is clicked before may have moved away. */
export async function resize(
  page: Page,
  size: { readonly width: number; readonly height: number },
): Promise<void> {
  await page.setViewportSize(size)
  await page.evaluate(`${AT_REST}.then(() => undefined)`)
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/**
 * Serious and critical violations of accessibility, one line each, that stay: while a page is being drawn, colours are
 * halfway and names are not there yet.
 */
export async function violationsOf(page: Page): Promise<readonly string[]> {
  const giveUpMs = performance.now() + SETTLES_MS
  for (;;) {
    const found = await violationsNow(page)
    if (found.length === 0 || performance.now() > giveUpMs) return found
    await pause(200)
  }
}

/** Evaluated past the page's own policy. */
async function violationsNow(page: Page): Promise<readonly string[]> {
  // Half a megabyte, so once for each page.
  if ((await page.evaluate(`${AT_REST}.then(() => window.axe === undefined)`)) === true)
    await page.evaluate(`${AXE}\nundefined`)
  const found: unknown = await page.evaluate(`
    axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 200) + ' ' + failureSummary.slice(0, 300))))
  `)
  assert.ok(Array.isArray(found))
  return found.map(String)
}

/** Only on demand: a picture is part of the guide, not of the proof. */
export async function picture(page: Page, name: string): Promise<void> {
  if (process.env['UPDATE_SCREENSHOTS'] !== '1') return
  const folder = join(import.meta.dirname, '..', '..', 'docs', 'guide', 'screenshots')
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`) })
}
