/** A parsed query as the filters of the API, and the stretch of time it speaks of. */
import type { Filters } from '../../api/exchanges.ts'
import { FIELDS } from './fields.ts'
import type { FieldName } from './fields.ts'
import { formatMoment, readDuration, readMoment } from './moments.ts'
import type { Query, Term } from './grammar.ts'

export const LAST_DEFAULT = '24h'

/** `slides`: the end is now, and moves on. */
export interface TimeWindow {
  readonly fromMs: number
  readonly toMs: number
  readonly slides: boolean
}

export function timeWindow(query: Query, nowMs: number): TimeWindow {
  const after = single(query, 'after')
  const before = single(query, 'before')
  const lengthMs = readDuration(single(query, 'last') ?? LAST_DEFAULT) ?? 86_400_000
  const toMs = before === null ? nowMs : (readMoment(before) ?? nowMs)
  const fromMs = after === null ? toMs - lengthMs : (readMoment(after) ?? toMs - lengthMs)
  return { fromMs: Math.max(0, fromMs), toMs: Math.max(fromMs + 1, toMs), slides: before === null }
}

/** The end of a window that slides is left open, so what happens next belongs to the list. */
export function filtersOf(query: Query, window: TimeWindow): Filters {
  const filters: Record<string, unknown> = { sinceMs: window.fromMs }
  if (!window.slides) filters['untilMs'] = window.toMs
  const not: string[] = []
  for (const { field, values, isNot } of query.terms) {
    const { parameter } = FIELDS[field]
    if (parameter !== null && isNot === true) {
      not.push(...values.map((value) => `${parameter}:${value}`))
    } else if (parameter !== null) {
      const earlier = filters[parameter]
      filters[parameter] = Array.isArray(earlier) ? [...new Set([...earlier, ...values])] : values
    }
  }
  if (not.length > 0) filters['not'] = [...new Set(not)]
  const faster = single(query, 'faster')
  if (faster !== null) filters['maxDurationMs'] = readDuration(faster) ?? 0
  const slower = single(query, 'slower')
  if (slower !== null) filters['minDurationMs'] = readDuration(slower) ?? 0
  const conversation = single(query, 'conversation')
  if (conversation !== null) filters['conversation'] = conversation
  return filters
}

export function valuesOf(query: Query, field: FieldName): readonly string[] {
  return query.terms
    .filter((term) => term.field === field && term.isNot !== true)
    .flatMap(({ values }) => values)
}

/** Adds the value, or takes it away when it is there. Terms of one field are joined into one. */
export function toggleValue(query: Query, field: FieldName, value: string): Query {
  const now = valuesOf(query, field)
  return withValues(
    query,
    field,
    now.includes(value) ? now.filter((one) => one !== value) : [...now, value],
  )
}

/** Keeps the place of the field in the text; no values take it out. */
export function withValues(query: Query, field: FieldName, values: readonly string[]): Query {
  const terms: Term[] = []
  let placed = values.length === 0
  for (const term of query.terms) {
    if (term.field !== field || term.isNot === true) terms.push(term)
    else if (!placed) {
      terms.push({ field, values })
      placed = true
    }
  }
  if (!placed) terms.push({ field, values })
  return { ...query, terms }
}

export function withLast(query: Query, last: string): Query {
  const bare = withValues(withValues(query, 'after', []), 'before', [])
  return withValues(bare, 'last', last === LAST_DEFAULT ? [] : [last])
}

export function withBetween(query: Query, fromMs: number, toMs: number): Query {
  const bare = withValues(query, 'last', [])
  const from = withValues(bare, 'after', [formatMoment(fromMs)])
  return withValues(from, 'before', [formatMoment(toMs)])
}

function single(query: Query, field: FieldName): string | null {
  return valuesOf(query, field).at(-1) ?? null
}
