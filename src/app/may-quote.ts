/** Says whether words of a held request may go to a channel that nobody reads alone by name: not where its content is restricted. */
import type { Evidence } from '../evidence/open-evidence.ts'
import { rowOf } from '../incident/exchange-desk.ts'
import { createAccessDesk } from '../incident/restricted/access-desk.ts'
import type { Clock } from '../lib/clock.ts'
import { isExchangeId } from '../lib/ids.ts'
import type { RestrictedSettings } from '../model/restricted.ts'
import type { Store } from '../store/store.ts'

export interface MayQuoteParts {
  readonly store: Store
  readonly evidence: Evidence
  readonly clock: Clock
  readonly restricted: () => RestrictedSettings
}

/** No person: nobody was let in, and nobody is a member of a sealed case. */
const NOBODY = ''

export function createMayQuote({ store, evidence, clock, restricted }: MayQuoteParts) {
  const { accesses: table, cases } = store.control
  const desk = createAccessDesk({ table, cases, clock, settings: restricted })
  return async (exchange: string): Promise<boolean> => {
    if (!isExchangeId(exchange)) return false
    const row = await rowOf(store.index, evidence.reader, exchange)
    if (row === null) return false
    return (await desk.restrictions(NOBODY, [row])).size === 0
  }
}
