/** Since when each trust rule stands as it does, and which of them ended: also for rules of custody.yaml. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function trustRuleTerms(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .createTable('trust_rule_terms')
    .addColumn('rule', types.text, (column) => column.primaryKey().notNull())
    .addColumn('digest', types.text, (column) => column.notNull())
    .addColumn('since_ms', types.whole, (column) => column.notNull())
    .addColumn('ended_at_ms', types.whole)
    .addColumn('because', types.text, (column) => column.notNull())
    .modifyEnd(types.clustered)
    .execute()
}
