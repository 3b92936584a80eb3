/** Serves traces. The text that is searched for goes to the trace desk and nowhere else. */
import { maskText } from '../../incident/masking.ts'
import type { Span } from '../../incident/trace/match.ts'
import type { Hit, TraceResult } from '../../incident/trace/trace-result.ts'
import type { TraceAnswer, TraceHit, TraceSpan } from '../contract/trace.ts'
import { traceText } from '../contract/trace.ts'
import type { Registrar } from '../registrar.ts'
import { shownExchange } from '../shown.ts'

const MATCH_CHARS_MAX = 2_000
const GROUPS_MAX = 100
const SPANS_MAX = 10

export function traceRoutes({ app, parts, guarded }: Registrar): void {
  app.openapi(guarded(traceText), async (context) => {
    const { text, limit } = context.req.valid('json')
    const startedMs = parts.clock.monotonicMs()
    const digest = parts.trace.digest(text)
    const result = await parts.trace.trace(text)
    await context.get('audit').shown({
      event: 'trace.searched',
      target: digest,
      details: {
        units: result.units,
        values: result.values,
        exposures: result.exposures.length,
        principals: result.principals.length,
      },
    })
    const tookMs = Math.round(parts.clock.monotonicMs() - startedMs)
    return context.json({ digest, tookMs, ...shownTrace(result, limit) }, 200)
  })
}

/** Only hits that a listed exposure refers to, so that the answer is bounded. */
function shownTrace(result: TraceResult, limit: number): Omit<TraceAnswer, 'digest' | 'tookMs'> {
  const listed = result.exposures.slice(0, limit)
  const used = [...new Set(listed.flatMap(({ hits }) => hits))].sort((a, b) => a - b)
  const placeOf = new Map(used.map((hit, place) => [hit, place]))
  const few = <Item>(items: readonly Item[]): Item[] => items.slice(0, GROUPS_MAX)
  return {
    units: result.units,
    values: result.values,
    first: result.first,
    total: result.exposures.length,
    exposures: listed.map(({ row, hits, ...exposure }) => ({
      ...exposure,
      exchange: shownExchange(row, null),
      hits: hits.flatMap((hit) => placeOf.get(hit) ?? []),
    })),
    hits: used.flatMap((hit) => {
      const found = result.hits[hit]
      return found === undefined ? [] : [shownHit(found)]
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

function shownHit(hit: Hit): TraceHit {
  return { ...hit, spans: hit.spans.slice(0, SPANS_MAX).map(shownSpan) }
}

/** Whoever searches knows the text; what stands around it takes a reveal. */
function shownSpan(span: Span): TraceSpan {
  return {
    ...span,
    before: maskText(span.before),
    match: span.match.slice(0, MATCH_CHARS_MAX),
    after: maskText(span.after),
  }
}
