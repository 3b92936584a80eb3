/** Turns what a trace found into what the contract says; `show` is what becomes of the text around a hit. */
import type { Span } from '../incident/trace/match.ts'
import type { Hit, TraceResult } from '../incident/trace/trace-result.ts'
import type { TraceAnswer, TraceHit, TraceSpan } from './contract/trace.ts'
import type { Held } from './held.ts'
import { shownExchange } from './shown.ts'

const MATCH_CHARS_MAX = 2_000
const GROUPS_MAX = 100
const SPANS_MAX = 10

/** Only hits that a listed exposure refers to, so that the answer is bounded. */
export function shownTrace(
  result: TraceResult,
  limit: number,
  show: (text: string) => string,
  /** Of exchanges whose content this person may not read: that it stands there is told, where and around what is not. */
  closed: ReadonlySet<string> = new Set(),
  held: Held = new Map(),
): Omit<TraceAnswer, 'digest' | 'tookMs'> {
  const listed = result.exposures.slice(0, limit)
  const used = [...new Set(listed.flatMap(({ hits }) => hits))].sort((a, b) => a - b)
  const closedHits = new Set(
    listed.filter(({ row }) => closed.has(row.id)).flatMap(({ hits }) => hits),
  )
  const placeOf = new Map(used.map((hit, place) => [hit, place]))
  const few = <Item>(items: readonly Item[]): Item[] => items.slice(0, GROUPS_MAX)
  return {
    units: result.units,
    values: result.values,
    first: result.first,
    total: result.exposures.length,
    exposures: listed.map(({ row, hits, ...exposure }) => ({
      ...exposure,
      exchange: shownExchange(row, null, held.get(row.id)),
      hits: hits.flatMap((hit) => placeOf.get(hit) ?? []),
    })),
    hits: used.flatMap((hit) => {
      const found = result.hits[hit]
      if (found === undefined) return []
      return [closedHits.has(hit) ? { ...found, spans: [] } : shownHit(found, show)]
    }),
    principals: few(result.principals),
    services: few(result.services),
    keys: few(result.keys),
    conversations: few(result.conversations),
    providers: few(result.providers),
    viewers: few(result.viewers),
    candidates: result.candidates,
    unconfirmed: result.unconfirmed,
    truncated: result.truncated,
    isBehind: result.isBehind,
  }
}

function shownHit(hit: Hit, show: (text: string) => string): TraceHit {
  return { ...hit, spans: hit.spans.slice(0, SPANS_MAX).map((span) => shownSpan(span, show)) }
}

function shownSpan(span: Span, show: (text: string) => string): TraceSpan {
  return {
    ...span,
    before: show(span.before),
    match: span.match.slice(0, MATCH_CHARS_MAX),
    after: show(span.after),
  }
}
