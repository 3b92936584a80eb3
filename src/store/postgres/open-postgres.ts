/** Opens the shared store on PostgreSQL: index and control tables in one database; changes are heard of by LISTEN and NOTIFY. */
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
import { openPool } from './open-pool.ts'
import { applyToPostgres } from './postgres-index-writer.ts'

const CONNECTIONS_MAX = 8
const QUERY_TIMEOUT_MS = 30_000
/** Any number that nothing else in this database locks: "cust" in ASCII. */
const MIGRATION_LOCK = 0x63757374
const PEOPLE_LOCK = 0x63757375

const ENGINE: Engine = {
  types: POSTGRES_TYPES,
  lock: async (transaction) => {
    await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(transaction)
  },
}

export async function openPostgres(url: string): Promise<Store> {
  await using cleanup = new AsyncDisposableStack()
  const pool = openPool(url, { connectionsMax: CONNECTIONS_MAX, queryTimeoutMs: QUERY_TIMEOUT_MS })
  cleanup.defer(() => pool.end())
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
