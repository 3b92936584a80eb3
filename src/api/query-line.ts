/** A stored query as one line for people: what was written, the times, and the filters beside it. */
import type { ExchangeQuery } from '../model/exchange-query.ts'
import { formatMoment } from '../model/query/quantities.ts'
import { filterOf } from './filter-query.ts'

export function queryLine(query: ExchangeQuery): string {
  const { q, sinceMs, untilMs, ...filters } = filterOf(query)
  const texts = Object.entries(filters).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => `${name}:${String(one)}`),
  )
  const written = typeof q === 'string' && q !== '' ? [q] : []
  const from = typeof sinceMs === 'number' ? [`after:${formatMoment(sinceMs)}`] : []
  const to = typeof untilMs === 'number' ? [`before:${formatMoment(untilMs)}`] : []
  return [...written, ...texts, ...from, ...to].join(' ')
}
