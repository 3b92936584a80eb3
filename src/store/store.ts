/** The one door to the databases: opens the exchange index and the control tables on either engine. */
import type { ControlStore } from '../model/control.ts'
import type { ExchangeSearch } from '../model/exchange-query.ts'
import type { KeyTable } from '../model/keys.ts'
import type { ExchangeIndex } from './exchange-index.ts'
import { openPostgres } from './postgres/open-postgres.ts'
import { openSqlite } from './sqlite/open-sqlite.ts'

export type StoreOptions =
  | {
      readonly kind: 'sqlite'
      /** Holds `index.db` and `control.db`; made when missing. Several processes may open it. */
      readonly folder: string
    }
  | { readonly kind: 'postgres'; readonly url: string }

export interface OpenOptions {
  /** The embedded index is then written by a thread of its own from the first row. */
  readonly servesCallers?: boolean
}

export interface Store extends AsyncDisposable {
  readonly index: ExchangeIndex
  readonly keys: KeyTable
  /** Answered off this thread on SQLite: a search never holds up an exchange. */
  readonly search: ExchangeSearch
  readonly control: ControlStore
  /** Drops the tables of the index and makes them again, empty. What people made stays. */
  readonly dropIndex: () => Promise<void>
}

/** Opens and migrates. Throws when the database cannot be opened or belongs to a newer version of Custody. */
export async function openStore(options: StoreOptions, how: OpenOptions = {}): Promise<Store> {
  return options.kind === 'sqlite' ? openSqlite(options.folder, how) : openPostgres(options.url)
}
