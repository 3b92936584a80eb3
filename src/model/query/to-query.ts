/** A query as written becomes the filters of the index: terms that all must hold as lists, the rest as one condition. */
import type { Condition, ExchangeQuery, FacetField, TextTest } from '../exchange-query.ts'
import { FINGERPRINT_DIGITS } from '../masking.ts'
import { boundsOf } from './bounds.ts'
import type { Bound } from './bounds.ts'
import { fieldOf } from './fields.ts'
import type { FieldName } from './fields.ts'
import { formatQuery } from './format.ts'
import { conjuncts, joined } from './node.ts'
import type { Item, QueryNode, Term } from './node.ts'
import { readDuration, readMoment } from './quantities.ts'

type Lists = Partial<Record<FacetField, readonly string[]>>

/** Fields whose filter reads a star at the end as "begins so". */
const PREFIXED: ReadonlySet<FacetField> = new Set<FacetField>(['model', 'surface', 'tool'])

/** Facets count each field without its own filter, so what can be a list of values becomes one. */
export function toExchangeQuery(node: QueryNode | null, nowMs: number): ExchangeQuery {
  const values: Lists = {}
  const not: Lists = {}
  let span: Pick<ExchangeQuery, 'sinceMs' | 'untilMs'> = {}
  const rest: QueryNode[] = []
  for (const one of conjuncts(node)) {
    const time = one.kind === 'term' ? spanOf(one, nowMs) : null
    const listed = time === null ? asList(one) : null
    if (time !== null) span = narrowed(span, time)
    else if (listed === null) rest.push(one)
    else if (listed.isNot) not[listed.facet] = [...(not[listed.facet] ?? []), ...listed.texts]
    else if (values[listed.facet] !== undefined) rest.push(one)
    else values[listed.facet] = listed.texts
  }
  const left = joined(rest)
  return {
    values,
    ...span,
    ...(Object.keys(not).length === 0 ? {} : { not }),
    ...(left === null
      ? {}
      : { where: { text: formatQuery(left), condition: conditionOf(left, nowMs) } }),
  }
}

