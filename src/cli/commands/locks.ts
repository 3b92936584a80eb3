/** `custody lock | unlock | locks`: containment, on the data folder whether or not a gateway runs, or through the API. */
import type { Command } from 'commander'
import {
  createLock,
  listLocks as listRoute,
  previewLock,
  releaseLock as releaseRoute,
} from '../../api/contract/locks.ts'
import type { LockPreview } from '../../api/contract/locks.ts'
import { ownerName } from '../../app/starter-key.ts'
import { listLocks, lockState, releaseLock, setLock } from '../../identity/locks.ts'
import { previewOf } from '../../incident/lock-preview.ts'
import { systemClock } from '../../lib/clock.ts'
import { visibleLine } from '../../lib/visible-text.ts'
import { LOCK_KINDS, isLockKind } from '../../model/containment.ts'
import type { LockSubject } from '../../model/containment.ts'
import { storeFor, withData } from '../data-options.ts'
import type { DataOptions } from '../data-options.ts'
import { showLocks } from '../lock-list.ts'
import type { ShownLock } from '../lock-list.ts'
import { EXIT, failWith, print, printJson, say, timeText } from '../output.ts'
import { readDuration } from '../read-duration.ts'
import { serverFor } from '../remote/server-options.ts'

interface LockOptions extends DataOptions {
  readonly reason?: string
  readonly expires: string
  readonly preview?: boolean
}

export function registerLocks(program: Command): void {
  withData(
    program
      .command('lock')
      .description('refuse new exchanges of a subject and cut those in flight')
      .argument('<kind>', LOCK_KINDS.join(', '))
      .argument('<value>', 'which one: a login, an id, a name'),
  )
    .option('--reason <text>', 'why, for the evidence; the caller does not see it')
    .option('--expires <duration>', 'such as 12h or 30d, or never', 'never')
    .option('--preview', 'only say what it would hit')
    .action(lock)
  withData(
    program
      .command('unlock')
      .description('release a lock')
      .argument('<id>', 'lock id (custody locks)')
      .requiredOption('--reason <text>', 'why, for the evidence'),
  ).action(unlock)
  withData(program.command('locks').description('list the locks that hold'))
    .option('--all', 'expired and released ones too')
    .action(list)
}

async function lock(kind: string, value: string, options: LockOptions): Promise<void> {
  if (!isLockKind(kind)) {
    failWith(EXIT.usage, 'there is no lock of this kind', `kinds: ${LOCK_KINDS.join(', ')}`)
    return
  }
  if (options.preview === true) {
    await preview({ kind, value }, options)
    return
  }
  const expiry = readDuration(options.expires)
  if (expiry.kind === 'problem') {
    failWith(EXIT.usage, `--expires ${expiry.message}`, 'write 30d, 12h or never')
    return
  }
  const expiresInMs = expiry.kind === 'never' ? 'never' : expiry.ms
  const wanted = { kind, value, reason: options.reason ?? '', expiresInMs } as const
  const api = serverFor(options)
  if (api !== null) {
    const set = await api.call(createLock, { body: wanted })
    showSet(set.lock, options, `cut ${set.cut} in flight at the worker that answered`)
    return
  }
  await using store = await storeFor(options)
  const result = await setLock(store.control.locks, systemClock, ownerName(), wanted)
  if (result.kind === 'invalid') {
    for (const { field, problem } of result.problems) {
      failWith(EXIT.usage, `${field} ${problem}`, field === 'reason' ? 'say why: --reason' : '')
    }
    return
  }
  showSet({ ...result.lock, state: 'held' }, options, 'running gateways cut within a second')
}

function showSet(set: ShownLock, { json }: DataOptions, said: string): void {
  if (json === true) {
    printJson(set)
    return
  }
  print(`locked ${visibleLine(`${set.kind} ${set.value}`)}: ${set.id}`)
  say(said)
}

async function preview(subject: LockSubject, options: DataOptions): Promise<void> {
  const api = serverFor(options)
  if (api !== null) {
    showPreview(await api.call(previewLock, { query: { ...subject } }), options)
    return
  }
  await using store = await storeFor(options)
  const { control, keys, search } = store
  const found = await previewOf(subject, {
    clock: systemClock,
    search,
    keys,
    locks: control.locks,
  })
  const locks = found.locks.map((row) => ({ ...row, state: lockState(row, systemClock.nowMs()) }))
  showPreview({ ...found, locks }, options)
}

function showPreview(found: LockPreview, { json }: DataOptions): void {
  if (json === true) {
    printJson(found)
    return
  }
  const counted = (values: LockPreview['models']): string =>
    values.map(({ value, count }) => `${value === '' ? '(none)' : value} ${count}`).join(', ')
  const lines: readonly (readonly [string, string])[] = [
    ['exchanges since', `${timeText(found.sinceMs)}: ${found.exchanges}`],
    ['in flight', String(found.inFlight)],
    ['last seen', found.lastSeenAtMs === null ? 'never' : timeText(found.lastSeenAtMs)],
    ['last exchange', found.lastExchange ?? '-'],
    ['principals', counted(found.principals)],
    ['services', counted(found.services)],
    ['models', counted(found.models)],
    ['keys that stop', found.keys.map(({ id, name }) => `${id} (${name})`).join(', ')],
    ['locks on it', found.locks.map(({ id }) => id).join(', ')],
  ]
  for (const [name, text] of lines) print(visibleLine(`${name.padEnd(16)}${text || '-'}`))
}

async function unlock(
  id: string,
  options: DataOptions & { readonly reason: string },
): Promise<void> {
  const { reason } = options
  const api = serverFor(options)
  if (api !== null) {
    await api.call(releaseRoute, { params: { id }, body: { reason } })
  } else {
    await using store = await storeFor(options)
    const release = { by: ownerName(), reason }
    const { kind } = await releaseLock(store.control.locks, systemClock, id, release)
    if (kind !== 'released') {
      const what = kind === 'not-found' ? 'there is no such lock' : 'the lock was released before'
      failWith(EXIT.notFound, what, 'custody locks shows the ids')
      return
    }
  }
  if (options.json === true) printJson({ id, state: 'released' })
  else print(`released ${visibleLine(id)}`)
}

async function list(options: DataOptions & { readonly all?: boolean }): Promise<void> {
  const which = options.all === true ? 'all' : 'held'
  const api = serverFor(options)
  if (api !== null) {
    showLocks((await api.call(listRoute, { query: { which } })).items, options.json === true)
    return
  }
  await using store = await storeFor(options)
  showLocks(await listLocks(store.control.locks, systemClock, which), options.json === true)
}
