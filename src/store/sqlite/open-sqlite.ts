/** Opens the embedded store: `index.db`, which can be rebuilt, and `control.db`, which cannot. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
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
import type { OpenOptions, Store } from '../store.ts'
import { createDiskProbe } from './disk-probe.ts'
import { encodeBatch } from './index-batch.ts'
import { createIndexWrites, type IndexWrites } from './index-writes.ts'
import { NodeSqliteDialect } from './node-sqlite-dialect.ts'
import { closeFile, openControlFile, openIndexFile } from './open-file.ts'
import { createSearchClient } from './search-client.ts'
import { createSqliteIndexWriter } from './sqlite-index-writer.ts'
import { truncateLog } from './truncate-log.ts'
import { openWalMark } from './wal-mark.ts'

/** `begin immediate`, which the dialect uses, already makes a transaction the only writing one. */
const ENGINE: Engine = { types: SQLITE_TYPES, lock: async () => {} }

export async function openSqlite(
  folder: string,
  { servesCallers = false }: OpenOptions = {},
): Promise<Store> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  await using cleanup = new AsyncDisposableStack()
  const path = join(folder, 'index.db')
  const indexFile = cleanup.adopt(await openIndexFile(path), closeFile)
  const controlPath = join(folder, 'control.db')
  const controlFile = cleanup.adopt(await openControlFile(controlPath), closeFile)
  const index = new Kysely<unknown>({ dialect: new NodeSqliteDialect(indexFile) })
  const probe = cleanup.use(createDiskProbe(folder))
  const beforeWrite = servesCallers ? probe.writable : async () => {}
  const control = new Kysely<unknown>({ dialect: new NodeSqliteDialect(controlFile, beforeWrite) })
  await migrate(index, ENGINE, INDEX_AREA)
  await migrate(control, ENGINE, CONTROL_AREA)
  const controlDb = control.$extendTables<ControlTables>()
  const changes = {
    ...createVersion(controlFile, controlPath),
    announce: async () => {},
  }
  const relaxed = async (work: (db: ControlDb) => Promise<void>): Promise<void> => {
    // Asked again inside; asked here because readers wait for whoever has the connection.
    await beforeWrite()
    await withoutSync(controlDb, controlFile, work)
  }
  const keys = createKeyTable(controlDb, { ...changes, relaxed })
  const controlStore = createControlStore(controlDb, {
    changes,
    lockPeople: async () => {},
    relaxed,
    approvals: { ...createVersion(controlFile, controlPath), announce: async () => {} },
    scrub: () => truncateLog(controlFile),
  })
  const search = cleanup.use(createSearchClient(path))
  const write = createSqliteIndexWriter(indexFile)
  const writes = cleanup.use(
    createIndexWrites({
      path,
      // Through Kysely's only connection, so that a batch never lands inside a running transaction of this thread.
      writeHere: (batch) => index.connection().execute(() => write(batch)),
      fromStart: servesCallers,
    }),
  )
  const opened = cleanup.move()
  return {
    index: createSqliteIndex(index, indexFile, writes),
    keys,
    search,
    control: controlStore,
    dropIndex: () => rebuild(index, ENGINE, INDEX_AREA),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

function createSqliteIndex(
  db: Kysely<unknown>,
  database: DatabaseSync,
  writes: IndexWrites,
): ExchangeIndex {
  const findOwn = database.prepare(
    'select * from blocks where id = ? and retention_class = ? and instance = ?',
  )
  const findAny = database.prepare('select * from blocks where id = ? and retention_class = ?')
  return {
    ...createIndexReader(db.$extendTables<IndexTables>()),
    apply: (batch) => writes.apply(encodeBatch(batch)),
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
function createVersion(
  database: DatabaseSync,
  path: string,
): {
  readonly version: () => number
  readonly committed: () => void
} {
  const dataVersion = database.prepare('pragma data_version')
  const mark = openWalMark(path)
  let ownWrites = 0
  let others: number | null = null
  let isAsked = false
  const forget = (): void => {
    isAsked = false
  }
  const ask = (): number => {
    // First the mark: what is committed between the two moves it for the next time.
    const isSame = database.isOpen && !mark.hasMoved() && others !== null
    if (!isSame) {
      // Not known while it is asked: the question may fail.
      others = null
      others = Number(dataVersion.get()?.['data_version'])
    }
    isAsked = true
    queueMicrotask(forget)
    return others ?? 0
  }
  return {
    version: () => (isAsked ? (others ?? 0) : ask()) + ownWrites,
    committed: () => {
      ownWrites += 1
    },
  }
}
