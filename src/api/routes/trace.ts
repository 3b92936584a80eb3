/** Serves traces. The text that is searched for goes to the trace desk and nowhere else. */
import type { TraceResult } from '../../incident/trace/trace-result.ts'
import { maskText } from '../../incident/masking.ts'
import { traceBlock, traceText } from '../contract/trace.ts'
import type { ApiParts } from '../parts.ts'
import type { Registrar } from '../registrar.ts'
import { shownTrace } from '../shown-trace.ts'

const BLOCK_EXPOSURES_MAX = 500

export function traceRoutes({ app, parts, guarded }: Registrar): void {
  app.openapi(guarded(traceBlock), async (context) => {
    const { id } = context.req.valid('param')
    const startedMs = parts.clock.monotonicMs()
    const result = await parts.trace.block(id)
    await context.get('audit').shown({
      event: 'trace.searched',
      target: id,
      details: { exposures: result.exposures.length, principals: result.principals.length },
    })
    const tookMs = Math.round(parts.clock.monotonicMs() - startedMs)
    return context.json(
      { digest: id, tookMs, ...shownTrace(result, BLOCK_EXPOSURES_MAX, maskText) },
      200,
    )
  })
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
    // Whoever searches knows the text; what stands around it takes a reveal.
    const closed = await closedTo(parts, context.get('signedIn').person.id, result)
    return context.json({ digest, tookMs, ...shownTrace(result, limit, maskText, closed) }, 200)
  })
}

/** Exchanges of a trace whose content one person alone does not read. */
export async function closedTo(
  { accesses }: ApiParts,
  person: string,
  { exposures }: TraceResult,
): Promise<ReadonlySet<string>> {
  const rows = new Map(exposures.map(({ row }) => [row.id, row]))
  const found = await accesses.restrictions(person, [...rows.values()])
  return new Set([...found].flatMap(([id, { access }]) => (access === null ? [id] : [])))
}
