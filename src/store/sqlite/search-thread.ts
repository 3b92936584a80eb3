/** The search thread: a read-only connection of its own, and the filterable columns of all exchanges in memory. */
import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { Kysely } from 'kysely'
import type { ExchangeId } from '../../lib/ids.ts'
import type { ExchangeQuery, ExchangeSearch, NumberField } from '../../model/exchange-query.ts'
import { FACET_FIELDS } from '../../model/exchange-query.ts'
import type { ExchangeRow } from '../../model/record.ts'
import { decodeExchange } from '../row-codec.ts'
import type { ExchangeTable, IndexTables } from '../schema.ts'
import type { ColumnRow } from '../search/column-table.ts'
import { ColumnTable } from '../search/column-table.ts'
import { fingerprintsOf, spanOf } from '../search/column-groups.ts'
import { namedFindings } from '../search/finding-search.ts'
import { createSqlSearch, profileFrom } from '../search/sql-search.ts'
import { NUMBER_COLUMNS, asksConversation } from '../search/where-condition.ts'
import { FACET_COLUMNS } from '../search/where-value.ts'
import { NodeSqliteDialect } from './node-sqlite-dialect.ts'
import type { ThreadAnswer } from './thread-line.ts'

export interface SearchQuestion {
  readonly id: number
  readonly method: keyof ExchangeSearch
  readonly args: readonly unknown[]
}

const BUSY_TIMEOUT_MS = 5_000
const LOAD_ROWS = 5_000
const COLUMNS = [
  ...new Set([
    'id',
    'change_seq',
    'conversation',
    ...Object.values(NUMBER_COLUMNS),
    ...FACET_FIELDS.map((field) => FACET_COLUMNS[field]),
  ]),
].join(', ')

/** Follows the database by the order of changes, so that every question sees what was committed before it. */
class Columns {
  readonly table = new ColumnTable()
  readonly #database: DatabaseSync
  readonly #changed
  readonly #erased
  #seq = -1
  #id = ''
  #erasedSeq = -1
  #erasedId = ''
  #isLoaded = false
  #loading: Promise<void> | null = null

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#changed = database.prepare(
      `select ${COLUMNS} from exchanges where (change_seq, id) > (?, ?) order by change_seq, id limit ${LOAD_ROWS}`,
    )
    this.#erased = database.prepare(
      `select id, change_seq from erased_exchanges where (change_seq, id) > (?, ?) order by change_seq, id limit ${LOAD_ROWS}`,
    )
  }

  get isLoaded(): boolean {
    return this.#isLoaded
  }

  /** Lets other questions be answered between two pieces. */
  load(): Promise<void> {
    this.#loading ??= this.#loadAll()
    return this.#loading
  }

  refresh(): void {
    while (this.#read(this.#changed.all(this.#seq, this.#id)) === LOAD_ROWS);
    while (this.#forget(this.#erased.all(this.#erasedSeq, this.#erasedId)) === LOAD_ROWS);
  }

  async #loadAll(): Promise<void> {
    // In id order each row is appended; the changes since the beginning follow.
    const start = this.#database
      .prepare('select change_seq, id from exchanges order by change_seq desc, id desc limit 1')
      .get()
    const page = this.#database.prepare(
      `select ${COLUMNS} from exchanges where id > ? order by id limit ${LOAD_ROWS}`,
    )
    let last = ''
    for (;;) {
      const rows = page.all(last)
      for (const row of rows) this.table.put(columnRow(row))
      const end = rows.at(-1)
      if (end === undefined || rows.length < LOAD_ROWS) break
      last = String(end['id'])
      await setImmediate()
    }
    if (start !== undefined) {
      this.#seq = Number(start['change_seq'])
      this.#id = String(start['id'])
    }
    this.#isLoaded = true
  }

  #read(rows: readonly Record<string, unknown>[]): number {
    for (const row of rows) this.table.put(columnRow(row))
    const end = rows.at(-1)
    if (end !== undefined) {
      this.#seq = Number(end['change_seq'])
      this.#id = String(end['id'])
    }
    return rows.length
  }

  #forget(rows: readonly Record<string, unknown>[]): number {
    for (const row of rows) this.table.remove(String(row['id']))
    const end = rows.at(-1)
    if (end !== undefined) {
      this.#erasedSeq = Number(end['change_seq'])
      this.#erasedId = String(end['id'])
    }
    return rows.length
  }
}

