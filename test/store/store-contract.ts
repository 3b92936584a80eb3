/** The promises of a store, run by the tests of every engine. */
import { indexContract } from './index-contract.ts'
import { approvalsContract } from './approvals-contract.ts'
import { accessesContract } from './accesses-contract.ts'
import { seekingContract } from './seeking-contract.ts'
import { keepingContract } from './keeping-contract.ts'
import { noticesContract } from './notices-contract.ts'
import { casesContract } from './cases-contract.ts'
import { controlContract } from './control-contract.ts'
import { scimContract } from './scim-contract.ts'
import { loginContract } from './login-contract.ts'
import { erasureContract } from './erasure-contract.ts'
import { locksContract } from './locks-contract.ts'
import { keysContract } from './keys-contract.ts'
import { searchContract } from './search-contract.ts'
import { trustContract } from './trust-contract.ts'
import { traceContract } from './trace-contract.ts'
import type { StoreOptions } from '../../src/store/store.ts'

export interface FreshDatabase extends AsyncDisposable {
  readonly options: StoreOptions
}

/** Registers the tests; `fresh` makes an empty database for one test. Properties run `share` times as often as usual. */
export function storeContract(
  engine: string,
  fresh: () => Promise<FreshDatabase>,
  share = 1,
): void {
  indexContract(engine, fresh, share)
  keysContract(engine, fresh)
  locksContract(engine, fresh)
  controlContract(engine, fresh)
  approvalsContract(engine, fresh)
  noticesContract(engine, fresh)
  casesContract(engine, fresh)
  accessesContract(engine, fresh)
  seekingContract(engine, fresh)
  keepingContract(engine, fresh)
  loginContract(engine, fresh)
  scimContract(engine, fresh)
  searchContract(engine, fresh, share)
  erasureContract(engine, fresh)
  traceContract(engine, fresh)
  trustContract(engine, fresh)
}
