/** Tokens that stand for masked values, and the exchanges that used them. */
import { sql, type SqlBool } from 'kysely'
import type { ExchangeId } from '../../lib/ids.ts'
import type { MaskToken, MaskTokenTable } from '../../model/masking.ts'
import type { ControlDb } from '../schema.ts'
import type { ControlEngine } from './control-store.ts'

/** Bound parameters of one statement are limited. */
const ROWS_MAX = 200

export function createMaskTokenTable(
  db: ControlDb,
  engine: Pick<ControlEngine, 'relaxed'>,
): MaskTokenTable {
  let areAllKnown = false
  return {
    keep: async (scope, tokens, { exchange, durable }) => {
      if (tokens.length === 0) return
      const work = (transaction: ControlDb): Promise<void> =>
        keep(transaction, scope, tokens, exchange)
      if (durable) await db.transaction().execute(work)
      else await engine.relaxed(work)
    },
    ofScope: async (scope, limit) => {
      const rows = await db
        .selectFrom('mask_tokens')
        .selectAll()
        .where('scope', '=', scope)
        .orderBy('created_at_ms', 'desc')
        .limit(limit)
        .execute()
      return rows.map(({ token, sealed, created_at_ms }) => ({
        token,
        sealed,
        createdAtMs: created_at_ms,
      }))
    },
    removeBefore: async (createdAtMs) => {
      const removed = await db
        .deleteFrom('mask_tokens')
        .where('created_at_ms', '<', createdAtMs)
        .executeTakeFirst()
      await db
        .deleteFrom('mask_token_uses')
        .where(isMissingIn('mask_tokens', 'mask_token_uses'))
        .execute()
      return Number(removed.numDeletedRows)
    },
    forget: async (exchanges) => {
      const forgotten = await db
        .transaction()
        .execute((transaction) => forget(transaction, exchanges))
      if (areAllKnown || exchanges.length === 0) return forgotten
      const strays = await forgetStrays(db)
      areAllKnown = true
      return forgotten + strays
    },
  }
}

async function keep(
  db: ControlDb,
  scope: string,
  tokens: readonly MaskToken[],
  exchange: ExchangeId,
): Promise<void> {
  for (let from = 0; from < tokens.length; from += ROWS_MAX) {
    const part = tokens.slice(from, from + ROWS_MAX)
    await db
      .insertInto('mask_tokens')
      .values(
        part.map(({ token, sealed, createdAtMs }) => ({
          scope,
          token,
          sealed,
          created_at_ms: createdAtMs,
        })),
      )
      .onConflict((conflict) => conflict.columns(['scope', 'token']).doNothing())
      .execute()
    await db
      .insertInto('mask_token_uses')
      .values(part.map(({ token }) => ({ exchange, scope, token })))
      .onConflict((conflict) => conflict.columns(['exchange', 'scope', 'token']).doNothing())
      .execute()
  }
}

async function forget(db: ControlDb, exchanges: readonly ExchangeId[]): Promise<number> {
  if (exchanges.length === 0) return 0
  const used = await db
    .selectFrom('mask_token_uses')
    .select(['scope', 'token'])
    .distinct()
    .where('exchange', 'in', exchanges)
    .execute()
  await db.deleteFrom('mask_token_uses').where('exchange', 'in', exchanges).execute()
  let forgotten = 0
  for (const { scope, token } of used) {
    const removed = await db
      .deleteFrom('mask_tokens')
      .where('scope', '=', scope)
      .where('token', '=', token)
      .where(isMissingIn('mask_token_uses', 'mask_tokens'))
      .executeTakeFirst()
    forgotten += Number(removed.numDeletedRows)
  }
  return forgotten
}

type TokenTables = 'mask_tokens' | 'mask_token_uses'

/** Whether `other` has no row of the token that a row of `table` names. */
function isMissingIn(other: TokenTables, table: TokenTables) {
  const same = (column: 'scope' | 'token') =>
    sql`${sql.ref(`${other}.${column}`)} = ${sql.ref(`${table}.${column}`)}`
  return sql<SqlBool>`not exists (select 1 from ${sql.table(other)} where ${same('scope')} and ${same('token')})`
}

/** Nobody knows who used those that were made before uses were kept, so the first erasure takes them all; no more can come. */
async function forgetStrays(db: ControlDb): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('mask_tokens')
    .where(isMissingIn('mask_token_uses', 'mask_tokens'))
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}
