/** `custody keys create | list | revoke | hand-over`: gateway keys, on the data folder whether or not a gateway runs, or through the API. */
import type { Command } from 'commander'
import { ownerName } from '../../app/starter-key.ts'
import {
  createKey as createRoute,
  handOverKey as handOverRoute,
  listKeys as listRoute,
  revokeKey as revokeRoute,
} from '../../api/contract/keys.ts'
import { createKey, listKeys, revokeKey } from '../../identity/key-admin.ts'
import { byLogin, keyStanding } from '../../identity/key-ownership.ts'
import type { KeyRequest, KeyRevocation } from '../../identity/key-admin.ts'
import { systemClock } from '../../lib/clock.ts'
import { visibleLine } from '../../lib/visible-text.ts'
import type { Store } from '../../store/store.ts'
import { openConfiguredStore } from '../data-folder.ts'
import { storeFor, withData } from '../data-options.ts'
import type { DataOptions } from '../data-options.ts'
import { configFor } from '../load.ts'
import { showKeys } from '../key-list.ts'
import type { ShownKey } from '../key-list.ts'
import { EXIT, failWith, print, printJson, say } from '../output.ts'
import { readDuration } from '../read-duration.ts'
import type { ApiClient } from '../remote/api-client.ts'
import { serverFor } from '../remote/server-options.ts'

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
    .option('--name <text>', 'what the key is for', 'key')
    .option('--owner <person>', 'the human who answers for it', ownerName())
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
  withData(
    keys
      .command('hand-over')
      .description('give a key to another person, who answers for it from then on')
      .argument('<id>', 'key id')
      .requiredOption('--to <login>', 'login of an active person'),
  ).action(handOver)
}

async function create(options: CreateOptions): Promise<void> {
  const expiry = options.expires === undefined ? null : readDuration(options.expires)
  if (expiry !== null && expiry.kind === 'problem') {
    failWith(EXIT.usage, `--expires ${expiry.message}`, 'write 30d, 12h or never')
    return
  }
  const wanted: KeyRequest = {
    name: options.name,
    owner: options.owner,
    service: options.service ?? '',
    ...(expiry === null ? {} : { expiresInMs: expiry.kind === 'never' ? 'never' : expiry.ms }),
    allowedUpstreams: options.upstream ?? null,
    allowedModels: options.model ?? null,
  }
  const api = serverFor(options)
  if (api !== null) {
    const { key, text } = await api.call(createRoute, { body: wanted })
    showCreated(key, text ?? '', options)
    return
  }
  const { config } = configFor({ data: options.data, config: options.config })
  await using store = await openConfiguredStore(config)
  if (config.keys.ownersArePeople && !(await isActivePerson(store, wanted.owner))) {
    failWith(EXIT.usage, 'owner is no active person here', 'name one by login with --owner')
    return
  }
  const result = await createKey(store.keys, systemClock, wanted)
  if (result.kind !== 'created') {
    for (const { field, problem } of result.problems) failWith(EXIT.usage, `${field} ${problem}`)
    return
  }
  const { hash: _hash, ...key } = result.key
  showCreated({ ...key, state: 'active', flags: [] }, result.text, options)
}

function showCreated(key: ShownKey, text: string, { json }: CreateOptions): void {
  if (json === true) printJson({ ...key, key: text })
  else {
    say('This is the only time the key is shown.')
    print(visibleLine(text))
  }
}

async function list(options: DataOptions): Promise<void> {
  const api = serverFor(options)
  if (api !== null) {
    showKeys((await api.call(listRoute)).items, options.json === true)
    return
  }
  await using store = await storeFor(options)
  const { config } = configFor({ data: options.data, config: options.config })
  const rows = await listKeys(store.keys, systemClock)
  const people = byLogin(await store.control.people.list())
  const nowMs = systemClock.nowMs()
  showKeys(
    rows.map(({ hash: _hash, ...key }) => ({
      ...key,
      ...(key.state === 'active'
        ? keyStanding({ ...key, hash: '' }, people, config.keys, nowMs)
        : { flags: [], endsAtMs: null }),
    })),
    options.json === true,
  )
}

async function revoke(id: string, options: DataOptions): Promise<void> {
  const api = serverFor(options)
  const kind = api === null ? await revokeHere(id, options) : await revokeThere(api, id)
  if (kind !== 'revoked') {
    const what = kind === 'not-found' ? 'there is no such key' : 'the key was revoked before'
    failWith(EXIT.notFound, what, 'custody keys list shows the ids')
    return
  }
  if (options.json === true) printJson({ id, state: 'revoked' })
  else print(`revoked ${id}`)
}

async function revokeHere(id: string, options: DataOptions): Promise<KeyRevocation['kind']> {
  await using store = await storeFor(options)
  return (await revokeKey(store.keys, systemClock, id)).kind
}

async function handOver(id: string, options: DataOptions & { readonly to: string }): Promise<void> {
  const { to } = options
  const api = serverFor(options)
  if (api !== null) {
    await api.call(handOverRoute, { params: { id }, body: { owner: to } })
  } else {
    await using store = await storeFor(options)
    if (!(await isActivePerson(store, to))) {
      failWith(EXIT.notFound, 'there is no such active person', 'name one by login with --to')
      return
    }
    if ((await store.keys.handOver({ id }, to)) === 0) {
      failWith(EXIT.notFound, 'there is no such key', 'custody keys list shows the ids')
      return
    }
  }
  if (options.json === true) printJson({ id, owner: to })
  else print(`${id} belongs to ${to} now`)
}

async function isActivePerson(store: Store, login: string): Promise<boolean> {
  const person = await store.control.people.byLogin(login)
  return person !== null && person.disabledAtMs === null
}

/** The API answers a repeated revocation like the first one. */
async function revokeThere(api: ApiClient, id: string): Promise<KeyRevocation['kind']> {
  const { items } = await api.call(listRoute)
  const isRevoked = items.some((key) => key.id === id && key.revokedAtMs !== null)
  if (isRevoked) return 'already-revoked'
  await api.call(revokeRoute, { params: { id } })
  return 'revoked'
}
