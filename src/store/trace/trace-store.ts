/** Keeps the trace index in the database: sorted runs of postings in pages, and how far each instance was read. */
import type { RawBuilder, Transaction } from 'kysely'
import { sql } from 'kysely'
import type { ExchangeId, InstanceId } from '../../lib/ids.ts'
import type { TraceDb, TraceFamily, TraceTables } from '../schema.ts'
import { createAsideRecords, type AsideRecords } from './aside-records.ts'
import type { PostingPage } from './posting-page.ts'

export interface TraceEpoch {
  readonly epoch: number
  readonly retentionClass: string
  /** Of the exchanges in it: `2026-11`, UTC. */
  readonly month: string
  /** Its key, wrapped by the key provider, base64. */
  readonly wrapped: string
}

export interface TraceRun {
  readonly run: number
  readonly version: number
  readonly epoch: number
  readonly family: TraceFamily
  /** Runs of one level are merged into one of the next. */
  readonly level: number
  readonly postings: number
  readonly bytes: number
}

export interface TracePlace {
  readonly instance: InstanceId
  readonly segment: number
  readonly offset: number
}

export interface NewRun {
  readonly epoch: number
  readonly family: TraceFamily
  readonly pages: readonly PostingPage[]
}

export interface FoundPage {
  readonly run: number
  readonly firstKey: number
  readonly data: Uint8Array
  /** Keys that lie in this page if the run has them. */
  readonly keys: ReadonlySet<number>
}

export interface TraceStore {
  readonly aside: AsideRecords
  readonly epochs: () => Promise<readonly TraceEpoch[]>
  /** Puts its key, wrapped anew, in the place of the one before. */
  readonly rewrapEpoch: (epoch: number, wrapped: string) => Promise<void>
  /** The one that is there already when there is one. */
  readonly addEpoch: (epoch: Omit<TraceEpoch, 'epoch'>) => Promise<TraceEpoch>
  readonly removeEpoch: (epoch: number) => Promise<void>
  readonly positions: (version: number) => Promise<readonly TracePlace[]>
  /** Gives each exchange a number, for good. */
  readonly numbers: (ids: readonly ExchangeId[]) => Promise<ReadonlyMap<ExchangeId, number>>
  readonly exchanges: (numbers: readonly number[]) => Promise<ReadonlyMap<number, ExchangeId>>
  /** All or nothing: the runs, the positions that they reach, and exchanges found erased on the way. */
  readonly commit: (
    version: number,
    runs: readonly NewRun[],
    positions: readonly TracePlace[],
    erased?: readonly ExchangeId[],
  ) => Promise<void>
  /** Exchanges whose postings are still to be taken out. */
  readonly erased: () => Promise<readonly ExchangeId[]>
  readonly takenOut: (exchanges: readonly ExchangeId[]) => Promise<void>
  readonly runs: () => Promise<readonly TraceRun[]>
  readonly pagesWith: (
    runs: readonly number[],
    keys: readonly number[],
  ) => Promise<readonly FoundPage[]>
  /** Pages of one run in order of keys, those behind `after`. */
  readonly pages: (run: number, after: number, limit: number) => Promise<readonly FoundPage[]>
  /** A run that nobody sees until `swap`. */
  readonly begin: (run: Omit<TraceRun, 'run' | 'level' | 'postings' | 'bytes'>) => Promise<number>
  readonly append: (run: number, pages: readonly PostingPage[]) => Promise<void>
  /** Puts the new run in the place of the old ones. False when one of them went meanwhile: then nothing changed. */
  readonly swap: (
    made: Omit<TraceRun, 'version' | 'epoch' | 'family'>,
    old: readonly number[],
  ) => Promise<boolean>
  readonly removeRuns: (runs: readonly number[]) => Promise<void>
  /** Forgets the positions of a version: it is indexed again from the beginning. */
  readonly restart: (version: number) => Promise<void>
}

export interface TraceEngine {
  /** Rows `(run, key)` of a JSON array of pairs. */
  readonly asked: (json: string) => RawBuilder<unknown>
  /** Makes the transaction the only one that numbers; null where it is that anyway. */
  readonly lock: RawBuilder<unknown> | null
}

const ASKED_MAX = 2_000
const ROWS_MAX = 400
/** Pages of one statement. */
const INSERTED_MAX = 32
const FETCHED_MAX = 128
/** Level of a run that is being made. */
const BEING_MADE = -1

