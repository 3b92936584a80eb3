/** Reads the filters of a request, as lists and as a written query, into a query of the index; and writes them back. */
import type { Owner } from '../incident/exchange-desk.ts'
import type { ExchangeQuery, FacetField } from '../model/exchange-query.ts'
import { FACET_FIELDS } from '../model/exchange-query.ts'
import type { QueryProblem } from '../model/query/node.ts'
import { parseQuery } from '../model/query/parse.ts'
import { bothQueries, toExchangeQuery } from '../model/query/to-query.ts'
import type { ExchangeFilterQuery } from './contract/exchanges.ts'
import { InvalidRequest } from './problem.ts'

/** The filters of a URL as a query of the index. Throws `InvalidRequest` with the place where `q` cannot be read. */
export function queryOf(filter: ExchangeFilterQuery, owner: Owner, nowMs: number): ExchangeQuery {
  const filters = listsOf(filter, owner)
  if (filter.q === undefined) return filters
  const reading = parseQuery(filter.q)
  if (reading.kind === 'problem') throw new InvalidRequest([queryProblem(reading.problem)])
  return bothQueries(filters, toExchangeQuery(reading.node, nowMs))
}

/** Characters are counted from 1, as editors do. */
export function queryProblem({ at, message, hint }: QueryProblem) {
  return { path: `q, character ${at + 1}`, message: hint === '' ? message : `${message} ${hint}` }
}

function listsOf(filter: ExchangeFilterQuery, owner: Owner): ExchangeQuery {
  const values: Record<string, readonly string[]> = {}
  for (const field of FACET_FIELDS) {
    const wanted = filter[field]
    if (wanted !== undefined) values[field] = wanted
  }
  const not = filter.not === undefined ? null : unwantedOf(filter.not)
  return {
    values,
    ...(not === null ? {} : { not }),
    ...(filter.maxDurationMs === undefined ? {} : { durationMsMax: filter.maxDurationMs }),
    ...(filter.sinceMs === undefined ? {} : { sinceMs: filter.sinceMs }),
    ...(filter.untilMs === undefined ? {} : { untilMs: filter.untilMs }),
    ...(filter.conversation === undefined ? {} : { conversation: filter.conversation }),
    ...(filter.minDurationMs === undefined ? {} : { durationMsMin: filter.minDurationMs }),
    ...(owner === null || owner === undefined ? {} : { owner }),
  }
}

/** `field:value` texts by field. */
function unwantedOf(written: readonly string[]): NonNullable<ExchangeQuery['not']> {
  const not: Partial<Record<FacetField, string[]>> = {}
  for (const text of written) {
    const colon = text.indexOf(':')
    const field = FACET_FIELDS.find((name) => name === text.slice(0, colon))
    if (field !== undefined) (not[field] ??= []).push(text.slice(colon + 1))
  }
  return not
}

/** A stored query as the filters that it was made of. */
export function filterOf(query: ExchangeQuery): Record<string, unknown> {
  const { values, not, durationMsMin, durationMsMax, owner: _owner, where, ...rest } = query
  const unwanted = Object.entries(not ?? {}).flatMap(([field, texts]) =>
    texts.map((text) => `${field}:${text}`),
  )
  return {
    ...rest,
    ...values,
    ...(where === undefined ? {} : { q: where.text }),
    ...(unwanted.length === 0 ? {} : { not: unwanted }),
    ...(durationMsMax === undefined ? {} : { maxDurationMs: durationMsMax }),
    ...(durationMsMin === undefined ? {} : { minDurationMs: durationMsMin }),
  }
}
