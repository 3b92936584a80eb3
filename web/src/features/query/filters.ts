/** A query as the filters of the API, the stretch of time it speaks of, and the changes that clicks make to it. */
import type { Filters } from '../../api/exchanges.ts'
import type { FieldName } from '../../../../src/model/query/fields.ts'
import type { QueryNode, Term } from '../../../../src/model/query/node.ts'
import { formatMoment, readDuration, readMoment } from '../../../../src/model/query/quantities.ts'
import { readQuery, writeQuery } from './grammar.ts'
import type { Query } from './grammar.ts'

export const LAST_DEFAULT = '24h'

/** `slides`: the end is now, and moves on. */
export interface TimeWindow {
  readonly fromMs: number
  readonly toMs: number
  readonly slides: boolean
}

const WINDOW_FIELDS: ReadonlySet<FieldName> = new Set<FieldName>(['last', 'after', 'before'])

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
  const q = writeQuery({ ...query, all: query.all.filter((node) => !isWindow(node)) })
  return {
    sinceMs: window.fromMs,
    ...(window.slides ? {} : { untilMs: window.toMs }),
    ...(q === '' ? {} : { q }),
  }
}

/** For what watches on and on: an alert has no stretch of time. */
export function withoutWindow(text: string): string {
  const query = readQuery(text)
  return writeQuery({ ...query, all: query.all.filter((node) => !isWindow(node)) })
}

function isWindow(node: QueryNode): boolean {
  return node.kind === 'term' && WINDOW_FIELDS.has(node.field)
}

/** Values that must be there, as plain texts; a star stands behind a beginning. */
export function valuesOf(query: Query, field: FieldName): readonly string[] {
  return query.all
    .filter((node): node is Term => node.kind === 'term' && node.field === field)
    .flatMap(({ items }) => items)
    .flatMap((item) => (item.kind === 'text' ? [item.text + (item.isPrefix ? '*' : '')] : []))
}

/** Adds the value, or takes it away when it is there. Values of one field are alternatives. */
export function toggleValue(query: Query, field: FieldName, value: string): Query {
  const now = valuesOf(query, field)
  return withValues(
    query,
    field,
    now.includes(value) ? now.filter((one) => one !== value) : [...now, value],
  )
}

/** Keeps the place of the field in the text; no values take it out. */
function withValues(query: Query, field: FieldName, values: readonly string[]): Query {
  const term: Term = { kind: 'term', field, items: values.map(itemOf(query, field)) }
  const all: QueryNode[] = []
  let placed = values.length === 0
  for (const node of query.all) {
    if (node.kind !== 'term' || node.field !== field) all.push(node)
    else if (!placed) {
      all.push(term)
      placed = true
    }
  }
  if (!placed) all.push(term)
  return { ...query, all }
}

/** A value that was there keeps what its star means; one that comes from a count is taken by the letter. */
function itemOf(query: Query, field: FieldName) {
  const known = query.all
    .filter((node): node is Term => node.kind === 'term' && node.field === field)
    .flatMap(({ items }) => items)
  return (value: string): Term['items'][number] =>
    known.find(
      (item) => item.kind === 'text' && item.text + (item.isPrefix ? '*' : '') === value,
    ) ?? { kind: 'text', text: value, isPrefix: false }
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
