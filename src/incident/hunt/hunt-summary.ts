/** What a hunt found, counted by service, principal and day, with samples in which nothing can be read. */
import { maskText } from '../masking.ts'
import { matchesQuery } from '../matches-query.ts'
import type { Hit, TraceResult } from '../trace/trace-result.ts'
import type { ExchangeQuery } from '../../model/exchange-query.ts'
import type { ExchangeRow } from '../../model/record.ts'
import type { HuntCount, HuntHit, HuntSample, HuntSummary } from '../../model/hunts.ts'

const SAMPLES_MAX = 50
const COUNTS_MAX = 50
const SHAPE_CHARS_MAX = 60
const AROUND_CHARS = 60

export function huntSummary(result: TraceResult, query: ExchangeQuery): HuntSummary {
  const exposures = result.exposures.filter(({ row }) => matchesQuery(row, query))
  const rows = [...new Map(exposures.map(({ row }) => [row.id, row])).values()]
  return {
    exchanges: rows.length,
    services: counted(rows.map(({ service }) => service)),
    principals: counted(rows.map(({ principal }) => principal)),
    days: counted(
      rows.map(({ receivedAtMs }) => new Date(receivedAtMs).toISOString().slice(0, 10)),
    ).toSorted((a, b) => (a.value < b.value ? -1 : 1)),
    samples: exposures
      .slice(0, SAMPLES_MAX)
      .map(({ row, direction, treatment, hits }): HuntSample => {
        const found = hits.flatMap((hit) => result.hits[hit] ?? [])
        return {
          exchange: row.id,
          atMs: row.receivedAtMs,
          direction,
          treatment,
          principal: row.principal,
          service: row.service,
          model: row.model ?? '',
          matches: found.reduce((all, { spans }) => all + spans.length, 0),
          excerpt: excerptOf(found),
        }
      }),
  }
}

/** With one more exchange, which is older than those that are in it. */
export function addedTo(summary: HuntSummary, row: ExchangeRow, matches: number): HuntSummary {
  const { exchanges, services, principals, days, samples } = summary
  const sample: HuntSample = {
    exchange: row.id,
    atMs: row.receivedAtMs,
    direction: 'sent',
    treatment: TREATMENTS[row.verdict ?? 'allow'],
    principal: row.principal,
    service: row.service,
    model: row.model ?? '',
    matches: Math.max(1, matches),
    excerpt: '',
  }
  const day = new Date(row.receivedAtMs).toISOString().slice(0, 10)
  return {
    exchanges: exchanges + 1,
    services: counted([row.service], services),
    principals: counted([row.principal], principals),
    days: counted([day], days).toSorted((a, b) => (a.value < b.value ? -1 : 1)),
    samples: samples.length < SAMPLES_MAX ? [...samples, sample] : samples,
  }
}

const TREATMENTS = { allow: 'raw', mask: 'masked', hold: 'unknown', deny: 'stopped' } as const

function counted(
  values: readonly string[],
  before: readonly HuntCount[] = [],
): readonly HuntCount[] {
  const counts = new Map(before.map(({ value, count }) => [value, count]))
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, COUNTS_MAX)
}

/** Around a match detection masks; of the match itself only the shape is left: a pattern could ask for anything. */
function excerptOf(hits: readonly Hit[]): string {
  const span = hits.flatMap(({ spans }) => spans).find(({ match }) => match !== '')
  if (span === undefined) return ''
  const before = maskText(span.before).slice(-AROUND_CHARS)
  const after = maskText(span.after).slice(0, AROUND_CHARS)
  return `${before}${shapeOf(span.match)}${after}`
}

export function shapeOf(text: string): string {
  const shape = text.replaceAll(/\p{L}/gu, 'x').replaceAll(/\p{N}/gu, '0')
  return shape.length > SHAPE_CHARS_MAX ? `${shape.slice(0, SHAPE_CHARS_MAX)}…` : shape
}

export function bareHit({ place, id, bytes, spans }: Hit): HuntHit {
  return { place, id, bytes, spans: spans.map(({ start, end }) => ({ start, end })) }
}

/** As a trace has it, without the texts, which nobody has any more. */
export function hitOf({ place, id, bytes, spans }: HuntHit): Hit {
  return {
    place,
    id,
    bytes,
    entity: '',
    coverage: 1,
    spans: spans.map(({ start, end }) => ({
      kind: 'passage',
      start,
      end,
      spelling: 'plain',
      before: '',
      match: '',
      after: '',
      from: 0,
      to: 0,
    })),
  }
}
