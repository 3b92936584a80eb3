/** Gateway keys in the control database; hashes go in, the key itself never does. */
import { sql } from 'kysely'
import type { KeyRow, KeyTable } from '../model/keys.ts'
import type { ControlDb, GatewayKeyTable } from './schema.ts'

/** What the engines do differently: how a change that every request depends on is told to every process. */
export interface ChangeEngine {
  readonly version: () => number
  /** Inside the changing transaction: other processes learn of it when it commits. */
  readonly announce: (transaction: ControlDb) => Promise<void>
  /** After the commit: this process learns of it. */
  readonly committed: () => void
}

export interface KeyEngine extends ChangeEngine {
  /** Runs writes that a power cut may undo. */
  readonly relaxed: (work: (db: ControlDb) => Promise<void>) => Promise<void>
}

const TOUCHES_MAX = 500

type Change = <Result>(work: (db: ControlDb) => Promise<Result>) => Promise<Result>

/** Runs a change in a transaction that tells every process of it. */
export function announcedChange(db: ControlDb, engine: ChangeEngine): Change {
  return async (work) => {
    const result = await db.transaction().execute(async (transaction) => {
      const value = await work(transaction)
      await engine.announce(transaction)
      return value
    })
    engine.committed()
    return result
  }
}

export function createKeyTable(db: ControlDb, engine: KeyEngine): KeyTable {
  const change = announcedChange(db, engine)
  const one = async (column: 'id' | 'hash', value: string): Promise<KeyRow | null> => {
    if (isUnstorable(value)) return null
    const row = await db
      .selectFrom('gateway_keys')
      .selectAll()
      .where(sql.ref(column), '=', value)
      .executeTakeFirst()
    return row === undefined ? null : decodeKey(row)
  }
  return {
    insert: (row) =>
      change(async (transaction) => {
        await transaction.insertInto('gateway_keys').values(encodeKey(row)).execute()
      }),
    byHash: (hash) => one('hash', hash),
    byId: (id) => one('id', id),
    list: async () => {
      const rows = await db.selectFrom('gateway_keys').selectAll().orderBy('id').execute()
      return rows.map(decodeKey)
    },
    revoke: async (id, atMs) => {
      if (isUnstorable(id)) return false
      return change(async (transaction) => {
        const changed = await transaction
          .updateTable('gateway_keys')
          .set({ revoked_at_ms: atMs })
          .where(sql.ref('id'), '=', id)
          .where('revoked_at_ms', 'is', null)
          .executeTakeFirst()
        return changed.numUpdatedRows > 0n
      })
    },
    handOver: (which, to) =>
      change(async (transaction) => {
        const query = transaction
          .updateTable('gateway_keys')
          .set({ owner: to })
          .where('revoked_at_ms', 'is', null)
        const changed = await (
          'id' in which
            ? query.where(sql.ref('id'), '=', which.id)
            : query.where('owner', '=', which.from)
        ).executeTakeFirst()
        return Number(changed.numUpdatedRows)
      }),
    renew: (id, { hash, hint, expiresAtMs }) =>
      change(async (transaction) => {
        const changed = await transaction
          .updateTable('gateway_keys')
          .set({ hash, hint, expires_at_ms: expiresAtMs })
          .where(sql.ref('id'), '=', id)
          .where('revoked_at_ms', 'is', null)
          .executeTakeFirst()
        return changed.numUpdatedRows > 0n
      }),
    expire: (id, atMs) =>
      change(async (transaction) => {
        const changed = await transaction
          .updateTable('gateway_keys')
          .set({ expires_at_ms: atMs })
          .where(sql.ref('id'), '=', id)
          .where('revoked_at_ms', 'is', null)
          .where((where) =>
            where.or([where('expires_at_ms', 'is', null), where('expires_at_ms', '>', atMs)]),
          )
          .executeTakeFirst()
        return changed.numUpdatedRows > 0n
      }),
    touch: async (uses) => {
      // In id order, so that two processes lock the rows in the same order.
      const all = [...uses].sort(([a], [b]) => (a < b ? -1 : 1))
      await engine.relaxed(async (connection) => {
        for (let start = 0; start < all.length; start += TOUCHES_MAX) {
          await touchSome(connection, all.slice(start, start + TOUCHES_MAX))
        }
      })
    },
    version: engine.version,
  }
}

async function touchSome(
  db: ControlDb,
  uses: readonly (readonly [id: string, atMs: number])[],
): Promise<void> {
  const rows = sql.join(uses.map(([id, atMs]) => sql`(${id}, cast(${atMs} as bigint))`))
  // `column1` and `column2` are what both engines call the columns of VALUES.
  await sql`
    update gateway_keys set last_used_at_ms = used.at_ms
    from (select column1 as id, column2 as at_ms from (values ${rows}) as listed) as used
    where gateway_keys.id = used.id and coalesce(gateway_keys.last_used_at_ms, -1) < used.at_ms
  `.execute(db)
}

/** PostgreSQL answers a NUL in a text with an error; no stored key has one. */
function isUnstorable(value: string): boolean {
  return value.includes('\0')
}

function encodeKey(row: KeyRow): GatewayKeyTable {
  return {
    id: row.id,
    hash: row.hash,
    hint: row.hint,
    name: row.name,
    owner: row.owner,
    service: row.service,
    allowed_upstreams: row.allowedUpstreams === null ? null : JSON.stringify(row.allowedUpstreams),
    allowed_models: row.allowedModels === null ? null : JSON.stringify(row.allowedModels),
    created_at_ms: row.createdAtMs,
    expires_at_ms: row.expiresAtMs,
    revoked_at_ms: row.revokedAtMs,
    last_used_at_ms: row.lastUsedAtMs,
  }
}

function decodeKey(stored: GatewayKeyTable): KeyRow {
  return {
    id: stored.id,
    hash: stored.hash,
    hint: stored.hint,
    name: stored.name,
    owner: stored.owner,
    service: stored.service,
    allowedUpstreams: decodeList(stored.allowed_upstreams),
    allowedModels: decodeList(stored.allowed_models),
    createdAtMs: stored.created_at_ms,
    expiresAtMs: stored.expires_at_ms,
    revokedAtMs: stored.revoked_at_ms,
    lastUsedAtMs: stored.last_used_at_ms,
  }
}

/** A list that cannot be read must not become "no restriction", so it throws. */
function decodeList(text: string | null): readonly string[] | null {
  if (text === null) return null
  const list: unknown = JSON.parse(text)
  if (!Array.isArray(list) || !list.every((item) => typeof item === 'string')) {
    throw new Error('A gateway key holds an allow list that is not a list of texts.')
  }
  return list
}
