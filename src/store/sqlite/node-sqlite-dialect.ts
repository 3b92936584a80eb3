/** A Kysely dialect over node:sqlite, with each SQL text prepared once. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type {
  CompiledQuery,
  DatabaseConnection,
  DatabaseIntrospector,
  Dialect,
  DialectAdapter,
  Driver,
  Kysely,
  QueryCompiler,
  QueryResult,
} from 'kysely'
import { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { whenFree } from './when-free.ts'

const STATEMENTS_MAX = 256
const READS = /^\s*(?:select|pragma)\b/i

/** The dialect uses `database` and never closes it: whoever opened it does. */
export class NodeSqliteDialect implements Dialect {
  readonly #connection: NodeSqliteConnection

  /** `beforeWrite` is awaited before each transaction, and before each statement outside of one that writes. */
  constructor(database: DatabaseSync, beforeWrite: () => Promise<void> = async () => {}) {
    this.#connection = new NodeSqliteConnection(database, beforeWrite)
  }

  createDriver(): Driver {
    return new NodeSqliteDriver(this.#connection)
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler()
  }

  createAdapter(): DialectAdapter {
    return new SqliteAdapter()
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(db)
  }
}

/** One connection; Kysely hands it to one user at a time because the adapter says so. */
class NodeSqliteDriver implements Driver {
  readonly #connection: NodeSqliteConnection

  constructor(connection: NodeSqliteConnection) {
    this.#connection = connection
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection
  }

  async beginTransaction(): Promise<void> {
    // `immediate`: a transaction that becomes a writer half-way fails with SQLITE_BUSY without waiting.
    await this.#connection.beforeWrite()
    await whenFree(() => void this.#connection.run('begin immediate', []))
  }

  async commitTransaction(): Promise<void> {
    this.#connection.run('commit', [])
  }

  async rollbackTransaction(): Promise<void> {
    this.#connection.run('rollback', [])
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {}
}

interface Prepared {
  readonly statement: StatementSync
  readonly returnsRows: boolean
}

class NodeSqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync
  readonly #prepared = new Map<string, Prepared>()

  readonly beforeWrite: () => Promise<void>

  constructor(database: DatabaseSync, beforeWrite: () => Promise<void>) {
    this.#database = database
    this.beforeWrite = beforeWrite
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    if (!this.#database.isTransaction && !READS.test(query.sql)) await this.beforeWrite()
    return this.run<Row>(query.sql, query.parameters.map(toInput))
  }

  run<Row>(text: string, parameters: readonly SQLInputValue[]): QueryResult<Row> {
    const { statement, returnsRows } = this.#prepare(text)
    if (returnsRows) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: Kysely's types say what the columns hold
      return { rows: statement.all(...parameters) as Row[] }
    }
    const { changes } = statement.run(...parameters)
    return { rows: [], numAffectedRows: BigInt(changes) }
  }

  streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('The SQLite dialect does not stream; page through the rows instead.')
  }

  #prepare(text: string): Prepared {
    const known = this.#prepared.get(text)
    if (known !== undefined) return known
    if (this.#prepared.size >= STATEMENTS_MAX) {
      for (const oldest of this.#prepared.keys()) {
        this.#prepared.delete(oldest)
        break
      }
    }
    const statement = this.#database.prepare(text)
    const prepared = { statement, returnsRows: statement.columns().length > 0 }
    this.#prepared.set(text, prepared)
    return prepared
  }
}

function toInput(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value
  if (typeof value === 'bigint' || value instanceof Uint8Array) return value
  throw new TypeError(`SQLite cannot store a ${typeof value}.`)
}
