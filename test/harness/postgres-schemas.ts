/** Empty databases on one PostgreSQL: a schema for each test, used again when a test has left it. */
import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import type { StoreOptions } from '../../src/store/store.ts'
import type { FreshDatabase } from '../store/store-contract.ts'

export interface PostgresSchemas {
  readonly fresh: () => Promise<FreshDatabase>
  readonly newSchema: () => Promise<string>
  readonly optionsOf: (schema: string) => StoreOptions & { readonly kind: 'postgres' }
  readonly administer: (statement: string) => Promise<void>
}

/** As they were after the migrations. The trail of audit events refuses to be emptied, but for a replica. */
const EMPTY = `do $$ declare one text; begin
  set local session_replication_role = replica;
  for one in select format('%I.%I', schemaname, tablename) from pg_tables
    where schemaname = 'NAME' and tablename not like '%migrations'
  loop execute 'delete from ' || one; end loop;
  for one in select format('%I.%I', schemaname, sequencename) from pg_sequences where schemaname = 'NAME'
  loop execute format('alter sequence %s restart', one); end loop;
end $$`

export function postgresSchemas(serverUrl: () => string): PostgresSchemas {
  /** Schemas that tests have left, emptied: making one runs every migration. */
  const left: string[] = []
  const administer: PostgresSchemas['administer'] = async (statement) => {
    const client = new Client({ connectionString: serverUrl() })
    await client.connect()
    await client.query(statement)
    await client.end()
  }
  const newSchema: PostgresSchemas['newSchema'] = async () => {
    const name = `test_${randomBytes(6).toString('hex')}`
    await administer(`create schema ${name}`)
    return name
  }
  const optionsOf: PostgresSchemas['optionsOf'] = (schema) => {
    const url = new URL(serverUrl())
    url.searchParams.set('options', `-c search_path=${schema}`)
    return { kind: 'postgres', url: url.href }
  }
  return {
    administer,
    newSchema,
    optionsOf,
    // A database of its own takes ten times longer to make.
    fresh: async () => {
      const name = left.pop() ?? (await newSchema())
      return {
        options: optionsOf(name),
        [Symbol.asyncDispose]: async () => {
          await administer(EMPTY.replaceAll('NAME', name))
          left.push(name)
        },
      }
    },
  }
}