export function createTraceStore(db: TraceDb, engine: TraceEngine): TraceStore {
  const alone = <Result>(work: (transaction: Transaction<TraceTables>) => Promise<Result>) =>
    db.transaction().execute(async (transaction) => {
      await engine.lock?.execute(transaction)
      return work(transaction)
    })
  const removeRuns = (runs: readonly number[]) =>
    runs.length === 0 ? Promise.resolve() : alone((transaction) => deleteRuns(transaction, runs))
  return {
    aside: createAsideRecords(db),
    epochs: async () => (await db.selectFrom('trace_epochs').selectAll().execute()).map(epochOf),
    rewrapEpoch: async (epoch, wrapped) => {
      await db.updateTable('trace_epochs').set({ wrapped }).where('epoch', '=', epoch).execute()
    },
    addEpoch: ({ retentionClass, month, wrapped }) =>
      alone(async (transaction) => {
        const known = await transaction
          .selectFrom('trace_epochs')
          .selectAll()
          .where('retention_class', '=', retentionClass)
          .where('month', '=', month)
          .executeTakeFirst()
        if (known !== undefined) return epochOf(known)
        const epoch = await nextNumber(transaction, 'trace_epochs', 'epoch')
        const row = { epoch, retention_class: retentionClass, month, wrapped }
        await transaction.insertInto('trace_epochs').values(row).execute()
        return epochOf(row)
      }),
    removeEpoch: (epoch) =>
      alone(async (transaction) => {
        const runs = await transaction
          .selectFrom('trace_runs')
          .select('run')
          .where('epoch', '=', epoch)
          .execute()
        await deleteRuns(
          transaction,
          runs.map(({ run }) => run),
        )
        await transaction.deleteFrom('trace_epochs').where('epoch', '=', epoch).execute()
      }),
    positions: async (version) => {
      const rows = await db
        .selectFrom('trace_positions')
        .selectAll()
        .where('version', '=', version)
        .execute()
      return rows.map(({ instance, segment, byte_offset: offset }) => ({
        instance,
        segment,
        offset,
      }))
    },
    numbers: (ids) =>
      ids.length === 0
        ? Promise.resolve(new Map())
        : alone((transaction) => numbered(transaction, ids)),
    exchanges: async (numbers) => {
      const found = new Map<number, ExchangeId>()
      for (const part of parts(numbers)) {
        const rows = await db
          .selectFrom('trace_exchanges')
          .selectAll()
          .where('number', 'in', part)
          .execute()
        for (const { number, id } of rows) found.set(number, id)
      }
      return found
    },
    erased: async () => {
      const rows = await db.selectFrom('trace_erasures').selectAll().execute()
      return rows.map(({ exchange }) => exchange)
    },
    takenOut: (exchanges) =>
      alone(async (transaction) => {
        for (const part of parts(exchanges)) {
          await transaction.deleteFrom('trace_erasures').where('exchange', 'in', part).execute()
          await transaction.deleteFrom('trace_exchanges').where('id', 'in', part).execute()
        }
      }),
    commit: (version, runs, positions, erased = []) =>
      alone(async (transaction) => {
        for (const exchange of erased) {
          await transaction
            .insertInto('trace_erasures')
            .values({ exchange })
            .onConflict((conflict) => conflict.doNothing())
            .execute()
        }
        for (const { epoch, family, pages } of runs) {
          if (pages.length === 0) continue
          const run = await nextNumber(transaction, 'trace_runs', 'run')
          const { postings, bytes } = sizeOf(pages)
          await transaction
            .insertInto('trace_runs')
            .values({ run, version, epoch, family, level: 0, postings, bytes })
            .execute()
          await insertPages(transaction, run, pages)
        }
        for (const { instance, segment, offset } of positions) {
          await transaction
            .insertInto('trace_positions')
            .values({ version, instance, segment, byte_offset: offset })
            .onConflict((conflict) =>
              conflict
                .columns(['version', 'instance'])
                .doUpdateSet({ segment, byte_offset: offset }),
            )
            .execute()
        }
      }),
    runs: async () => {
      const rows = await db
        .selectFrom('trace_runs')
        .selectAll()
        .where('level', '>', BEING_MADE)
        .orderBy('run')
        .execute()
      return rows
    },
    pagesWith: async (runs, keys) => {
      const pages = new Map<string, { run: number; firstKey: number; keys: Set<number> }>()
      const asks = runs.flatMap((run) => keys.map((key) => [run, key] as const))
      for (const part of parts(asks, ASKED_MAX)) {
        const found = await sql<{ run: number; key: number; first: number | null }>`
          select a.run as run, a.key as key, (select max(p.first_key) from trace_pages p
            where p.run = a.run and p.first_key <= a.key) as first
          from (${engine.asked(JSON.stringify(part))}) as a`.execute(db)
        for (const { run, key, first } of found.rows) {
          if (first === null) continue
          const name = `${run} ${first}`
          const known = pages.get(name)
          if (known === undefined) pages.set(name, { run, firstKey: first, keys: new Set([key]) })
          else known.keys.add(key)
        }
      }
      const filled: FoundPage[] = []
      for (const part of parts([...pages.values()], FETCHED_MAX)) {
        const places = part.map(({ run, firstKey }) => [run, firstKey] as const)
        const found = await sql<{ run: number; first: number; data: Uint8Array }>`
          select p.run as run, p.first_key as first, p.data as data
          from (${engine.asked(JSON.stringify(places))}) as a
          join trace_pages p on p.run = a.run and p.first_key = a.key`.execute(db)
        // One that is not there was merged: its postings are in another run by now; whoever asks looks again.
        for (const { run, first, data } of found.rows) {
          const page = pages.get(`${run} ${first}`)
          if (page !== undefined) filled.push({ ...page, data })
        }
      }
      return filled
    },
    pages: async (run, after, limit) => {
      const rows = await db
        .selectFrom('trace_pages')
        .selectAll()
        .where('run', '=', run)
        .where('first_key', '>', after)
        .orderBy('first_key')
        .limit(limit)
        .execute()
      return rows.map(({ first_key: firstKey, data }) => ({ run, firstKey, data, keys: new Set() }))
    },
    begin: ({ version, epoch, family }) =>
      alone(async (transaction) => {
        const run = await nextNumber(transaction, 'trace_runs', 'run')
        await transaction
          .insertInto('trace_runs')
          .values({ run, version, epoch, family, level: BEING_MADE, postings: 0, bytes: 0 })
          .execute()
        return run
      }),
    append: (run, pages) => alone((transaction) => insertPages(transaction, run, pages)),
    swap: ({ run, level, postings, bytes }, old) =>
      alone(async (transaction) => {
        const rows = await transaction
          .selectFrom('trace_runs')
          .select('run')
          .where('run', 'in', [run, ...old])
          .execute()
        if (rows.length !== old.length + 1) {
          await deleteRuns(transaction, [run])
          return false
        }
        await deleteRuns(transaction, old)
        await transaction
          .updateTable('trace_runs')
          .set({ level, postings, bytes })
          .where('run', '=', run)
          .execute()
        return true
      }),
    removeRuns,
    restart: (version) =>
      alone(async (transaction) => {
        await transaction.deleteFrom('trace_positions').where('version', '=', version).execute()
      }),
  }
}

