/** Where the configuration says that the databases are. */
import type { Config } from '../config/config.ts'
import type { StoreOptions } from '../store/store.ts'

export function storageOf({ storage: { folder, index } }: Config): StoreOptions {
  return index.kind === 'sqlite'
    ? { kind: 'sqlite', folder }
    : { kind: 'postgres', url: index.url.reveal() }
}
