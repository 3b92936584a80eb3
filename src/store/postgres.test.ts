import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Client } from 'pg'
import type { RunningPostgres } from '../../test/harness/postgres.ts'
import { startPostgres } from '../../test/harness/postgres.ts'
import { postgresSchemas } from '../../test/harness/postgres-schemas.ts'
import { keyRow } from '../../test/store/samples.ts'
import { auditRow } from '../../test/store/control-contract.ts'
import { until } from '../../test/store/keys-contract.ts'
import { storeContract } from '../../test/store/store-contract.ts'
import { openStore } from './store.ts'

let postgres: RunningPostgres

before(async () => {
  postgres = await startPostgres()
})

after(() => postgres[Symbol.asyncDispose]())

const {
  fresh: freshDatabase,
  newSchema,
  optionsOf,
  administer,
} = postgresSchemas(() => postgres.url)

/** SQLite takes all of the samples, and the long suite takes more of them than both. */
const SHARE = 0.5

storeContract('postgres', freshDatabase, SHARE)

test('while nothing can be heard every call gives another version', async () => {
  await using database = await freshDatabase()
  await using store = await openStore(database.options)
  await until(() => store.keys.version() === store.keys.version())
  await administer(
    "select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%' or query = 'select 1'",
  )
  await until(() => store.keys.version() !== store.keys.version())
})

test('after the database was away, changes are heard again', async () => {
  await using database = await freshDatabase()
  await using store = await openStore(database.options)
  const first = store.keys.version()
  assert.equal(store.keys.version(), first)
  await postgres.restart()
  await until(() => store.keys.version() !== first)
  await until(() => store.keys.version() === store.keys.version())
  await using other = await openStore(database.options)
  const heard = store.keys.version()
  await other.keys.insert(keyRow(1))
  await until(() => store.keys.version() !== heard)
  assert.equal(store.keys.version(), store.keys.version())
  assert.equal((await store.keys.list()).length, 1)
})

test('a database written by a newer version is refused', async () => {
  const options = optionsOf(await newSchema())
  await (await openStore(options))[Symbol.asyncDispose]()
  const client = new Client({ connectionString: options.url })
  await client.connect()
  await client.query("insert into index_migrations (name) values ('999-from-the-future')")
  await client.end()
  await assert.rejects(openStore(options), /newer version of Custody.*999-from-the-future/)
})

test('a database that cannot be reached is an error', async () => {
  await assert.rejects(openStore({ kind: 'postgres', url: 'postgres://a:b@127.0.0.1:1/none' }))
})

test('the trail cannot be changed, deleted or emptied, not even in the database', async () => {
  await using database = await freshDatabase()
  await using store = await openStore(database.options)
  await store.control.audit.append(auditRow(1))
  assert.ok(database.options.kind === 'postgres')
  const client = new Client({ connectionString: database.options.url })
  await client.connect()
  try {
    for (const deed of [
      "update audit_events set outcome = 'done'",
      'delete from audit_events',
      'truncate audit_events',
    ]) {
      await assert.rejects(client.query(deed), /append-only/)
    }
  } finally {
    await client.end()
  }
  assert.deepEqual(await store.control.audit.list({ limit: 9 }), [auditRow(1)])
})
