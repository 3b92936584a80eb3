import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { Kysely } from 'kysely'
import { placeDatabases } from '../../test/harness/made-databases.ts'
import type { FreshDatabase } from '../../test/store/store-contract.ts'
import { storeContract } from '../../test/store/store-contract.ts'
import { EPOCH_MS, batchOf, closedRow, exchangeId, keyRow } from '../../test/store/samples.ts'
import type { ExchangeFilter } from './exchange-index.ts'
import { listQuery } from './index-reader.ts'
import type { IndexTables } from './schema.ts'
import { NodeSqliteDialect } from './sqlite/node-sqlite-dialect.ts'
import { talliesQuery } from './search/upstream-tallies.ts'
import { openStore } from './store.ts'

interface FreshFolder extends FreshDatabase {
  readonly folder: string
}

async function freshFolder(): Promise<FreshFolder> {
  const parent = mkdtempSync(join(tmpdir(), 'custody-store-'))
  const folder = join(parent, 'data')
  return {
    folder,
    options: { kind: 'sqlite', folder },
    [Symbol.asyncDispose]: async () => rmSync(parent, { recursive: true, force: true }),
  }
}

/** A folder where the migrations have run. */
async function migratedFolder(): Promise<FreshDatabase> {
  const fresh = await freshFolder()
  await placeDatabases(fresh.folder)
  return fresh
}

storeContract('sqlite', migratedFolder)

test('a store that is opened for the first time holds what one has that was there before', async () => {
  await using fresh = await freshFolder()
  await using before = await freshFolder()
  await placeDatabases(before.folder)
  for (const { options } of [fresh, before]) await (await openStore(options))[Symbol.asyncDispose]()
  for (const name of ['index.db', 'control.db']) {
    const [one, other] = [fresh, before].map(({ folder }) => {
      using file = new DatabaseSync(join(folder, name))
      return file.prepare('select type, name, sql from sqlite_schema order by name').all()
    })
    assert.ok(one !== undefined && one.length > 10)
    assert.deepEqual(one, other)
  }
})

test('the database files belong to their owner alone', async () => {
  await using fresh = await freshFolder()
  await using store = await openStore(fresh.options)
  await store.keys.insert(keyRow(1))
  await store.index.apply(batchOf({ exchanges: [closedRow(1)] }))
  assert.equal(statSync(fresh.folder).mode & 0o777, 0o700)
  for (const name of ['index.db', 'control.db']) {
    for (const file of [name, `${name}-wal`, `${name}-shm`]) {
      assert.equal(statSync(join(fresh.folder, file)).mode & 0o777, 0o600, file)
    }
  }
})

test('processes that start at once on an empty folder all open it', async () => {
  await using fresh = await freshFolder()
  const script = `
    const { openStore } = await import(${JSON.stringify(import.meta.resolve('./store.ts'))})
    await using store = await openStore(${JSON.stringify(fresh.options)})
    console.log((await store.keys.list()).length)
  `
  const run = promisify(execFile)
  const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script]
  const runs = await Promise.all(Array.from({ length: 4 }, () => run(process.execPath, flags)))
  for (const { stdout } of runs) assert.equal(stdout, '0\n')
})

test('a change of a key by another process is seen by the very next version', async () => {
  await using fresh = await freshFolder()
  await using store = await openStore(fresh.options)
  await using other = await openStore(fresh.options)
  const row = keyRow(1)
  await other.keys.insert(row)
  const before = store.keys.version()
  assert.equal(store.keys.version(), before)
  await other.keys.revoke(row.id, 5)
  assert.notEqual(store.keys.version(), before)
})

test('a folder written by a newer version is refused', async () => {
  await using fresh = await freshFolder()
  await (await openStore(fresh.options))[Symbol.asyncDispose]()
  const control = new DatabaseSync(join(fresh.folder, 'control.db'))
  control.exec("insert into control_migrations (name) values ('999-from-the-future')")
  control.close()
  await assert.rejects(openStore(fresh.options), /newer version of Custody.*999-from-the-future/)
})

test('a file that is no database is refused', async () => {
  await using fresh = await freshFolder()
  await (await openStore(fresh.options))[Symbol.asyncDispose]()
  writeFileSync(
    join(fresh.folder, 'control.db'),
    'not a database, but long enough to look like one',
  )
  await assert.rejects(openStore(fresh.options), /^Error: control.db cannot be used.*backup/)
})

test('every filter is answered from an index of its own, newest first, without sorting', async () => {
  await using fresh = await freshFolder()
  await (await openStore(fresh.options))[Symbol.asyncDispose]()
  using file = new DatabaseSync(join(fresh.folder, 'index.db'))
  const db = new Kysely<IndexTables>({ dialect: new NodeSqliteDialect(file) })
  const plan = (filter: Partial<ExchangeFilter>): string => {
    const { sql, parameters } = listQuery(db, { limit: 9, ...filter }).compile()
    const values = parameters.map((value) => (typeof value === 'number' ? value : String(value)))
    const steps = file.prepare(`explain query plan ${sql}`).all(...values)
    return steps.map((step) => String(step['detail'])).join('; ')
  }
  const tallies = talliesQuery(db, EPOCH_MS).compile()
  const [first] = file
    .prepare(`explain query plan ${tallies.sql}`)
    .all(...tallies.parameters.map(String))
  assert.match(String(first?.['detail']), /^SEARCH exchanges USING .*\(id>\?\)$/)
  assert.equal(
    plan({ principal: 'a' }),
    'SEARCH exchanges USING INDEX exchanges_principal (principal=?)',
  )
  assert.equal(plan({ service: 'a' }), 'SEARCH exchanges USING INDEX exchanges_service (service=?)')
  assert.equal(plan({ keyId: 'a' }), 'SEARCH exchanges USING INDEX exchanges_key_id (key_id=?)')
  assert.equal(plan({ model: 'a' }), 'SEARCH exchanges USING INDEX exchanges_model (model=?)')
  assert.equal(
    plan({ upstream: 'a' }),
    'SEARCH exchanges USING INDEX exchanges_upstream (upstream=?)',
  )
  assert.equal(plan({ state: 'open' }), 'SEARCH exchanges USING INDEX exchanges_state (state=?)')
  assert.equal(plan({ status: 503 }), 'SEARCH exchanges USING INDEX exchanges_status (status=?)')
  for (const common of [{}, { state: 'complete' }, { status: 200 }] as const) {
    assert.equal(plan(common), 'SCAN exchanges')
  }
  assert.equal(
    plan({ sinceMs: EPOCH_MS, untilMs: EPOCH_MS + 5 }),
    'SEARCH exchanges USING PRIMARY KEY (id>? AND id<?)',
  )
})

test('a mask token of before uses were kept goes with the first erasure, and no other does', async () => {
  await using fresh = await freshFolder()
  await using store = await openStore(fresh.options)
  const { maskTokens } = store.control
  const token = { token: '<X_1>', sealed: 'sealed', createdAtMs: 1 }
  await maskTokens.keep('a', [token], { exchange: exchangeId(1), durable: true })
  {
    using database = new DatabaseSync(join(fresh.folder, 'control.db'))
    database.exec(`insert into mask_tokens values ('b', '<Y_1>', 'older', 1)`)
  }
  assert.equal(await maskTokens.forget([]), 0)
  assert.equal((await maskTokens.ofScope('b', 9)).length, 1)
  assert.equal(await maskTokens.forget([exchangeId(7)]), 1)
  assert.deepEqual(await maskTokens.ofScope('b', 9), [])
  assert.deepEqual(await maskTokens.ofScope('a', 9), [token])
})
