/** Tokens that stand for masked values. */
import type { MaskTokenTable } from '../../model/masking.ts'
import type { ControlDb } from '../schema.ts'

/** Bound parameters of one statement are limited. */
const ROWS_MAX = 200

export function createMaskTokenTable(db: ControlDb): MaskTokenTable {
  return {
    keep: async (scope, tokens) => {
      for (let from = 0; from < tokens.length; from += ROWS_MAX) {
        const rows = tokens.slice(from, from + ROWS_MAX).map(({ token, sealed, createdAtMs }) => ({
          scope,
          token,
          sealed,
          created_at_ms: createdAtMs,
        }))
        await db
          .insertInto('mask_tokens')
          .values(rows)
          .onConflict((conflict) => conflict.columns(['scope', 'token']).doNothing())
          .execute()
      }
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
      return Number(removed.numDeletedRows)
    },
  }
}
