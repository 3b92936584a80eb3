/** Opens the shared store on PostgreSQL: index and control tables in one database; changes are heard of by LISTEN and NOTIFY. */
import type { CustomTypesConfig } from 'pg'
import { Pool, types } from 'pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { createControlStore } from '../control/control-store.ts'
import { setFacets } from '../search/set-facets.ts'
import { createSqlSearch } from '../search/sql-search.ts'
import type { Store } from '../store.ts'
import { createErasureIndex } from '../erasure-index.ts'
import { createIndexReader } from '../index-reader.ts'
import type { ChangeEngine } from '../key-table.ts'
import { createKeyTable } from '../key-table.ts'
import type { Engine } from '../migrate.ts'
import { CONTROL_AREA, INDEX_AREA, migrate, rebuild } from '../migrate.ts'
import { decodeBlock } from '../row-codec.ts'
import type { ControlTables, IndexTables } from '../schema.ts'
import { POSTGRES_TYPES } from '../schema.ts'
import { APPROVAL_CHANNEL, KEY_CHANNEL, listenForKeyChanges } from './key-listener.ts'
import { applyToPostgres } from './postgres-index-writer.ts'

const CONNECTIONS_MAX = 8
const CONNECT_TIMEOUT_MS = 10_000
/** A connection whose other end is gone says nothing; a request must not wait for it for ever. */
const QUERY_TIMEOUT_MS = 30_000
/** Any number that nothing else in this database locks: "cust" in ASCII. */
const MIGRATION_LOCK = 0x63757374
const PEOPLE_LOCK = 0x63757375

/** Whole numbers in our tables stay below 2^53; pg gives them as texts unless told. */
const wholeNumbers: CustomTypesConfig['getTypeParser'] = (oid, format) =>
  oid === types.builtins.INT8 ? Number : types.getTypeParser(oid, format)

const ENGINE: Engine = {
  types: POSTGRES_TYPES,
  lock: async (transaction) => {
    await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(transaction)
  },
}

export async function openPostgres(url: string): Promise<Store> {
  await using cleanup = new AsyncDisposableStack()
  const pool = new Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    allowExitOnIdle: true,
    types: { getTypeParser: wholeNumbers },
  })
  cleanup.defer(() => pool.end())
  // A lost connection is replaced on the next query; without a listener it would end the process. The pool listens to idle
  // ones only: one that is lost between two queries of a transaction needs a listener of its own.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  const base = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  await migrate(base, ENGINE, INDEX_AREA)
  await migrate(base, ENGINE, CONTROL_AREA)
  const listener = cleanup.use(await listenForKeyChanges(url))
  const approvals = cleanup.use(await listenForKeyChanges(url, APPROVAL_CHANNEL))
  const db = base.$extendTables<IndexTables>()
  const control = base.$extendTables<ControlTables>()
  const changes: ChangeEngine = {
    version: listener.version,
    announce: async (transaction) => {
      await sql`select pg_notify(${KEY_CHANNEL}, '')`.execute(transaction)
    },
    committed: listener.committed,
  }
  const keys = createKeyTable(control, { ...changes, relaxed: (work) => work(control) })
  const opened = cleanup.move()
  return {
    index: {
      ...createIndexReader(db),
      apply: (batch) => applyToPostgres(db, batch),
      findBlocks: async (ids, retentionClass, instance) => {
        if (ids.length === 0) return []
        let query = db
          .selectFrom('blocks')
          .selectAll()
          .where('id', '=', sql<string>`any(${[...ids]}::text[])`)
          .where('retention_class', '=', retentionClass)
        if (instance !== null) query = query.where('instance', '=', instance)
        const rows = await query.execute()
        return rows.map(decodeBlock)
      },
      // What PostgreSQL keeps of deleted rows is the business of its vacuum: see docs/guide/retention.md.
      erasure: createErasureIndex(db, async () => {}),
      clear: () => rebuild(base, ENGINE, INDEX_AREA),
    },
    keys,
    // A change whose number is visible may be followed by a lower one of a transaction that is still running.
    search: createSqlSearch(db, {
      settled: sql`change_seq < pg_snapshot_xmin(pg_current_snapshot())::text::bigint`,
      counted: setFacets,
    }),
    control: createControlStore(control, {
      changes,
      lockPeople: async (transaction) => {
        await sql`select pg_advisory_xact_lock(${PEOPLE_LOCK})`.execute(transaction)
      },
      relaxed: (work) => work(control),
      approvals: {
        version: approvals.version,
        announce: async (transaction) => {
          await sql`select pg_notify(${APPROVAL_CHANNEL}, '')`.execute(transaction)
        },
        committed: approvals.committed,
      },
      scrub: async () => {},
    }),
    dropIndex: () => rebuild(base, ENGINE, INDEX_AREA),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
