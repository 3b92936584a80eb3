/** Opens a data folder for reading: puts in order what a killed gateway left, creates nothing where nothing was recorded. */
import { accessSync, constants, existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import { storageOf } from '../app/storage-of.ts'
import type { Config } from '../config/config.ts'
import { nodeDisk } from '../evidence/disk.ts'
import { openLocalKeyProvider } from '../evidence/key-provider.ts'
import type { KeyProvider } from '../evidence/key-provider.ts'
import { hasRootKey } from '../evidence/keyring/has-root-key.ts'
import { EvidenceReader } from '../evidence/reader.ts'
import { recoverFolder } from '../evidence/recovery.ts'
import { heldAmong } from '../incident/keeping/hold-scope.ts'
import { systemClock } from '../lib/clock.ts'
import type { ExchangeSearch } from '../model/exchange-query.ts'
import type { HoldRow } from '../model/holds.ts'
import type { ExchangeRow } from '../model/record.ts'
import type { ExchangeIndex } from '../store/exchange-index.ts'
import { acquireFolderLock } from '../store/folder-lock.ts'
import type { FolderLock } from '../store/folder-lock.ts'
import { openStore } from '../store/store.ts'
import type { Store } from '../store/store.ts'
import { EXIT, failWith, say } from './output.ts'

/** Another reading command may hold the lock for the moment its recovery takes. */
const LOCK_RETRY_MS = 50

export interface DataFolder extends AsyncDisposable {
  readonly folder: string
  readonly index: ExchangeIndex
  readonly search: ExchangeSearch
  readonly reader: EvidenceReader
  readonly keyProvider: KeyProvider
  /** Legal holds that lie on these exchanges. */
  readonly held: (rows: readonly ExchangeRow[]) => Promise<ReadonlyMap<string, readonly HoldRow[]>>
}

export function openConfiguredStore(config: Config): Promise<Store> {
  return openStore(storageOf(config))
}

/** Null when there is nothing to read; then it was said why and the exit code is set. */
export async function openDataFolder(config: Config): Promise<DataFolder | null> {
  const { folder } = config.storage
  if (!hasRecords(folder)) return null
  await using stack = new AsyncDisposableStack()
  const { index, search, control } = stack.use(await openConfiguredStore(config))
  const keyProvider = await openLocalKeyProvider(join(folder, 'keys'))
  await putInOrder(folder, index, keyProvider)
  const owned = stack.move()
  return {
    folder,
    index,
    search,
    reader: new EvidenceReader({ folder, index, keyProvider }),
    keyProvider,
    held: async (rows) => heldAmong(await control.holds.active(), rows, control.cases.everPinned),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Says why not, so that a mistyped `--data` never makes an empty folder that looks like lost evidence. */
export function hasRecords(folder: string): boolean {
  if (hasRootKey(folder)) return true
  if (existsSync(folder) && !isReadable(folder)) {
    failWith(
      EXIT.failed,
      `you may not read ${folder}`,
      'run this as the user of the gateway, or ask its API with --server',
    )
  } else if (existsSync(join(folder, 'segments'))) {
    failWith(
      EXIT.failed,
      `the root key of ${folder} is missing`,
      `without its keys folder nothing in this folder can be read; put it back from your backup`,
    )
  } else {
    const what = existsSync(folder) ? 'nothing is recorded in' : 'there is no data folder'
    failWith(
      EXIT.failed,
      `${what} ${folder}`,
      'name the folder with --data, or start the gateway with custody up',
    )
  }
  return false
}

function isReadable(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Null while a gateway runs on the folder. */
export async function lockDataFolder(folder: string): Promise<FolderLock | null> {
  const lock = acquireFolderLock(folder)
  if (lock !== null) return lock
  await sleep(LOCK_RETRY_MS)
  return acquireFolderLock(folder)
}

/** A running gateway keeps its own index; without one, exchanges that a crash left open are closed first. */
async function putInOrder(
  folder: string,
  index: ExchangeIndex,
  provider: KeyProvider,
): Promise<void> {
  using lock = await lockDataFolder(folder)
  if (lock === null) return
  try {
    await recoverFolder({ folder, disk: nodeDisk, index, provider, clock: systemClock })
  } catch (error) {
    // What is indexed can still be read, on a full disk for example.
    const reason = error instanceof Error ? error.message : String(error)
    say(`warning: what the last gateway left could not be put in order: ${reason}`)
  }
}
