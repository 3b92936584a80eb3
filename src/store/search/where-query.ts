/** Turns an exchange query into SQL conditions that both engines read the same way. */
import type { Expression, SqlBool } from 'kysely'
import { sql } from 'kysely'
import { exchangeIdFloor } from '../../lib/ids.ts'
import type { ExchangeQuery, FacetField } from '../../model/exchange-query.ts'
import { FACET_FIELDS } from '../../model/exchange-query.ts'
import { FINGERPRINT_DIGITS } from '../../model/masking.ts'
import { CLOCK_SLACK_MS, prefixEnd } from '../index-reader.ts'
import { keyText } from '../row-codec.ts'
import { conditionSql } from './where-condition.ts'
import { anyOf, valueCondition, valueTest } from './where-value.ts'

/** `except` leaves out one field's own filter. */
export function conditionsOf(
  query: ExchangeQuery,
  except: FacetField | null = null,
): readonly Expression<SqlBool>[] {
  const all: Expression<SqlBool>[] = []
  for (const field of FACET_FIELDS) {
    const values = query.values[field]
    if (values === undefined || field === except) continue
    if (field === 'fingerprint' && !values.includes('')) all.push(holdsFinding(values))
    all.push(anyOf(values.map((value) => valueCondition(field, valueTest(field, value)))))
    // Partial indexes are used only by a query that repeats their condition.
    if (field === 'state' && !values.includes('complete')) all.push(sql`state <> 'complete'`)
  }
  for (const field of FACET_FIELDS) {
    const unwanted = query.not?.[field]
    if (unwanted === undefined || field === except) continue
    const has = unwanted.map((value) => valueCondition(field, valueTest(field, value)))
    // What a column of null says of any value is neither yes nor no.
    all.push(sql`not coalesce(${anyOf(has)}, false)`)
  }
  if (query.conversation !== undefined) {
    all.push(sql`conversation = ${keyText(query.conversation)}`)
  }
  if (query.durationMsMin !== undefined) all.push(sql`duration_ms >= ${query.durationMsMin}`)
  if (query.durationMsMax !== undefined) all.push(sql`duration_ms <= ${query.durationMsMax}`)
  if (query.sinceMs !== undefined) {
    all.push(sql`received_at_ms >= ${Math.ceil(query.sinceMs)}`)
    all.push(sql`id >= ${exchangeIdFloor(query.sinceMs - CLOCK_SLACK_MS)}`)
  }
  if (query.untilMs !== undefined) {
    all.push(sql`received_at_ms <= ${Math.floor(query.untilMs)}`)
    all.push(sql`id < ${exchangeIdFloor(query.untilMs + CLOCK_SLACK_MS)}`)
  }
  if (query.where !== undefined) all.push(conditionSql(query.where.condition))
  if (query.owner !== undefined) {
    const { principals, keyIds } = query.owner
    all.push(
      anyOf([
        ...(principals.length === 0 ? [] : [sql<SqlBool>`principal in (${texts(principals)})`]),
        ...(keyIds.length === 0 ? [] : [sql<SqlBool>`key_id in (${texts(keyIds)})`]),
      ]),
    )
  }
  return all
}

/** The table of findings is found by fingerprint, the lists of the rows are not. */
function holdsFinding(values: readonly string[]): Expression<SqlBool> {
  const ranges = values.map((value) => {
    const text = value.slice(0, FINGERPRINT_DIGITS)
    return sql<SqlBool>`(fingerprint >= ${text} and fingerprint < ${prefixEnd(text) ?? ''})`
  })
  return sql`id in (select exchange from exchange_findings where ${anyOf(ranges)})`
}

const texts = (values: readonly string[]) => sql.join(values.map((value) => keyText(value)))
