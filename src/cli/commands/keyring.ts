/** `custody keyring`: which keys protect the evidence; rotates the root key in two phases and the key of the log. */
import type { Command } from 'commander'
import {
  readKeyring,
  stepKeyring,
  type KeyringStatus as ShownStatus,
} from '../../api/contract/keyring.ts'
import { createKeyringDesk, type KeyringStep } from '../../app/keyring-desk.ts'
import { ownerName } from '../../app/starter-key.ts'
import { systemClock } from '../../lib/clock.ts'
import { hasRecords } from '../data-folder.ts'
import { configFor } from '../load.ts'
import { openLocalEvidence } from '../local-evidence.ts'
import { EXIT, failWith, print, printJson } from '../output.ts'
import { reasonFrom } from '../remote/gateway-only.ts'
import { serverFor, withServer, type ServerOptions } from '../remote/server-options.ts'

interface KeyringOptions extends ServerOptions {
  readonly json?: boolean
  readonly reason?: string
  readonly data?: string
  readonly config?: string
}

export function registerKeyring(program: Command): void {
  const keyring = program.command('keyring').description('keys of the evidence, and their rotation')
  withFolder(
    keyring
      .command('status', { isDefault: true })
      .description('which keys there are, and how far a rotation has come'),
  ).action(status)
  withSteps(keyring, 'prepare', 'make the next root key; it wraps all that is made from now on')
  withSteps(
    keyring,
    'rewrap',
    'wrap every key anew under the next root key; content stays as it is',
  )
  withSteps(keyring, 'retire', 'destroy the old root key; nothing may need it any more')
  withSteps(keyring, 'turn-back', 'use the old root key again, while it is there')
  withSteps(keyring, 'rotate-log-key', 'hand the transparency log over to a new key')
  withFolder(
    keyring
      .command('revoke-log-key')
      .description('say in the log that an older key of it is not to be believed any more')
      .argument('<id>', 'id of the key: eight letters and digits'),
  )
    .option('--reason <text>', 'why; it is recorded')
    .action((id: string, options: KeyringOptions) => step('revoke-log-key', options, id))
}

function withSteps(keyring: Command, name: KeyringStep, description: string): void {
  withFolder(keyring.command(name).description(description))
    .option('--reason <text>', 'why; it is recorded')
    .action((options: KeyringOptions) => step(name, options))
}

function withFolder(command: Command): Command {
  return withServer(
    command
      .option('--json', 'one JSON object')
      .option(
        '--data <folder>',
        'data folder of a gateway that is stopped (default ./custody-data)',
      )
      .option('--config <file>', 'custody.yaml'),
  )
}

async function status(options: KeyringOptions): Promise<void> {
  const api = serverFor(options)
  if (api !== null) return show(await api.call(readKeyring, {}), options)
  await locally(options, async (desk) => show(await desk.status(), options))
}

async function step(name: KeyringStep, options: KeyringOptions, key?: string): Promise<void> {
  const api = serverFor(options)
  if (api !== null) {
    const body = { step: name, reason: reasonFrom(options.reason), ...(key && { key }) }
    return show(await api.call(stepKeyring, { body }), options)
  }
  await locally(options, async (desk) => {
    const outcome = await desk.step(name, ownerName(), key)
    if (outcome.kind === 'done') show(outcome.status, options)
    else failWith(EXIT.failed, `not done: ${outcome.reason}`, 'custody keyring says how it stands')
  })
}

async function locally(
  options: KeyringOptions,
  work: (desk: ReturnType<typeof createKeyringDesk>) => Promise<void>,
): Promise<void> {
  const { config } = configFor({ data: options.data, config: options.config })
  const { folder } = config.storage
  if (!hasRecords(folder)) return
  await using local = await openLocalEvidence(config)
  if (local === null)
    return failWith(
      EXIT.failed,
      `a gateway is using ${folder}`,
      'ask it: name its control plane with --server, or stop it first',
    )
  await work(createKeyringDesk({ folder, clock: systemClock, ...local }))
}

function show({ root, logKeys }: ShownStatus, { json }: KeyringOptions): void {
  if (json === true) {
    printJson({ root, logKeys })
    return
  }
  print(`root key    ${root.active}`)
  if (root.leaving !== null) {
    const left = root.segmentsLeft === 0 ? '' : `, ${root.segmentsLeft} segments to wrap anew`
    const next = root.rewrapped ? 'custody keyring retire' : 'custody keyring rewrap'
    print(`leaving     ${root.leaving}${left}; next: ${next}`)
  }
  for (const id of root.retired) print(`retired     ${id}`)
  print(`segments    ${root.segments}`)
  for (const { verifier, isActive } of logKeys)
    print(`${isActive ? 'log key   ' : 'older key '}  ${verifier}`)
}
