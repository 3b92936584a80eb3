/** The promises of a store, run by the tests of every engine. */
import { indexContract } from './contract/index-contract.ts'
import { keysContract } from './contract/keys-contract.ts'
import type { StoreOptions } from './store.ts'

export interface FreshDatabase extends AsyncDisposable {
  readonly options: StoreOptions
}

/** Registers the tests; `fresh` makes an empty database for one test. */
export function storeContract(engine: string, fresh: () => Promise<FreshDatabase>): void {
  indexContract(engine, fresh)
  keysContract(engine, fresh)
}
