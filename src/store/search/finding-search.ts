/** Findings of exchanges: one by one, and grouped by what they found. */
import { sql } from 'kysely'
import type { ExchangeQuery, ExchangeSearch, FindingGroup } from '../../model/exchange-query.ts'
import type { ExchangeId } from '../../lib/ids.ts'
import type { FindingRow } from '../../model/masking.ts'
import type { IndexDb } from '../schema.ts'
import { prefixEnd } from '../index-reader.ts'
import type { CountedFingerprint } from './column-groups.ts'
import { conditionsOf } from './where-query.ts'

/** Rows of one read; whoever asks is given all of them. */
const PAGE_ROWS = 5_000

export function createFindingSearch(
  db: IndexDb,
): Pick<ExchangeSearch, 'findingsOf' | 'findingGroups'> {
  return {
    findingsOf: async (exchanges) => {
      const found: FindingRow[] = []
      if (exchanges.length === 0) return found
      for (let after: FindingRow | undefined; ; after = found.at(-1)) {
        const page = await pageOf(db, exchanges, after)
        for (const row of page) found.push(row)
        if (page.length < PAGE_ROWS) return found
      }
    },
    findingGroups: (query, limit) => groups(db, query, limit),
  }
}

/** In the order of the key of the table, which is also unique. */
function pageOf(
  db: IndexDb,
  exchanges: readonly ExchangeId[],
  after: FindingRow | undefined,
): Promise<readonly FindingRow[]> {
  let select = db.selectFrom('exchange_findings').selectAll().where('exchange', 'in', exchanges)
  if (after !== undefined)
    select = select.where(
      sql<boolean>`(exchange, direction, entity, rule, operator, fingerprint) > (${after.exchange}, ${after.direction}, ${after.entity}, ${after.rule}, ${after.operator}, ${after.fingerprint})`,
    )
  return select
    .orderBy('exchange')
    .orderBy('direction')
    .orderBy('entity')
    .orderBy('rule')
    .orderBy('operator')
    .orderBy('fingerprint')
    .limit(PAGE_ROWS)
    .execute()
}

/** One value may be seen by several rules; the first in the alphabet speaks for all. */
async function groups(
  db: IndexDb,
  query: ExchangeQuery,
  limit: number,
): Promise<readonly FindingGroup[]> {
  let select = db
    .selectFrom('exchange_findings')
    .innerJoin('exchanges', 'exchanges.id', 'exchange_findings.exchange')
  const conditions = conditionsOf(query)
  for (const condition of conditions) select = select.where(condition)
  // Of everything, an index alone says which values are in the most exchanges: only theirs are looked at then.
  if (conditions.length === 0)
    select = select.where('exchange_findings.fingerprint', 'in', mostHeld(db, limit))
  return select
    .select([
      'exchange_findings.fingerprint',
      sql<string>`min(exchange_findings.entity)`.as('entity'),
      sql<string>`min(exchange_findings.rule)`.as('rule'),
      sql<number>`count(distinct exchanges.id)`.as('exchanges'),
      sql<number>`count(distinct exchanges.conversation)`.as('conversations'),
      sql<number>`count(distinct exchanges.principal)`.as('principals'),
      sql<number>`min(exchanges.received_at_ms)`.as('firstAtMs'),
      sql<number>`max(exchanges.received_at_ms)`.as('lastAtMs'),
    ])
    .groupBy('exchange_findings.fingerprint')
    .orderBy('exchanges', 'desc')
    .orderBy('exchange_findings.fingerprint')
    .limit(limit)
    .execute()
}

function mostHeld(db: IndexDb, limit: number) {
  return db
    .selectFrom('exchange_findings')
    .select('fingerprint')
    .groupBy('fingerprint')
    .orderBy(sql`count(distinct exchange)`, 'desc')
    .orderBy('fingerprint')
    .limit(limit)
}

/** The entity and rule that speak for values that were counted by their first digits. */
export async function namedFindings(
  db: IndexDb,
  counted: readonly CountedFingerprint[],
): Promise<readonly FindingGroup[]> {
  const named: FindingGroup[] = []
  for (const { digits, ...group } of counted) {
    const row = await db
      .selectFrom('exchange_findings')
      .select(['fingerprint', 'entity', 'rule'])
      .where('fingerprint', '>=', digits)
      .where('fingerprint', '<', prefixEnd(digits) ?? '')
      .orderBy('fingerprint')
      .limit(1)
      .executeTakeFirst()
    const { fingerprint, entity, rule } = row ?? { fingerprint: digits, entity: '', rule: '' }
    named.push({ ...group, fingerprint, entity, rule })
  }
  return named
}
