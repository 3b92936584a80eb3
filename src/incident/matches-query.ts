/** Judges one exchange by a query, as the index would. */
import type { Condition, ExchangeQuery, FacetField, TextTest } from '../model/exchange-query.ts'
import { FACET_FIELDS, valuesOfRow } from '../model/exchange-query.ts'
import type { ExchangeRow } from '../model/record.ts'

export function matchesQuery(row: ExchangeRow, query: ExchangeQuery): boolean {
  if (query.sinceMs !== undefined && row.receivedAtMs < Math.ceil(query.sinceMs)) return false
  if (query.untilMs !== undefined && row.receivedAtMs > Math.floor(query.untilMs)) return false
  if (query.conversation !== undefined && row.conversation !== query.conversation) return false
  if (query.durationMsMin !== undefined && !((row.durationMs ?? -1) >= query.durationMsMin))
    return false
  if (query.durationMsMax !== undefined && !((row.durationMs ?? Infinity) <= query.durationMsMax))
    return false
  if (query.where !== undefined && !holds(row, query.where.condition)) return false
  if (query.owner !== undefined && !isOwn(row, query.owner)) return false
  return FACET_FIELDS.every((field) => {
    const wanted = query.values[field]
    const unwanted = query.not?.[field]
    const has = (value: string): boolean => suits(field, value, valuesOfRow(row, field))
    return (wanted === undefined || wanted.some(has)) && unwanted?.some(has) !== true
  })
}

export function isOwn(row: ExchangeRow, owner: NonNullable<ExchangeQuery['owner']>): boolean {
  return (
    owner.principals.includes(row.principal) ||
    (row.keyId !== null && owner.keyIds.includes(row.keyId))
  )
}

function suits(field: FacetField, wanted: string, values: readonly string[]): boolean {
  if (wanted === '') return values.length === 0
  return values.some((text) => {
    if (field === 'status' && wanted.endsWith('xx')) return text[0] === wanted[0]
    if (field === 'fingerprint') return text.startsWith(wanted.slice(0, text.length))
    if (PREFIXED.has(field) && wanted.endsWith('*')) return text.startsWith(wanted.slice(0, -1))
    return text === wanted
  })
}

const PREFIXED: ReadonlySet<FacetField> = new Set<FacetField>(['model', 'surface', 'tool'])

function holds(row: ExchangeRow, condition: Condition): boolean {
  switch (condition.kind) {
    case 'all':
      return condition.of.every((one) => holds(row, one))
    case 'any':
      return condition.of.some((one) => holds(row, one))
    case 'not':
      return !holds(row, condition.of)
    case 'compare': {
      const value = row[condition.field] ?? Number.NaN
      if (condition.operator === '<') return value < condition.value
      if (condition.operator === '<=') return value <= condition.value
      return condition.operator === '>' ? value > condition.value : value >= condition.value
    }
    case 'is': {
      const { field, test } = condition
      if (field !== 'conversation') return passes(test, valuesOfRow(row, field))
      return passes(test, row.conversation === null ? [] : [row.conversation])
    }
  }
}

function passes(test: TextTest, values: readonly string[]): boolean {
  if (test.kind === 'none') return values.length === 0
  return values.some((text) =>
    test.kind === 'exact' ? text === test.text : text.startsWith(test.text),
  )
}
