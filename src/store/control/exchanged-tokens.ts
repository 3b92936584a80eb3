/** Short-lived tokens made by token exchange: found by hash, gone soon after they end. */
import type { Selectable } from 'kysely'
import type { KeyId } from '../../lib/ids.ts'
import type { ExchangedTokenRow, ExchangedTokenTable } from '../../model/exchanged-token.ts'
import type { ChangeEngine } from '../key-table.ts'
import { announcedChange } from '../key-table.ts'
import type { ControlDb, ControlTables } from '../schema.ts'
import { isUnstorable, storable } from './stored-text.ts'

export function createExchangedTokenTable(
  db: ControlDb,
  engine: {
    readonly changes: ChangeEngine
    readonly relaxed: (work: (db: ControlDb) => Promise<void>) => Promise<void>
  },
): ExchangedTokenTable {
  const change = announcedChange(db, engine.changes)
  return {
    // Not announced: a new token is in nobody's memory yet. Not synced: a token that a power cut undoes is asked for again.
    insert: (row) =>
      engine.relaxed(async (connection) => {
        await connection.insertInto('exchanged_tokens').values(encode(row)).execute()
      }),
    byHash: async (hash) => {
      if (isUnstorable(hash)) return null
      const row = await db
        .selectFrom('exchanged_tokens')
        .selectAll()
        .where('hash', '=', hash)
        .executeTakeFirst()
      return row === undefined ? null : decode(row)
    },
    active: async (nowMs, limit) => {
      const rows = await db
        .selectFrom('exchanged_tokens')
        .selectAll()
        .where('expires_at_ms', '>', nowMs)
        .where('revoked_at_ms', 'is', null)
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return rows.map(decode)
    },
    revoke: async (id, atMs) => {
      if (isUnstorable(id)) return false
      return change(async (transaction) => {
        const changed = await transaction
          .updateTable('exchanged_tokens')
          .set({ revoked_at_ms: atMs })
          .where('id', '=', asKeyId(id))
          .where('revoked_at_ms', 'is', null)
          .executeTakeFirst()
        return changed.numUpdatedRows > 0n
      })
    },
    removeExpired: (beforeMs) =>
      engine.relaxed(async (connection) => {
        await connection
          .deleteFrom('exchanged_tokens')
          .where('expires_at_ms', '<', beforeMs)
          .execute()
      }),
    version: engine.changes.version,
  }
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: what is compared, not what is kept
const asKeyId = (id: string): KeyId => id as KeyId

type Stored = Selectable<ControlTables['exchanged_tokens']>

function encode(row: ExchangedTokenRow): Stored {
  return {
    id: row.id,
    hash: row.hash,
    principal: storable(JSON.stringify(row.principal)),
    rule: row.rule,
    grant_type: row.grantType,
    issued_at_ms: row.issuedAtMs,
    expires_at_ms: row.expiresAtMs,
    revoked_at_ms: row.revokedAtMs,
  }
}

function decode(row: Stored): ExchangedTokenRow {
  return {
    id: row.id,
    hash: row.hash,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: `encode` wrote it
    principal: JSON.parse(row.principal) as ExchangedTokenRow['principal'],
    rule: row.rule,
    grantType: row.grant_type,
    issuedAtMs: row.issued_at_ms,
    expiresAtMs: row.expires_at_ms,
    revokedAtMs: row.revoked_at_ms,
  }
}
