/** The terms of trust rules; a rule that ended is refused by every process from its next request on. */
import { sql } from 'kysely'
import type { TrustRuleTerm, TrustRuleTermTable } from '../../model/trust.ts'
import type { ChangeEngine } from '../key-table.ts'
import { announcedChange } from '../key-table.ts'
import type { ControlDb } from '../schema.ts'
import { storable } from './stored-text.ts'

export function createTrustRuleTermTable(db: ControlDb, engine: ChangeEngine): TrustRuleTermTable {
  const change = announcedChange(db, engine)
  const put = (
    transaction: ControlDb,
    { rule, digest, sinceMs, endedAtMs, because }: TrustRuleTerm,
  ) =>
    transaction.insertInto('trust_rule_terms').values({
      rule: storable(rule),
      digest,
      since_ms: sinceMs,
      ended_at_ms: endedAtMs,
      because,
    })
  const ALL = {
    digest: sql.ref<string>('excluded.digest'),
    since_ms: sql.ref<number>('excluded.since_ms'),
    ended_at_ms: sql.ref<number | null>('excluded.ended_at_ms'),
    because: sql.ref<string>('excluded.because'),
  }
  return {
    begin: (term) =>
      change(async (transaction) => {
        await put(transaction, { ...term, endedAtMs: null, because: '' })
          .onConflict((conflict) => conflict.column('rule').doUpdateSet(ALL))
          .execute()
      }),
    end: (term) =>
      change(async (transaction) => {
        const ended = await put(transaction, term)
          .onConflict((conflict) =>
            conflict
              .column('rule')
              .doUpdateSet(ALL)
              .where((is) =>
                is.or([
                  is('trust_rule_terms.ended_at_ms', 'is', null),
                  is('trust_rule_terms.digest', '<>', term.digest),
                ]),
              ),
          )
          .executeTakeFirst()
        return (ended.numInsertedOrUpdatedRows ?? 0n) > 0n
      }),
    list: async () => {
      const rows = await db.selectFrom('trust_rule_terms').selectAll().orderBy('rule').execute()
      return rows.map((row) => ({
        rule: row.rule,
        digest: row.digest,
        sinceMs: row.since_ms,
        endedAtMs: row.ended_at_ms,
        because: row.because,
      }))
    },
  }
}
