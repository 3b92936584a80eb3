/** The ways from one cell of the list: only this value, without it, the same an hour around, what is known of it. */
import type { Exchange } from '../../api/exchanges.ts'
import type { EntityKind } from '../../api/entities.ts'
import { formatMoment } from '../../../../src/model/query/quantities.ts'
import type { FieldName } from '../../../../src/model/query/fields.ts'
import { queryText } from '../query/grammar.ts'
import type { ColumnName } from './columns.tsx'

export interface Pivot {
  readonly says: string
  readonly of: string
  readonly to:
    | { readonly kind: 'query'; readonly q: string }
    | { readonly kind: 'entity'; readonly entity: EntityKind; readonly value: string }
}

interface PivotField {
  readonly field: FieldName
  readonly says: string
  readonly values: (exchange: Exchange) => readonly string[]
  readonly entity: EntityKind | null
}

const one = (value: string | number | null): readonly string[] =>
  value === null || value === '' ? [] : [String(value)]

const FIELDS: Partial<Record<ColumnName, PivotField>> = {
  state: { field: 'state', says: 'state', values: (row) => one(row.state), entity: null },
  status: { field: 'status', says: 'status', values: (row) => one(row.status), entity: null },
  principal: {
    field: 'principal',
    says: 'principal',
    values: (row) => one(row.principal),
    entity: 'principal',
  },
  service: {
    field: 'service',
    says: 'service',
    values: (row) => one(row.service),
    entity: 'service',
  },
  model: { field: 'model', says: 'model', values: (row) => one(row.model), entity: 'model' },
  upstream: {
    field: 'upstream',
    says: 'upstream',
    values: (row) => one(row.upstream),
    entity: 'upstream',
  },
  surface: { field: 'surface', says: 'surface', values: (row) => one(row.surface), entity: null },
  outcome: { field: 'outcome', says: 'outcome', values: (row) => one(row.outcome), entity: null },
  error: { field: 'error', says: 'error', values: (row) => one(row.errorCode), entity: null },
  key: { field: 'key', says: 'key', values: (row) => one(row.keyId), entity: 'key' },
  tools: { field: 'tool', says: 'tool', values: (row) => row.tools, entity: 'tool' },
  found: {
    field: 'fingerprint',
    says: 'found value',
    values: (row) => row.fingerprints,
    entity: 'finding',
  },
}

const HOUR_MS = 3_600_000
const VALUES_MAX = 5

/** Whether a menu of ways stands beside this cell. */
export function hasPivots(exchange: Exchange, column: ColumnName): boolean {
  return column === 'time' || (FIELDS[column]?.values(exchange).length ?? 0) > 0
}

/** `q` is the query of the list as it stands. */
export function pivotsOf(exchange: Exchange, column: ColumnName, q: string): readonly Pivot[] {
  const around = aroundOf(exchange)
  if (column === 'time')
    return [{ says: 'Everything ± 1 h', of: '', to: { kind: 'query', q: around } }]
  const shape = FIELDS[column]
  if (shape === undefined) return []
  return shape
    .values(exchange)
    .slice(0, VALUES_MAX)
    .flatMap((value) => waysOf(shape, value, around, q))
}

function aroundOf({ receivedAtMs }: Exchange): string {
  return `after:${formatMoment(receivedAtMs - HOUR_MS)} before:${formatMoment(receivedAtMs + HOUR_MS)}`
}

function waysOf(
  { field, says, entity }: PivotField,
  value: string,
  around: string,
  q: string,
): readonly Pivot[] {
  const term = queryText(field, value)
  const query = (text: string): Pivot['to'] => ({ kind: 'query', q: text.trim() })
  return [
    { says: `Only this ${says}, in this list`, of: value, to: query(joined(q, term)) },
    { says: `Without this ${says}`, of: value, to: query(joined(q, `-${term}`)) },
    { says: `Same ${says} ± 1 h`, of: value, to: query(`${term} ${around}`) },
    { says: `Same ${says}, 30 days`, of: value, to: query(`${term} last:30d`) },
    ...(entity === null
      ? []
      : [
          {
            says: `What is known of this ${says}`,
            of: value,
            to: { kind: 'entity', entity, value } as const,
          },
        ]),
  ]
}

/** A query with an `or` at its top is put in brackets, so that the term holds for all of it. */
function joined(q: string, term: string): string {
  if (q === '') return term
  return /\bor\b/iu.test(q) ? `(${q}) ${term}` : `${q} ${term}`
}
