/** `custody witness`: signs checkpoints of logs that it watches, and refuses those that do not continue what it saw. */
import type { Command } from 'commander'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { nodeDisk } from '../../evidence/disk.ts'
import {
  formatNoteKey,
  noteSigner,
  parseNoteKey,
  type NoteKey,
  type NoteSigner,
} from '../../evidence/log/note-key.ts'
import { startWitnessServer } from '../../evidence/log/witness-http.ts'
import { Witness, witnessFolder } from '../../evidence/log/witness-server.ts'
import { systemClock } from '../../lib/clock.ts'
import { EXIT, failWith, print, printJson, say } from '../output.ts'
import { stopSignal } from '../stop-signal.ts'

interface WitnessOptions {
  readonly state: string
  readonly name: string
  readonly listen: string
  readonly log: readonly string[]
  readonly json?: boolean
}

export function registerWitness(program: Command): void {
  program
    .command('witness')
    .description('sign checkpoints of gateways that somebody else runs; refuses a second history')
    .requiredOption(
      '--log <key...>',
      'verifier key of a log to watch (custody verify --json: keys)',
    )
    .option('--state <folder>', 'its key and what it signed last; keep it', './custody-witness')
    .option('--name <name>', 'name of its key, at the first start', 'custody-witness')
    .option('--listen <host:port>', 'where it answers', '127.0.0.1:8090')
    .option('--json', 'one JSON object when it listens')
    .action(run)
}

async function run(options: WitnessOptions): Promise<void> {
  const [, host, port] = /^(.*):(\d{1,5})$/.exec(options.listen) ?? []
  if (host === undefined || port === undefined)
    return failWith(EXIT.usage, `--listen ${options.listen} is not host:port`)
  const logs = options.log.map((text) => parseNoteKey(text))
  if (!logs.every((key) => key !== null && key.type === 'note'))
    return failWith(EXIT.usage, '--log is not the verifier key of a log', 'name+id+base64')
  const signer = openSigner(resolve(options.state), options.name)
  if (signer === null) return
  using stop = stopSignal()
  const witness = new Witness({
    signer,
    logs: logs.filter((key): key is NoteKey => key !== null),
    state: witnessFolder(nodeDisk, join(resolve(options.state), 'seen')),
    clock: systemClock,
  })
  await using server = await startWitnessServer(
    witness,
    host.replace(/^\[(.*)\]$/, '$1'),
    Number(port),
    (error) => say(`warning: not signed: ${error instanceof Error ? error.message : 'unknown'}`),
  )
  const url = `http://${host}:${server.port}`
  const key = formatNoteKey(signer.key)
  if (options.json === true) printJson({ url, key })
  else {
    print(`witness  ${url}`)
    print(`key      ${key}`)
  }
  await new Promise<void>((done) => stop.signal.addEventListener('abort', () => done()))
}

/** The key is made once. Another one would be another witness. */
function openSigner(folder: string, name: string): NoteSigner | null {
  const path = join(folder, 'witness-key.json')
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const made = { version: 1, name, seed: randomBytes(32).toString('base64') }
    writeFileSync(path, `${JSON.stringify(made)}\n`, { mode: 0o600, flush: true, flag: 'wx' })
  }
  const kept: unknown = JSON.parse(readFileSync(path, 'utf8'))
  const isKey = typeof kept === 'object' && kept !== null && 'seed' in kept && 'name' in kept
  const signer = isKey
    ? noteSigner(String(kept.name), 'cosignature', Buffer.from(String(kept.seed), 'base64'))
    : null
  if (signer === null)
    failWith(EXIT.failed, `${path} holds no key of a witness`, 'is --name free of spaces and +?')
  return signer
}
