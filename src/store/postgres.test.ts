import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { Client } from 'pg'
import type { RunningPostgres } from '../../test/harness/postgres.ts'
import { startPostgres } from '../../test/harness/postgres.ts'
import { keyRow } from '../../test/store/samples.ts'
import { auditRow } from '../../test/store/control-contract.ts'
import { until } from '../../test/store/keys-contract.ts'
import type { FreshDatabase } from '../../test/store/store-contract.ts'
import { storeContract } from '../../test/store/store-contract.ts'
import { openStore } from './store.ts'
import type { StoreOptions } from './store.ts'

let postgres: RunningPostgres

before(async () => {
  postgres = await startPostgres()
})

after(() => postgres[Symbol.asyncDispose]())

/** Schemas that tests have left, emptied: making one runs every migration. */
const left: string[] = []
/** As they were after the migrations. The trail of audit events refuses to be emptied, but for a replica. */
const EMPTY = `do $$ declare one text; begin
  set local session_replication_role = replica;
  for one in select format('%I.%I', schemaname, tablename) from pg_tables
    where schemaname = 'NAME' and tablename not like '%migrations'
  loop execute 'delete from ' || one; end loop;
  for one in select format('%I.%I', schemaname, sequencename) from pg_sequences where schemaname = 'NAME'
  loop execute format('alter sequence %s restart', one); end loop;
end $$`

/** A schema of its own: a database of its own takes ten times longer to make. */
async function freshDatabase(): Promise<FreshDatabase> {
  const name = left.pop() ?? (await newSchema())
  return {
    options: optionsOf(name),
    [Symbol.asyncDispose]: async () => {
      await administer(EMPTY.replaceAll('NAME', name))
      left.push(name)
    },
  }
}

async function newSchema(): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await administer(`create schema ${name}`)
  return name
}

function optionsOf(schema: string): StoreOptions & { readonly kind: 'postgres' } {
  const url = new URL(postgres.url)
  url.searchParams.set('options', `-c search_path=${schema}`)
  return { kind: 'postgres', url: url.href }
}

async function administer(statement: string): Promise<void> {
  const client = new Client({ connectionString: postgres.url })
  await client.connect()
  await client.query(statement)
  await client.end()
}

storeContract('postgres', freshDatabase)

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
