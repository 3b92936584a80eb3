/** A trace that somebody asked for: in the audit trail by its digest, and shown without what that person may not read alone. */
import type { Context } from 'hono'
import { maskText } from '../incident/masking.ts'
import type { TraceResult } from '../incident/trace/trace-result.ts'
import { heldFor } from './held.ts'
import type { ApiEnv, ApiParts } from './parts.ts'
import { shownTrace } from './shown-trace.ts'

/** The text goes to the trace desk and nowhere else. `details` are added to the event. */
export async function traceOf(
  context: Context<ApiEnv>,
  { trace }: ApiParts,
  text: string,
  details: Readonly<Record<string, string>> = {},
): Promise<{ readonly digest: string; readonly result: TraceResult }> {
  const digest = trace.digest(text)
  const result = await trace.trace(text)
  await context.get('audit').shown({
    event: 'trace.searched',
    target: digest,
    details: {
      units: result.units,
      values: result.values,
      exposures: result.exposures.length,
      principals: result.principals.length,
      ...details,
    },
  })
  return { digest, result }
}

/** Whoever searches knows the text; what stands around it is masked, and left out where content takes a second person. */
export async function shownTo(
  parts: ApiParts,
  person: string,
  result: TraceResult,
  exposuresMax: number,
): Promise<ReturnType<typeof shownTrace>> {
  const closed = await closedTo(parts, person, result)
  const listed = result.exposures.slice(0, exposuresMax).map(({ row }) => row)
  return shownTrace(result, exposuresMax, maskText, closed, await heldFor(parts, null, listed))
}

/** Exchanges of a trace whose content one person alone does not read. */
async function closedTo(
  { accesses }: ApiParts,
  person: string,
  { exposures }: TraceResult,
): Promise<ReadonlySet<string>> {
  const rows = new Map(exposures.map(({ row }) => [row.id, row]))
  const found = await accesses.restrictions(person, [...rows.values()])
  return new Set([...found].flatMap(([id, { access }]) => (access === null ? [id] : [])))
}
