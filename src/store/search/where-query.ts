/** Turns an exchange query into SQL conditions that both engines read the same way. */
import type { Expression, SqlBool } from 'kysely'
import { sql } from 'kysely'
import { exchangeIdFloor } from '../../lib/ids.ts'
import type { ExchangeQuery, FacetField, ListField } from '../../model/exchange-query.ts'
import { FACET_FIELDS, isListField } from '../../model/exchange-query.ts'
import { FINGERPRINT_DIGITS } from '../../model/masking.ts'
import { CLOCK_SLACK_MS, prefixEnd } from '../index-reader.ts'
import { keyText, listItem } from '../row-codec.ts'
import type { ExchangeTable } from '../schema.ts'

export const FACET_COLUMNS = {
  state: 'state',
  outcome: 'outcome',
  status: 'status',
  errorCode: 'error_code',
  principal: 'principal',
  service: 'service',
  keyId: 'key_id',
  upstream: 'upstream',
  model: 'model',
  dialect: 'dialect',
  surface: 'surface',
  route: 'route',
  finding: 'findings_in',
  entity: 'entities',
  rule: 'rules',
  fingerprint: 'fingerprints',
  tool: 'tools',
  verdict: 'verdict',
  policyRule: 'policy_rules',
  tag: 'tags',
} as const satisfies Record<FacetField, keyof ExchangeTable>

const PREFIXED: ReadonlySet<FacetField> = new Set<FacetField>(['model', 'surface', 'tool'])
export type ValueTest =
  | { readonly kind: 'none' }
  | { readonly kind: 'exact'; readonly text: string }
  | { readonly kind: 'prefix'; readonly text: string }
  | { readonly kind: 'status-class'; readonly hundreds: number }

/** What one written value of a field asks for; SQL and the column table must agree on it. */
export function valueTest(field: FacetField, written: string): ValueTest {
  if (written === '') return { kind: 'none' }
  if (field === 'status' && written.endsWith('xx')) {
    return { kind: 'status-class', hundreds: Number(written[0]) }
  }
  if (field === 'fingerprint' && written.length < FINGERPRINT_DIGITS) {
    return { kind: 'prefix', text: keyText(written) }
  }
  if (field === 'fingerprint') return { kind: 'exact', text: written.slice(0, FINGERPRINT_DIGITS) }
  if (PREFIXED.has(field) && written.endsWith('*')) {
    return { kind: 'prefix', text: keyText(written.slice(0, -1)) }
  }
  return { kind: 'exact', text: keyText(written) }
}

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

function anyOf(conditions: readonly Expression<SqlBool>[]): Expression<SqlBool> {
  if (conditions.length === 0) return sql`1 = 0`
  return sql`(${sql.join(conditions, sql` or `)})`
}

function valueCondition(field: FacetField, test: ValueTest): Expression<SqlBool> {
  if (isListField(field)) return itemCondition(field, test)
  const column = sql.ref(FACET_COLUMNS[field])
  const isNumber = field === 'status'
  if (test.kind === 'none') {
    return isNumber ? sql`${column} is null` : sql`(${column} is null or ${column} = '')`
  }
  if (test.kind === 'status-class') {
    const from = test.hundreds * 100
    return sql`(${column} >= ${from} and ${column} < ${from + 100})`
  }
  if (test.kind === 'exact') {
    return sql`${column} = ${isNumber ? Number(test.text) || -1 : test.text}`
  }
  const end = prefixEnd(test.text)
  return end === null
    ? sql`(${column} >= ${test.text} and ${column} <> '')`
    : sql`(${column} >= ${test.text} and ${column} < ${end} and ${column} <> '')`
}

function itemCondition(field: ListField, test: ValueTest): Expression<SqlBool> {
  const column = sql.ref(FACET_COLUMNS[field])
  if (test.kind === 'none') return sql`${column} = ''`
  if (test.kind === 'status-class') return sql`1 = 0`
  const part = test.kind === 'exact' ? listItem(test.text) : listItem(test.text).slice(0, -1)
  // Both engines know `replace`; a text in which something can be replaced has it.
  return sql`replace(${column}, ${part}, '') <> ${column}`
}
