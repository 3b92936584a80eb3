/** The index and its searches on PostgreSQL, with four times the samples of the quick tests. */
import { after, before } from 'node:test'
import { startPostgres } from '../harness/postgres.ts'
import type { RunningPostgres } from '../harness/postgres.ts'
import { postgresSchemas } from '../harness/postgres-schemas.ts'
import { indexContract } from '../store/index-contract.ts'
import { searchContract } from '../store/search-contract.ts'

let postgres: RunningPostgres

before(async () => {
  postgres = await startPostgres()
})

after(() => postgres[Symbol.asyncDispose]())

const { fresh } = postgresSchemas(() => postgres.url)
const SHARE = 2

indexContract('postgres', fresh, SHARE)
searchContract('postgres', fresh, SHARE)
