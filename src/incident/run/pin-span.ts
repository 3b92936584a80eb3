/** Says where in an exchange a traced text stands, as a reader is shown it: which block of the request, or the answer, and where in its text. */
import type { CaseSpan } from '../../model/cases.ts'
import { blockParts } from '../block-parts.ts'
import type { ExchangeDesk } from '../exchange-desk.ts'
import type { Exposure, Hit, TraceResult } from '../trace/trace-result.ts'

/** A record that cannot be read any more has no block: the span is then that of the text that was found. */
export async function pinSpan(
  desk: Pick<ExchangeDesk, 'recorded'>,
  { hits }: Pick<TraceResult, 'hits'>,
  { row, direction, hits: own }: Exposure,
): Promise<CaseSpan> {
  const places = own.flatMap((at) => hits[at] ?? [])
  const [best] = places.toSorted((a, b) => b.coverage - a.coverage)
  const span = best?.spans[0]
  const found: CaseSpan = {
    part: direction === 'received' ? 'answer' : 'request',
    block: null,
    start: span?.start ?? 0,
    end: span?.end ?? 0,
  }
  if (best?.place !== 'block') return found
  const reading = await desk.recorded(row)
  if (reading.kind === 'unreadable') return found
  const { requestBody, requestBlocks } = reading.recorded
  const block = requestBlocks.findIndex(({ id }) => id === best.id)
  const { start, end, role } = requestBlocks[block] ?? { start: 0, end: 0, role: 'other' }
  if (block === -1 || requestBody === null) return found
  const texts = blockParts(requestBody.subarray(start, end), role).map(({ text }) => text)
  return { ...found, block, ...shownAt(texts, best) }
}

/** All of the block where it is spelled otherwise than it is shown, as in base64. */
function shownAt(texts: readonly string[], { spans }: Hit): Pick<CaseSpan, 'start' | 'end'> {
  const match = spans[0]?.match ?? ''
  for (const text of match === '' ? [] : texts) {
    const start = text.indexOf(match)
    if (start !== -1) return { start, end: start + match.length }
  }
  return { start: 0, end: texts[0]?.length ?? 0 }
}
