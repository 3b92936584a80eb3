/** Last uses of trust rules by who set the job off; a power cut may undo the newest, as with keys. */
import { sql } from 'kysely'
import type { TrustRuleUseTable } from '../../model/trust.ts'
import type { ControlDb } from '../schema.ts'
import { storable } from './stored-text.ts'

export function createTrustRuleUseTable(
  db: ControlDb,
  engine: { readonly relaxed: (work: (db: ControlDb) => Promise<void>) => Promise<void> },
): TrustRuleUseTable {
  return {
    touch: async (uses) => {
      if (uses.length === 0) return
      await engine.relaxed(async (connection) => {
        for (const { rule, actor, principal, lastUsedAtMs } of uses) {
          await connection
            .insertInto('trust_rule_uses')
            .values({
              rule: storable(rule),
              actor: storable(actor),
              principal: storable(principal),
              last_used_at_ms: lastUsedAtMs,
            })
            .onConflict((conflict) =>
              conflict
                .columns(['rule', 'actor'])
                .doUpdateSet({
                  principal: sql.ref('excluded.principal'),
                  last_used_at_ms: sql.ref('excluded.last_used_at_ms'),
                })
                // Processes write in any order; the later use stays.
                .where(
                  sql.ref('trust_rule_uses.last_used_at_ms'),
                  '<',
                  sql.ref('excluded.last_used_at_ms'),
                ),
            )
            .execute()
        }
      })
    },
    list: async () => {
      const rows = await db
        .selectFrom('trust_rule_uses')
        .selectAll()
        .orderBy('rule')
        .orderBy('actor')
        .execute()
      return rows.map((row) => ({
        rule: row.rule,
        actor: row.actor,
        principal: row.principal,
        lastUsedAtMs: row.last_used_at_ms,
      }))
    },
    removeBefore: async (beforeMs) => {
      await engine.relaxed(async (connection) => {
        await connection
          .deleteFrom('trust_rule_uses')
          .where('last_used_at_ms', '<', beforeMs)
          .execute()
      })
    },
  }
}
