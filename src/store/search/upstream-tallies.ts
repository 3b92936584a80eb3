/** Counts how the exchanges of each upstream went lately: ids begin with their time, so only the newest are read. */
import { sql } from 'kysely'
import { exchangeIdFloor } from '../../lib/ids.ts'
import type { UpstreamTally } from '../../model/exchange-query.ts'
import type { IndexDb } from '../schema.ts'

/** Too many requests is a failure of the upstream as well: it does not answer. */
const WAY = sql<UpstreamTally['way']>`case
  when outcome in ('gateway-error', 'upstream-failed') then 'failed'
  when outcome = 'answered' and (status = 429 or status between 500 and 599) then 'failed'
  when outcome = 'answered' and status between 200 and 299 then 'succeeded'
  when outcome = 'answered' then 'answered'
  else 'other' end`

export function talliesQuery(db: IndexDb, sinceMs: number) {
  return db
    .selectFrom('exchanges')
    .select([
      'upstream',
      'state',
      WAY.as('way'),
      sql<number>`count(*)`.as('count'),
      sql<UpstreamTally['newest']>`max(id)`.as('newest'),
    ])
    .where(sql<boolean>`id >= ${exchangeIdFloor(sinceMs)}`)
    .groupBy(['upstream', 'state', sql`3`])
}

export async function upstreamTallies(
  db: IndexDb,
  sinceMs: number,
): Promise<readonly UpstreamTally[]> {
  return talliesQuery(db, sinceMs).execute()
}
