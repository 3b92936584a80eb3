/** Serves traces. The text that is searched for goes to the trace desk and nowhere else. */
import { traceBlock, traceText } from '../contract/trace.ts'
import type { Registrar } from '../registrar.ts'
import { shownTo, traceOf } from '../traced.ts'

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
    const { person } = context.get('signedIn')
    const shown = await shownTo(parts, person.id, result, BLOCK_EXPOSURES_MAX)
    return context.json({ digest: id, tookMs, ...shown }, 200)
  })
  app.openapi(guarded(traceText), async (context) => {
    const { text, limit } = context.req.valid('json')
    const startedMs = parts.clock.monotonicMs()
    const { digest, result } = await traceOf(context, parts, text)
    const tookMs = Math.round(parts.clock.monotonicMs() - startedMs)
    const shown = await shownTo(parts, context.get('signedIn').person.id, result, limit)
    return context.json({ digest, tookMs, ...shown }, 200)
  })
}