/** Both must hold. Lists of the same field cannot be joined into one, so the written query keeps its own. */
export function bothQueries(filters: ExchangeQuery, written: ExchangeQuery): ExchangeQuery {
  const clash = Object.entries(written.values).filter(
    ([field]) => filters.values[facetNamed(field)] !== undefined,
  )
  const conditions: Condition[] = clash.map(([field, texts]) => ({
    kind: 'any',
    of: (texts ?? []).map((text) => writtenTest(facetNamed(field), text)),
  }))
  for (const { where } of [filters, written])
    if (where !== undefined) conditions.push(where.condition)
  const text = [filters.where?.text ?? '', written.where?.text ?? '']
    .filter((one) => one !== '')
    .map((one, _n, all) => (all.length > 1 ? `(${one})` : one))
    .join(' ')
  const not: Record<string, readonly string[]> = { ...filters.not }
  for (const [field, texts] of Object.entries(written.not ?? {})) {
    not[field] = [...(not[field] ?? []), ...texts]
  }
  return {
    ...filters,
    ...narrowed(filters, written),
    values: { ...written.values, ...filters.values },
    ...(Object.keys(not).length === 0 ? {} : { not }),
    ...(conditions.length === 0
      ? {}
      : { where: { text, condition: { kind: 'all', of: conditions } } }),
  }
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a record of facet fields
const facetNamed = (field: string): FacetField => field as FacetField

function narrowed(
  a: Pick<ExchangeQuery, 'sinceMs' | 'untilMs'>,
  b: Pick<ExchangeQuery, 'sinceMs' | 'untilMs'>,
): Pick<ExchangeQuery, 'sinceMs' | 'untilMs'> {
  const since = [a.sinceMs, b.sinceMs].filter((one) => one !== undefined)
  const until = [a.untilMs, b.untilMs].filter((one) => one !== undefined)
  return {
    ...(since.length === 0 ? {} : { sinceMs: Math.max(...since) }),
    ...(until.length === 0 ? {} : { untilMs: Math.min(...until) }),
  }
}

function spanOf(term: Term, nowMs: number): Pick<ExchangeQuery, 'sinceMs' | 'untilMs'> | null {
  const [item] = term.items
  if (item?.kind !== 'text') return null
  if (term.field === 'last') return { sinceMs: Math.max(0, nowMs - (readDuration(item.text) ?? 0)) }
  if (term.field === 'after') return { sinceMs: readMoment(item.text) ?? 0 }
  return term.field === 'before' ? { untilMs: readMoment(item.text) ?? 0 } : null
}

function asList(node: QueryNode): {
  readonly facet: FacetField
  readonly texts: readonly string[]
  readonly isNot: boolean
} | null {
  const term = node.kind === 'not' ? node.of : node
  if (term.kind !== 'term') return null
  const { facet } = fieldOf(term.field)
  if (facet === null) return null
  const texts = term.items.map((item) => listText(facet, item))
  return texts.every((text) => text !== null)
    ? { facet, texts: texts.filter((text) => text !== null), isNot: node.kind === 'not' }
    : null
}

/** Null where the list filter would read something else into it. */
function listText(facet: FacetField, item: Item): string | null {
  if (item.kind !== 'text') return null
  const { text, isPrefix } = item
  if (facet === 'fingerprint') return isPrefix ? null : text
  if (!PREFIXED.has(facet)) return isPrefix ? null : text
  if (isPrefix) return `${text}*`
  return text.endsWith('*') ? null : text
}

function writtenTest(facet: FacetField, text: string): Condition {
  const isPrefix = PREFIXED.has(facet) && text.endsWith('*')
  return itemCondition(facet, {
    kind: 'text',
    text: isPrefix ? text.slice(0, -1) : text,
    isPrefix,
  })
}

export function conditionOf(node: QueryNode, nowMs: number): Condition {
  if (node.kind === 'not') return { kind: 'not', of: conditionOf(node.of, nowMs) }
  if (node.kind !== 'term') {
    const of = node.of.map((one) => conditionOf(one, nowMs))
    return { kind: node.kind === 'and' ? 'all' : 'any', of }
  }
  return { kind: 'any', of: node.items.map((item) => termCondition(node.field, item, nowMs)) }
}

function termCondition(name: FieldName, item: Item, nowMs: number): Condition {
  const { facet, number } = fieldOf(name)
  if (name === 'conversation') return { kind: 'is', field: 'conversation', test: textTest(item) }
  if (facet !== null && item.kind === 'text') return itemCondition(facet, item)
  if (number === null) return { kind: 'any', of: [] }
  if (item.kind === 'text' && SINGLES[name] !== undefined) {
    return SINGLES[name](item.text, nowMs)
  }
  const { least, most } = boundsOf(item, name)
  const of: Condition[] = []
  const bound = ({ value, isOpen }: Bound, sign: '<' | '>'): Condition => ({
    kind: 'compare',
    field: number,
    operator: isOpen ? sign : `${sign}=`,
    value,
  })
  if (least !== null) of.push(bound(least, '>'))
  if (most !== null) of.push(bound(most, '<'))
  return { kind: 'all', of }
}

const compare = (
  field: 'receivedAtMs' | 'durationMs',
  operator: '<=' | '>=',
  value: number,
): Condition => ({ kind: 'compare', field, operator, value })

const SINGLES: Readonly<Partial<Record<FieldName, (text: string, nowMs: number) => Condition>>> = {
  last: (text, nowMs) => compare('receivedAtMs', '>=', nowMs - (readDuration(text) ?? 0)),
  after: (text) => compare('receivedAtMs', '>=', readMoment(text) ?? 0),
  before: (text) => compare('receivedAtMs', '<=', readMoment(text) ?? 0),
  slower: (text) => compare('durationMs', '>=', readDuration(text) ?? 0),
  faster: (text) => compare('durationMs', '<=', readDuration(text) ?? 0),
}

function itemCondition(facet: FacetField, item: Item & { readonly kind: 'text' }): Condition {
  const { text, isPrefix } = item
  if (facet === 'status' && text !== '') {
    const from = text.endsWith('xx') ? Number(text[0]) * 100 : Number(text)
    const to = text.endsWith('xx') ? from + 99 : from
    return {
      kind: 'all',
      of: [
        { kind: 'compare', field: 'status', operator: '>=', value: from },
        { kind: 'compare', field: 'status', operator: '<=', value: to },
      ],
    }
  }
  if (facet === 'fingerprint' && (isPrefix || text !== '')) {
    const digits = text.slice(0, FINGERPRINT_DIGITS)
    const kind = digits.length < FINGERPRINT_DIGITS ? 'prefix' : 'exact'
    return { kind: 'is', field: facet, test: { kind, text: digits } }
  }
  return { kind: 'is', field: facet, test: textTest(item) }
}

function textTest(item: Item): TextTest {
  if (item.kind !== 'text') return { kind: 'none' }
  if (item.isPrefix) return { kind: 'prefix', text: item.text }
  return item.text === '' ? { kind: 'none' } : { kind: 'exact', text: item.text }
}
