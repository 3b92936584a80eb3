/** When each trust rule let somebody in last, and who had set that off: also for rules of custody.yaml. */
import type { Kysely } from 'kysely'
import type { EngineTypes } from '../../schema.ts'

export async function trustRuleUses(db: Kysely<unknown>, types: EngineTypes): Promise<void> {
  await db.schema
    .createTable('trust_rule_uses')
    .addColumn('rule', types.text, (column) => column.notNull())
    .addColumn('actor', types.text, (column) => column.notNull())
    .addColumn('principal', types.text, (column) => column.notNull())
    .addColumn('last_used_at_ms', types.whole, (column) => column.notNull())
    .addPrimaryKeyConstraint('trust_rule_uses_key', ['rule', 'actor'])
    .modifyEnd(types.clustered)
    .execute()
}
