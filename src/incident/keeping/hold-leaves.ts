/** What the transparency log of this gateway is told of legal holds: which exchanges each covers by name, and when it ends. */
import type { HoldRow } from '../../model/holds.ts'
import type { EvidenceEvent } from '../../model/record.ts'
import { scopeText } from './hold-scope.ts'

/** A leaf names at most a thousand records, and the hold itself is one. */
export const NAMED_MAX = 999

export type HoldEventType = Extract<EvidenceEvent['type'], `hold.${string}`>

export const HOLD_EVENTS = [
  'hold.set',
  'hold.extended',
  'hold.kept',
  'hold.released',
] as const satisfies readonly HoldEventType[]

export interface HoldSaid {
  readonly atMs: number
  /** Login; empty when the gateway itself. */
  readonly actor: string
  readonly reason: string
}

export interface HoldEventParts {
  readonly type: HoldEventType
  /** What follows the first `hold.set` is that the hold covers more. */
  readonly isFirst: boolean
  readonly row: HoldRow
  readonly said: HoldSaid
  readonly exchanges: readonly string[]
}

/** One event, and as many more as it takes to name all. */
export function holdEvents(parts: HoldEventParts): readonly EvidenceEvent[] {
  const { type, isFirst, row, said, exchanges } = parts
  const pages: (readonly string[])[] = [exchanges.slice(0, NAMED_MAX)]
  for (let at = NAMED_MAX; at < exchanges.length; at += NAMED_MAX)
    pages.push(exchanges.slice(at, at + NAMED_MAX))
  const { id: hold, scope } = row
  const { atMs, actor, reason } = said
  return pages.map((named, at) => ({
    type: (at > 0 || !isFirst) && type === 'hold.set' ? 'hold.extended' : type,
    atMs,
    actor,
    details: { hold, kind: scope.kind, scope: scopeText(scope).slice(0, 2000), reason },
    // Names of people stay out of the log: it holds ids of the hold and of exchanges only.
    records: [hold, ...named],
  }))
}

export class ToldHolds {
  /** Exchanges by the hold that was said to cover them; holds that ended are not in it. */
  readonly #standing = new Map<string, Set<string>>()

  recall({ type, details, records = [] }: EvidenceEvent): void {
    const hold = String(details['hold'])
    if (type === 'hold.released') this.#standing.delete(hold)
    if (type !== 'hold.set' && type !== 'hold.extended') return
    const named = this.#standing.get(hold) ?? new Set()
    for (const id of records) named.add(id)
    this.#standing.set(hold, named)
  }

  /** Holds that the log has in force. */
  get standing(): readonly string[] {
    return [...this.#standing.keys()]
  }

  knows(hold: string): boolean {
    return this.#standing.has(hold)
  }

  /** All of them are told, and nobody asks for them again. */
  forgetNamesBefore(hold: string, floor: string): void {
    const named = this.#standing.get(hold)
    for (const id of named ?? []) if (id < floor && id !== hold) named?.delete(id)
  }

  /** Those of `exchanges` that the log does not know to be covered. */
  untold(hold: string, exchanges: readonly string[]): readonly string[] {
    const named = this.#standing.get(hold)
    return named === undefined ? exchanges : exchanges.filter((id) => !named.has(id))
  }
}
