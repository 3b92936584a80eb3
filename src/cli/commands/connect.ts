/** `custody connect | disconnect`: leads the LLM clients of this machine through the gateway, and back. */
import { execFile } from 'node:child_process'
import { readFileSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { promisify } from 'node:util'
import type { Command } from 'commander'
import { isLoopbackUrl } from '../../lib/loopback-url.ts'
import { looksSecret } from '../../lib/secret-shape.ts'
import { visibleLine } from '../../lib/visible-text.ts'
import { callerToken } from '../connect/caller-token.ts'
import { helperLine } from '../connect/client.ts'
import type { Target } from '../connect/client.ts'
import { CLIENTS } from '../connect/clients.ts'
import { LedgerUnreadable } from '../connect/ledger.ts'
import { UnreadableFile, programPath, thisMachine } from '../connect/machine.ts'
import { probe } from '../connect/probe.ts'
import type { Probe } from '../connect/probe.ts'
import { connect, disconnect, listed } from '../connect/run-connect.ts'
import type { ConnectEnd, ConnectParts } from '../connect/run-connect.ts'
import { stateFolder } from '../connect/token-cache.ts'
import { EXIT, failWith, print, printJson, printTable, say } from '../output.ts'
import { terminal } from '../terminal.ts'
import { explainNoToken, serverUrl } from './token.ts'

const DEFAULT_GATEWAY = 'http://127.0.0.1:8080'
const HELPER_MS = 60_000

interface ConnectOptions {
  readonly gateway?: string
  readonly server?: string
  readonly keyFile?: string
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly list?: boolean
  readonly json?: boolean
}

export function registerConnect(program: Command): void {
  const names = CLIENTS.map(({ name }) => name).join(', ')
  program
    .command('connect')
    .description('lead the LLM clients of this machine through the gateway')
    .argument('[clients...]', `${names}; every one that is found unless told`)
    .option('--gateway <url>', `where callers connect (default ${DEFAULT_GATEWAY})`)
    .option('--server <url>', 'control plane that `custody token` logs in at')
    .option('--key-file <path>', 'file with a gateway key, in place of a login')
    .option('--dry-run', 'show the changes and write nothing')
    .option('--yes', 'write without asking')
    .option('--list', 'what is found and what is connected')
    .option('--json', 'with --list: one JSON line for each')
    .action(connectAll)
  program
    .command('disconnect')
    .description('restore what connect changed')
    .argument('[clients...]', 'every one that is connected unless told')
    .option('--dry-run', 'show the changes and write nothing')
    .option('--yes', 'restore without asking')
    .action(disconnectAll)
}

async function connectAll(names: readonly string[], options: ConnectOptions): Promise<void> {
  const parts = partsFor(options)
  const unknown = names.find((name) => !CLIENTS.some((client) => client.name === name))
  if (unknown !== undefined)
    return failWith(EXIT.usage, `no client of this name: ${unknown}`, 'see: custody connect --list')
  await told(async () => {
    if (options.list === true) {
      showListed(parts, options.json === true)
      return 'done'
    }
    const target = await targetOf(options, parts.folder)
    if (target === null) return null
    const isDry = options.dryRun === true
    return connect(parts, { names, target, isDry, probe: () => probeAs(target) })
  })
}

async function disconnectAll(names: readonly string[], options: ConnectOptions): Promise<void> {
  const parts = partsFor(options)
  await told(() => disconnect(parts, { names, isDry: options.dryRun === true }))
}

function partsFor(options: ConnectOptions): ConnectParts {
  return {
    machine: thisMachine(terminal().env),
    folder: stateFolder(terminal().env),
    say: (line) => say(visibleLine(line, 400)),
    show: (line) => print(visibleLine(withoutSecrets(line), 400)),
    agrees: async (question) => {
      if (options.yes === true) return true
      const { in: input, err } = terminal()
      // Nobody is asked through a pipe.
      if (err.isTTY !== true || !('isTTY' in input)) return false
      const lines = createInterface({ input, output: err })
      const answer = await lines.question(`${question} [y/N] `)
      lines.close()
      return /^y(?:es)?$/i.test(answer.trim())
    },
  }
}

async function told(run: () => Promise<ConnectEnd | null>): Promise<void> {
  let end: ConnectEnd | null
  try {
    end = await run()
  } catch (error) {
    if (error instanceof LedgerUnreadable || error instanceof UnreadableFile)
      return failWith(EXIT.failed, error.message, 'nothing was changed')
    throw error
  }
  if (end === 'failed') terminal().exitCode = EXIT.failed
  if (end === 'nothing-to-do') say('Nothing to do.')
  if (end === 'declined')
    failWith(EXIT.failed, 'nothing was written', 'say yes when asked, or give --yes')
}

async function targetOf(options: ConnectOptions, folder: string): Promise<Target | null> {
  const gateway = originOf(options.gateway ?? DEFAULT_GATEWAY)
  if (gateway === null) {
    failWith(EXIT.usage, '--gateway is no https:// URL', 'http:// is for loopback alone')
    return null
  }
  if (options.keyFile !== undefined) {
    const file = resolve(options.keyFile)
    const key = keyIn(file)
    if (key !== null) return { gateway, credential: { kind: 'key', key, file } }
    failWith(EXIT.usage, `${file} holds no gateway key`, 'one line: cst_…')
    return null
  }
  const server = serverUrl(options)
  if (server === null) return null
  if (options.dryRun !== true) {
    const ask = terminal().err.isTTY === true ? askToLogIn : null
    const token = await callerToken({ server, folder, isFresh: false, ask })
    if (token.kind !== 'token') {
      explainNoToken(token)
      return null
    }
  }
  const args = ['token', '--server', server]
  return { gateway, credential: { kind: 'helper', command: ownCommand(), args } }
}

function askToLogIn({ userCode, url }: { readonly userCode: string; readonly url: string }): void {
  say(`Open ${url}`)
  say(`and say yes if it shows the code ${userCode}.`)
}

function originOf(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null) return null
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackUrl(url))
    ? url.origin
    : null
}

function keyIn(file: string): string | null {
  try {
    const key = readFileSync(file, 'utf8').trim()
    return /^cst_[A-Za-z0-9_]+$/.test(key) ? key : null
  } catch {
    return null
  }
}

/** The name where it is on the path: that survives an update of the program. */
function ownCommand(): string {
  if (programPath('custody', terminal().env) !== null) return 'custody'
  return realpathSync(join(import.meta.dirname, '..', '..', '..', 'bin', 'custody'))
}

/** Gets the credential the way a client will: by running the command. */
async function probeAs(target: Target): Promise<Probe> {
  try {
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', helperLine(target)], {
      timeout: HELPER_MS,
    })
    return await probe(target.gateway, stdout.trim())
  } catch {
    return { kind: 'unreachable', reason: `this does not run: ${helperLine(target)}` }
  }
}

/** Shown lines may end up in a ticket. */
function withoutSecrets(line: string): string {
  return line.replaceAll(/[A-Za-z0-9_+/=.-]{16,}/g, (run) =>
    /^(?:[./]|https?)/.test(run) || !looksSecret(run) ? run : `${run.slice(0, 4)}…`,
  )
}

function showListed(parts: ConnectParts, isJson: boolean): void {
  const rows = listed(parts)
  if (isJson) return rows.forEach(printJson)
  printTable(rows, [
    { title: 'CLIENT', of: ({ client }) => client, widthMax: 20 },
    { title: 'STATE', of: ({ state }) => state, widthMax: 12 },
    { title: 'GATEWAY', of: ({ gateway }) => gateway, widthMax: 60 },
  ])
}
