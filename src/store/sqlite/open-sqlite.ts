/** Opens the embedded store: `index.db`, which can be rebuilt, and `control.db`, which holds the keys. */
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import type { BlockRow } from '../../model/record.ts'
import type { ExchangeIndex } from '../exchange-index.ts'
import { createErasureIndex } from '../erasure-index.ts'
import { createIndexReader } from '../index-reader.ts'
import { createKeyTable } from '../key-table.ts'
import type { Engine } from '../migrate.ts'
import { CONTROL_AREA, INDEX_AREA, migrate, rebuild } from '../migrate.ts'
import { decodeBlock } from '../row-codec.ts'
import type { BlockTable, ControlDb, ControlTables, IndexTables } from '../schema.ts'
import { SQLITE_TYPES } from '../schema.ts'
import { createControlStore } from '../control/control-store.ts'
import type { Store } from '../store.ts'
import type { Checkpointer } from './checkpointer.ts'
import { createCheckpointer } from './checkpointer.ts'
import { NodeSqliteDialect } from './node-sqlite-dialect.ts'
import { createSearchClient } from './search-client.ts'
import { createSqliteIndexWriter } from './sqlite-index-writer.ts'
import { truncateLog } from './truncate-log.ts'
import { whenFree } from './when-free.ts'

/** Longer waits do not belong inside a synchronous call; see `whenFree`. */
const BUSY_TIMEOUT_MS = 20

/** `begin immediate`, which the dialect uses, already makes a transaction the only writing one. */
const ENGINE: Engine = { types: SQLITE_TYPES, lock: async () => {} }

export async function openSqlite(folder: string): Promise<Store> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  await using cleanup = new AsyncDisposableStack()
  const indexFile = cleanup.adopt(
    await openFile(join(folder, 'index.db'), 'normal', 'Remove it and run: custody reindex.'),
    closeFile,
  )
  // The checkpointer does it earlier and off this thread; this is the bound when it cannot.
  indexFile.exec('pragma wal_autocheckpoint = 20000; pragma cache_size = -32768')
  const checkpointer = cleanup.use(createCheckpointer(join(folder, 'index.db')))
  const controlFile = cleanup.adopt(
    await openFile(
      join(folder, 'control.db'),
      'full',
      'It holds the gateway keys: restore it from a backup.',
    ),
    closeFile,
  )
  const index = new Kysely<unknown>({ dialect: new NodeSqliteDialect(indexFile) })
  const control = new Kysely<unknown>({ dialect: new NodeSqliteDialect(controlFile) })
  await migrate(index, ENGINE, INDEX_AREA)
  await migrate(control, ENGINE, CONTROL_AREA)
  const controlDb = control.$extendTables<ControlTables>()
  const changes = { ...createVersion(controlFile), announce: async () => {} }
  const keys = createKeyTable(controlDb, {
    ...changes,
    relaxed: (work) => withoutSync(controlDb, controlFile, work),
  })
  const controlStore = createControlStore(controlDb, {
    changes,
    lockPeople: async () => {},
    relaxed: (work) => withoutSync(controlDb, controlFile, work),
    approvals: { ...createVersion(controlFile), announce: async () => {} },
    scrub: () => truncateLog(controlFile),
  })
  const search = cleanup.use(createSearchClient(join(folder, 'index.db')))
  const opened = cleanup.move()
  return {
    index: createSqliteIndex(index, indexFile, checkpointer),
    keys,
    search,
    control: controlStore,
    dropIndex: () => rebuild(index, ENGINE, INDEX_AREA),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

async function openFile(
  path: string,
  synchronous: 'normal' | 'full',
  remedy: string,
): Promise<DatabaseSync> {
  // SQLite gives the -wal and -shm files the mode of the database.
  closeSync(openSync(path, 'a', 0o600))
  chmodSync(path, 0o600)
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
  try {
    await whenFree(() => database.exec('pragma journal_mode = wal'))
    database.exec(`pragma synchronous = ${synchronous}`)
    // What is deleted or replaced is overwritten with zeros: erasure must leave nothing in free space of a page.
    database.exec('pragma secure_delete = on')
    return database
  } catch (error) {
    database.close()
    throw new Error(`${basename(path)} cannot be used. ${remedy}`, { cause: error })
  }
}

function closeFile(database: DatabaseSync): void {
  if (database.isOpen) database.close()
}

function createSqliteIndex(
  db: Kysely<unknown>,
  database: DatabaseSync,
  checkpointer: Checkpointer,
): ExchangeIndex {
  const write = createSqliteIndexWriter(database)
  const findOwn = database.prepare(
    'select * from blocks where id = ? and retention_class = ? and instance = ?',
  )
  const findAny = database.prepare('select * from blocks where id = ? and retention_class = ?')
  return {
    ...createIndexReader(db.$extendTables<IndexTables>()),
    // Through Kysely's only connection, so that a batch never lands inside a running migration.
    apply: async (batch) => {
      await db.connection().execute(() => write(batch))
      const { exchanges, blocks, events, findings } = batch
      checkpointer.wrote(exchanges.length + blocks.length + events.length + findings.length)
    },
    findBlocks: async (ids, retentionClass, instance) => {
      const found: BlockRow[] = []
      for (const id of ids) {
        const rows =
          instance === null
            ? findAny.all(id, retentionClass)
            : findOwn.all(id, retentionClass, instance)
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: `select *` of the blocks table
        for (const row of rows) found.push(decodeBlock(row as unknown as BlockTable))
      }
      return found
    },
    erasure: createErasureIndex(db.$extendTables<IndexTables>(), () => truncateLog(database)),
    clear: () => rebuild(db, ENGINE, INDEX_AREA),
  }
}

/** An fsync every few seconds for the last use of a key would hold up every exchange of the process. */
async function withoutSync(
  db: ControlDb,
  database: DatabaseSync,
  work: (db: ControlDb) => Promise<void>,
): Promise<void> {
  await db.connection().execute(async (connection) => {
    database.exec('pragma synchronous = normal')
    try {
      await connection.transaction().execute(work)
    } finally {
      database.exec('pragma synchronous = full')
    }
  })
}

/**
 * `data_version` changes with the writes of every other connection, the counter with our own; both only grow. Asking takes
 * SQLite's locks, so those who ask in one go, without letting anything else run, are told the same.
 */
function createVersion(database: DatabaseSync): {
  readonly version: () => number
  readonly committed: () => void
} {
  const dataVersion = database.prepare('pragma data_version')
  let ownWrites = 0
  let others: number | null = null
  const forget = (): void => {
    others = null
  }
  return {
    version: () => {
      if (others === null) {
        others = Number(dataVersion.get()?.['data_version'])
        queueMicrotask(forget)
      }
      return others + ownWrites
    },
    committed: () => {
      ownWrites += 1
    },
  }
}
