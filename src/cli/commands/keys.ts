/** `custody keys create | list | revoke`: gateway keys, made on the data folder whether or not a gateway runs. */
import type { Command } from 'commander'
import { createKey, listKeys, revokeKey } from '../../identity/key-admin.ts'
import { systemClock } from '../../lib/clock.ts'
import type { KeyRow } from '../../model/keys.ts'
import type { Store } from '../../store/store.ts'
import { openConfiguredStore } from '../data-folder.ts'
import { configFor } from '../load.ts'
import { EXIT, failWith, print, printJson, printTable, say, timeText } from '../output.ts'
import { readDuration } from '../read-duration.ts'

interface DataOptions {
  readonly data?: string
  readonly config?: string
  readonly json?: boolean
}

interface CreateOptions extends DataOptions {
  readonly name: string
  readonly owner: string
  readonly service?: string
  readonly expires?: string
  readonly upstream?: string[]
  readonly model?: string[]
}

export function registerKeys(program: Command): void {
  const keys = program.command('keys').description('make, list and revoke gateway keys')
  withData(keys.command('create').description('make a key; it is shown once'))
    .requiredOption('--name <text>', 'what the key is for')
    .requiredOption('--owner <person>', 'the human who answers for it')
    .option('--service <name>', 'the service that will use it')
    .option('--expires <duration>', 'such as 30d or 12h, or never (default 90d)')
    .option('--upstream <name...>', 'upstreams it may use (default all)')
    .option('--model <pattern...>', 'models it may use, * stands for anything (default all)')
    .action(create)
  withData(keys.command('list').description('list keys; never the key itself')).action(list)
  withData(
    keys
      .command('revoke')
      .description('revoke a key from its next request on')
      .argument('<id>', 'key id'),
  ).action(revoke)
}

function withData(command: Command): Command {
  return command
    .option('--data <folder>', 'data folder (default ./custody-data)')
    .option('--config <file>', 'custody.yaml')
    .option('--json', 'JSON Lines')
}

function storeFor(options: DataOptions): Promise<Store> {
  const { config } = configFor({ data: options.data, config: options.config })
  return openConfiguredStore(config)
}

async function create(options: CreateOptions): Promise<void> {
  const expiry = options.expires === undefined ? null : readDuration(options.expires)
  if (expiry !== null && expiry.kind === 'problem') {
    failWith(EXIT.usage, `--expires ${expiry.message}`, 'write 30d, 12h or never')
    return
  }
  await using store = await storeFor(options)
  const result = await createKey(store.keys, systemClock, {
    name: options.name,
    owner: options.owner,
    service: options.service ?? '',
    ...(expiry === null ? {} : { expiresInMs: expiry.kind === 'never' ? 'never' : expiry.ms }),
    allowedUpstreams: options.upstream ?? null,
    allowedModels: options.model ?? null,
  })
  if (result.kind !== 'created') {
    for (const { field, problem } of result.problems) failWith(EXIT.usage, `${field} ${problem}`)
    return
  }
  if (options.json === true) printJson({ ...publicRow(result.key), key: result.text })
  else {
    say('This is the only time the key is shown.')
    print(result.text)
  }
}

async function list(options: DataOptions): Promise<void> {
  await using store = await storeFor(options)
  const rows = await listKeys(store.keys, systemClock)
  if (options.json === true) {
    for (const row of rows) printJson(publicRow(row))
    return
  }
  printTable(rows, [
    { title: 'ID', of: (row) => row.id, widthMax: 30 },
    { title: 'KEY', of: (row) => row.hint, widthMax: 20 },
    { title: 'NAME', of: (row) => row.name, widthMax: 24 },
    { title: 'OWNER', of: (row) => row.owner, widthMax: 24 },
    { title: 'SERVICE', of: (row) => row.service, widthMax: 20 },
    { title: 'STATE', of: stateOf, widthMax: 10 },
    {
      title: 'EXPIRES',
      of: (row) => (row.expiresAtMs === null ? 'never' : timeText(row.expiresAtMs)),
      widthMax: 24,
    },
    {
      title: 'LAST USED',
      of: (row) => (row.lastUsedAtMs === null ? '-' : timeText(row.lastUsedAtMs)),
      widthMax: 24,
    },
  ])
}

function stateOf(row: KeyRow): string {
  if (row.revokedAtMs !== null) return 'revoked'
  return row.expiresAtMs !== null && row.expiresAtMs <= systemClock.nowMs() ? 'expired' : 'active'
}

function publicRow(row: KeyRow): Omit<KeyRow, 'hash'> & { readonly state: string } {
  const { hash: _hash, ...rest } = row
  return { ...rest, state: stateOf(row) }
}

async function revoke(id: string, options: DataOptions): Promise<void> {
  await using store = await storeFor(options)
  const revocation = await revokeKey(store.keys, systemClock, id)
  if (revocation.kind !== 'revoked') {
    const what =
      revocation.kind === 'not-found' ? 'there is no such key' : 'the key was revoked before'
    failWith(EXIT.notFound, what, 'custody keys list shows the ids')
    return
  }
  if (options.json === true) printJson({ id, state: 'revoked' })
  else print(`revoked ${id}`)
}