function columnRow(row: Record<string, unknown>): ColumnRow {
  const number = (field: NumberField): number | null => {
    const value = row[NUMBER_COLUMNS[field]]
    return typeof value === 'number' ? value : null
  }
  const { conversation } = row
  return {
    id: String(row['id']),
    numbers: {
      receivedAtMs: number('receivedAtMs'),
      durationMs: number('durationMs'),
      inputTokens: number('inputTokens'),
      outputTokens: number('outputTokens'),
      requestBytes: number('requestBytes'),
      answerBytes: number('answerBytes'),
    },
    conversation: typeof conversation === 'string' ? conversation : null,
    values: FACET_FIELDS.map((field) => {
      const value = row[FACET_COLUMNS[field]]
      return typeof value === 'number' || typeof value === 'string' ? value : null
    }),
  }
}

function createThreadSearch(database: DatabaseSync): ExchangeSearch {
  const db = new Kysely<IndexTables>({ dialect: new NodeSqliteDialect(database) })
  const bySql = createSqlSearch(db)
  const columns = new Columns(database)
  const byId = database.prepare('select * from exchanges where id = ?')
  // Whoever asks anything will ask for counts soon.
  void columns.load()
  const isUsable = ({ conversation, where }: ExchangeQuery): boolean =>
    conversation === undefined && (where === undefined || !asksConversation(where.condition))
  const rowsOf = (ids: readonly string[]): readonly ExchangeRow[] =>
    ids.flatMap((id) => {
      const row = byId.get(id)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: `select *` of the exchanges table
      return row === undefined ? [] : [decodeExchange(row as unknown as ExchangeTable)]
    })
  const counts: Pick<ExchangeSearch, 'facets' | 'histogram'> = {
    facets: async (query, valuesMax) => {
      if (!isUsable(query)) return bySql.facets(query, valuesMax)
      await columns.load()
      columns.refresh()
      return columns.table.facets(query, valuesMax)
    },
    histogram: async (query, range) => {
      if (!isUsable(query)) return bySql.histogram(query, range)
      await columns.load()
      columns.refresh()
      return columns.table.histogram(query, range)
    },
  }
  return {
    ...bySql,
    ...counts,
    profile: async (query, bounds) => {
      if (!isUsable(query)) return bySql.profile(query, bounds)
      await columns.load()
      columns.refresh()
      return profileFrom(spanOf(columns.table, query), query, bounds, counts)
    },
    findingGroups: async (query, limit) => {
      if (!isUsable(query)) return bySql.findingGroups(query, limit)
      await columns.load()
      columns.refresh()
      return namedFindings(db, fingerprintsOf(columns.table, query, limit))
    },
    list: async (query, page: { readonly limit: number; readonly before?: ExchangeId }) => {
      if (!columns.isLoaded || !isUsable(query)) return bySql.list(query, page)
      columns.refresh()
      return rowsOf(columns.table.list(query, page))
    },
  }
}

if (parentPort === null || typeof workerData !== 'string') {
  throw new Error('search-thread runs as a worker of the search client.')
}
const port = parentPort
const database = new DatabaseSync(workerData, { readOnly: true, timeout: BUSY_TIMEOUT_MS })
database.exec('pragma cache_size = -65536')
const search = createThreadSearch(database)

async function answer(question: SearchQuestion): Promise<ThreadAnswer> {
  const { id, method, args } = question
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: the client asks with the method's own parameters
    const ask = search[method] as (...args: readonly unknown[]) => Promise<unknown>
    return { id, kind: 'value', value: await ask(...args) }
  } catch (error) {
    return { id, kind: 'error', message: error instanceof Error ? error.message : String(error) }
  }
}

port.on('message', (question: SearchQuestion) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  void answer(question).then((answered) => port.postMessage(answered))
})
