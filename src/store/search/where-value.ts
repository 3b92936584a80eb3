/** One value of one field as SQL, and how a written value is read. */
import type { Expression, SqlBool } from 'kysely'
import { sql } from 'kysely'
import type { FacetField, ListField } from '../../model/exchange-query.ts'
import { isListField } from '../../model/exchange-query.ts'
import { FINGERPRINT_DIGITS } from '../../model/masking.ts'
import { prefixEnd } from '../index-reader.ts'
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

export function anyOf(conditions: readonly Expression<SqlBool>[]): Expression<SqlBool> {
  if (conditions.length === 0) return sql`1 = 0`
  return sql`(${sql.join(conditions, sql` or `)})`
}

export function valueCondition(field: FacetField, test: ValueTest): Expression<SqlBool> {
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
  const begins = isNumber ? sql`cast(${column} as text)` : column
  const end = prefixEnd(test.text)
  return end === null
    ? sql`(${begins} >= ${test.text} and ${begins} <> '')`
    : sql`(${begins} >= ${test.text} and ${begins} < ${end} and ${begins} <> '')`
}

function itemCondition(field: ListField, test: ValueTest): Expression<SqlBool> {
  const column = sql.ref(FACET_COLUMNS[field])
  if (test.kind === 'none') return sql`${column} = ''`
  if (test.kind === 'status-class') return sql`1 = 0`
  const part = test.kind === 'exact' ? listItem(test.text) : listItem(test.text).slice(0, -1)
  // Both engines know `replace`; a text in which something can be replaced has it.
  return sql`replace(${column}, ${part}, '') <> ${column}`
}
