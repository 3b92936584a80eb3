/** Opens connections to the shared PostgreSQL that outlive its restarts, and read whole numbers as numbers. */
import { Pool, types, type CustomTypesConfig } from 'pg'

const CONNECT_TIMEOUT_MS = 10_000

/** Whole numbers in our tables stay below 2^53; pg gives them as texts unless told. */
const wholeNumbers: CustomTypesConfig['getTypeParser'] = (oid, format) =>
  oid === types.builtins.INT8 ? Number : types.getTypeParser(oid, format)

interface PoolOptions {
  readonly connectionsMax: number
  /** A connection whose other end is gone says nothing; nobody must wait for it for ever. */
  readonly queryTimeoutMs: number
}

export function openPool(url: string, { connectionsMax, queryTimeoutMs }: PoolOptions): Pool {
  const pool = new Pool({
    connectionString: url,
    max: connectionsMax,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
    allowExitOnIdle: true,
    types: { getTypeParser: wholeNumbers },
  })
  // A lost connection is replaced on the next query; without a listener it would end the process. The pool listens to idle
  // ones only: one that is lost between two queries of a transaction needs a listener of its own.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}