function epochOf(row: TraceTables['trace_epochs']): TraceEpoch {
  const { epoch, retention_class: retentionClass, month, wrapped } = row
  return { epoch, retentionClass, month, wrapped }
}

function* parts<Item>(items: readonly Item[], size = ROWS_MAX): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size)
}

async function nextNumber(
  transaction: Transaction<TraceTables>,
  table: 'trace_epochs' | 'trace_runs' | 'trace_exchanges',
  column: 'epoch' | 'run' | 'number',
): Promise<number> {
  const found = await sql<{ next: number }>`
    select coalesce(max(${sql.ref(column)}), 0) + 1 as next from ${sql.table(table)}`.execute(
    transaction,
  )
  return found.rows[0]?.next ?? 1
}

async function numbered(
  transaction: Transaction<TraceTables>,
  ids: readonly ExchangeId[],
): Promise<ReadonlyMap<ExchangeId, number>> {
  const found = new Map<ExchangeId, number>()
  for (const part of parts([...new Set(ids)])) {
    const rows = await transaction
      .selectFrom('trace_exchanges')
      .selectAll()
      .where('id', 'in', part)
      .execute()
    for (const { id, number } of rows) found.set(id, number)
    const missing = part.filter((id) => !found.has(id))
    if (missing.length === 0) continue
    const first = await nextNumber(transaction, 'trace_exchanges', 'number')
    const added = missing.map((id, n) => ({ id, number: first + n }))
    await transaction.insertInto('trace_exchanges').values(added).execute()
    for (const { id, number } of added) found.set(id, number)
  }
  return found
}

async function insertPages(
  transaction: Transaction<TraceTables>,
  run: number,
  pages: readonly PostingPage[],
): Promise<void> {
  for (const part of parts(pages, INSERTED_MAX)) {
    const rows = part.map(({ firstKey, data }) => ({ run, first_key: firstKey, data }))
    await transaction.insertInto('trace_pages').values(rows).execute()
  }
}

async function deleteRuns(
  transaction: Transaction<TraceTables>,
  runs: readonly number[],
): Promise<void> {
  for (const part of parts(runs)) {
    await transaction.deleteFrom('trace_pages').where('run', 'in', part).execute()
    await transaction.deleteFrom('trace_runs').where('run', 'in', part).execute()
  }
}

function sizeOf(pages: readonly PostingPage[]): {
  readonly postings: number
  readonly bytes: number
} {
  return {
    postings: pages.reduce((sum, page) => sum + page.postings, 0),
    bytes: pages.reduce((sum, page) => sum + page.data.length, 0),
  }
}
