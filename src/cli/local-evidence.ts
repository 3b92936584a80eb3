/** Opens the evidence of a folder on which no gateway runs, for what must stand in the evidence itself. */
import { join } from 'node:path'
import { storageOf } from '../app/storage-of.ts'
import type { Config } from '../config/config.ts'
import { openLocalKeyProvider, type LocalKeyProvider } from '../evidence/key-provider.ts'
import { openEvidence, type Evidence } from '../evidence/open-evidence.ts'
import { systemClock } from '../lib/clock.ts'
import type { StoreOptions } from '../store/store.ts'
import { openStore } from '../store/store.ts'
import { lockDataFolder } from './data-folder.ts'

export interface LocalEvidence extends AsyncDisposable {
  readonly evidence: Evidence
  readonly provider: LocalKeyProvider
  readonly storage: StoreOptions
}

/** Null while a gateway runs on the folder. */
export async function openLocalEvidence(config: Config): Promise<LocalEvidence | null> {
  const { folder } = config.storage
  await using stack = new AsyncDisposableStack()
  const lock = await lockDataFolder(folder)
  if (lock === null) return null
  stack.defer(() => lock[Symbol.dispose]())
  const storage = storageOf(config)
  const store = stack.use(await openStore(storage))
  const provider = await openLocalKeyProvider(join(folder, 'keys'))
  const evidence = stack.use(
    await openEvidence({ folder, index: store.index, clock: systemClock, keyProvider: provider }),
  )
  const owned = stack.move()
  return { evidence, provider, storage, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
