/** `custody demo`: fills a scratch folder with a month at a bank, serves it, and says how the story goes. */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { startApp } from '../../app/app.ts'
import { loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/config.ts'
import { loginUrl, mintLoginLink } from '../../identity/login-method.ts'
import { systemClock } from '../../lib/clock.ts'
import { DEMO_CONFIG } from '../demo/demo-config.ts'
import { fillDemo } from '../demo/fill.ts'
import type { Filled } from '../demo/fill.ts'
import { DAYS } from '../demo/schedule.ts'
import { storySteps } from '../demo/story-steps.ts'
import { openConfiguredStore } from '../data-folder.ts'
import { ConfigRefused } from '../load.ts'
import { leadingPage, openPage } from '../open-browser.ts'
import { EXIT, failWith, print, printJson, say } from '../output.ts'
import { stopSignal } from '../stop-signal.ts'
import { terminal } from '../terminal.ts'

interface DemoOptions {
  readonly folder: string
  readonly listen: string
  readonly admin: string
  readonly json?: boolean
  readonly serve: boolean
  readonly open: boolean
}

/** Stands in the folders that this command made, and only those are made anew. */
const MARK = '.custody-demo'

export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description('a month at a bank, with a leak: fills a scratch folder and serves it')
    .option('--folder <folder>', 'scratch folder, made anew', './custody-demo')
    .option('--listen <host:port>', 'data plane', '127.0.0.1:8080')
    .option('--admin <host:port>', 'control plane and console', '127.0.0.1:8081')
    .option('--no-serve', 'fill the folder and end')
    .option('--no-open', 'open no browser')
    .option('--json', 'one JSON line when ready')
    .action(demo)
}

async function demo(options: DemoOptions): Promise<void> {
  const folder = resolve(options.folder)
  if (existsSync(folder) && readdirSync(folder).length > 0 && !existsSync(join(folder, MARK)))
    return failWith(
      EXIT.usage,
      `${options.folder} is not empty and was not made by custody demo`,
      'choose another with --folder',
    )
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(join(folder, MARK), '')
  writeFileSync(join(folder, 'custody.yaml'), DEMO_CONFIG)
  const startedMs = systemClock.monotonicMs()
  const filled = await fillDemo(
    configOf(folder, { listen: '127.0.0.1:0', admin: '127.0.0.1:0' }),
    systemClock.nowMs(),
    (day) => {
      if (terminal().err.isTTY) terminal().err.write(`\rcustody: day ${day} of ${DAYS} …`)
    },
  )
  if (terminal().err.isTTY) terminal().err.write('\r\u001b[K')
  const seconds = ((systemClock.monotonicMs() - startedMs) / 1000).toFixed(1)
  say(`custody: ${filled.exchanges} exchanges of ${DAYS} days, recorded in ${seconds} s`)
  const config = configOf(folder, options)
  if (!options.serve) {
    if (options.json === true) printJson({ folder, ...filled })
    return
  }
  await serve(config, folder, filled, options)
}

async function serve(
  config: Config,
  folder: string,
  filled: Filled,
  options: DemoOptions,
): Promise<void> {
  await using app = await startApp(config, { servesCallers: true })
  const consoleUrl = await investigatorUrl(config, app.adminUrl)
  if (options.json === true)
    printJson({
      folder,
      ...filled,
      proxyUrl: app.proxyUrl,
      adminUrl: app.adminUrl,
      loginUrl: consoleUrl,
      pid: process.pid,
    })
  else {
    for (const line of storySteps({ folder, consoleUrl, ...filled })) print(line)
    if (options.open && openConsole(folder, consoleUrl))
      say('custody: the console opens in your browser')
  }
  using stop = stopSignal()
  await new Promise<void>((resolve) => {
    stop.signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function openConsole(folder: string, consoleUrl: string): boolean {
  const page = join(folder, 'open.html')
  writeFileSync(page, leadingPage(consoleUrl), { mode: 0o600 })
  const { env, out } = terminal()
  return openPage({ env, out, platform: process.platform }, page)
}

/** A one-time link for the responder of the story. */
async function investigatorUrl(config: Config, adminUrl: string): Promise<string> {
  await using store = await openConfiguredStore(config)
  const person = await store.control.people.byLogin('ines.roth')
  if (person === null) throw new Error('the story lost its investigator')
  const { token } = await mintLoginLink(store.control.loginLinks, systemClock, person.id)
  // The console opens where the story begins.
  return `${loginUrl(adminUrl, token)}&to=investigate`
}

/** No variable of the shell reaches the demo: it sends nothing to a real provider. */
function configOf(folder: string, at: { readonly listen: string; readonly admin: string }): Config {
  const { listen, admin } = at
  const flags = { data: join(folder, 'data'), listen, admin, config: join(folder, 'custody.yaml') }
  const result = loadConfig({ env: {}, flags })
  if (result.kind === 'problems') throw new ConfigRefused(result.problems)
  return result.config
}
