/** Opens the trace index: a database file of its own beside the exchange index, or tables in the shared PostgreSQL. */
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { TRACE_AREA, migrate } from '../migrate.ts'
import { openPool } from '../postgres/open-pool.ts'
import { POSTGRES_TYPES, SQLITE_TYPES } from '../schema.ts'
import type { TraceTables } from '../schema.ts'
import { NodeSqliteDialect } from '../sqlite/node-sqlite-dialect.ts'
import { whenFree } from '../sqlite/when-free.ts'
import type { StoreOptions } from '../store.ts'
import type { TraceStore } from './trace-store.ts'
import { createTraceStore } from './trace-store.ts'

const BUSY_TIMEOUT_MS = 20
const CONNECTIONS_MAX = 3
const QUERY_TIMEOUT_MS = 60_000
/** Any number that nothing else in this database locks: "cust" in ASCII, and some. */
const TRACE_LOCK = 0x63757377

export type OpenTraceStore = TraceStore & AsyncDisposable

export async function openTraceStore(options: StoreOptions): Promise<OpenTraceStore> {
  return options.kind === 'sqlite' ? openFile(options.folder) : openTables(options.url)
}

/** Not in `index.db`: its only writer carries the rows of running exchanges. */
async function openFile(folder: string): Promise<OpenTraceStore> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'trace.db')
  closeSync(openSync(path, 'a', 0o600))
  chmodSync(path, 0o600)
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
  try {
    database.exec('pragma page_size = 16384')
    await whenFree(() => database.exec('pragma journal_mode = wal'))
    // What is forgotten must not lie on in free pages.
    database.exec(
      'pragma synchronous = normal; pragma cache_size = -32768; pragma secure_delete = on',
    )
    const db = new Kysely<unknown>({ dialect: new NodeSqliteDialect(database) })
    await migrate(db, { types: SQLITE_TYPES, lock: async () => {} }, TRACE_AREA)
    const store = createTraceStore(db.$extendTables<TraceTables>(), {
      asked: (json) =>
        sql`select json_extract(value, '$[0]') as run, json_extract(value, '$[1]') as key from json_each(${json})`,
      lock: null,
    })
    return { ...store, [Symbol.asyncDispose]: async () => database.close() }
  } catch (error) {
    database.close()
    throw new Error('trace.db cannot be used. Remove it: it is made again from the record.', {
      cause: error,
    })
  }
}

async function openTables(url: string): Promise<OpenTraceStore> {
  const pool = openPool(url, { connectionsMax: CONNECTIONS_MAX, queryTimeoutMs: QUERY_TIMEOUT_MS })
  try {
    const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
    const takeLock = sql`select pg_advisory_xact_lock(${TRACE_LOCK})`
    const lock = async (transaction: Kysely<unknown>): Promise<void> => {
      await takeLock.execute(transaction)
    }
    await migrate(db, { types: POSTGRES_TYPES, lock }, TRACE_AREA)
    const store = createTraceStore(db.$extendTables<TraceTables>(), {
      asked: (json) =>
        sql`select (value->>0)::bigint as run, (value->>1)::bigint as key from json_array_elements(${json}::json)`,
      lock: takeLock,
    })
    return { ...store, [Symbol.asyncDispose]: () => pool.end() }
  } catch (error) {
    await pool.end()
    throw error
  }
}
