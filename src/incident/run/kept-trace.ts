/** What a case keeps of a trace: the question as a keyed digest, and each exchange that was exposed, pinned once. Never the text. */
import type { NewEntry } from '../case-desk.ts'
import type { ExchangeDesk } from '../exchange-desk.ts'
import type { Exposure, TraceResult } from '../trace/trace-result.ts'
import { pinSpan } from './pin-span.ts'

/** The best of them; a report about more would not be read. */
const PINS_MAX = 100

export function searchEntry(digest: string, result: TraceResult, parent: string | null): NewEntry {
  const { exposures, principals, first } = result
  const count = (what: number, one: string): string => `${what} ${one}${what === 1 ? '' : 's'}`
  const found =
    first === null
      ? 'nobody was exposed to it'
      : `${count(exposures.length, 'exposure')} of ${count(principals.length, 'principal')}, the first ${new Date(first.atMs).toISOString().slice(0, 16)}Z`
  return {
    kind: 'search',
    parent,
    target: `trace:${digest}`,
    span: null,
    text: `Traced a text of ${count(result.units, 'letter')}: ${found}`,
    task: null,
  }
}

/** `pinned` are those that the case has already. */
export async function pinEntries(
  desk: Pick<ExchangeDesk, 'recorded'>,
  result: TraceResult,
  parent: string,
  pinned: ReadonlySet<string>,
): Promise<readonly NewEntry[]> {
  const best = new Map<string, Exposure>()
  for (const exposure of result.exposures) {
    const { id } = exposure.row
    const before = best.get(id)
    // Where an answer returned it, that says more than that the request held it too.
    if (before === undefined || (before.direction === 'sent' && exposure.direction === 'received'))
      best.set(id, exposure)
  }
  const pins = [...best].filter(([id]) => !pinned.has(id)).slice(0, PINS_MAX)
  return Promise.all(
    pins.map(async ([id, exposure]) => ({
      kind: 'pin' as const,
      parent,
      target: id,
      span: await pinSpan(desk, result, exposure),
      text: remarkOf(exposure, result.first?.exchange === id),
      task: null,
    })),
  )
}

function remarkOf({ direction, treatment, coverage }: Exposure, isFirst: boolean): string {
  const how = direction === 'received' ? 'its answer returned it' : 'its request held it'
  const what = treatment === 'unknown' ? '' : `, ${treatment}`
  return `${isFirst ? 'First seen: ' : ''}${how}${what} (${Math.round(coverage * 100)} % of the text)`
}
