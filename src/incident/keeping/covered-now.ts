/** Which exchanges a legal hold covers at this moment, and what the log of this gateway was told of holds. */
import type { Evidence } from '../../evidence/open-evidence.ts'
import { readEvent } from '../../evidence/payloads.ts'
import { HOLD_EVENTS } from './hold-leaves.ts'
import { isExchangeId } from '../../lib/ids.ts'
import type { ExchangeQuery } from '../../model/exchange-query.ts'
import type { HoldScope } from '../../model/holds.ts'
import type { EvidenceEvent } from '../../model/record.ts'
import type { ExchangeIndex } from '../../store/exchange-index.ts'
import type { Store } from '../../store/store.ts'

/** The newest of what somebody sent, or of what a query finds, are named one by one; a log is no list of everything. */
const NAMED_MAX = 20_000

export async function coveredNow(
  { search, control }: Pick<Store, 'search' | 'control'>,
  scope: HoldScope,
): Promise<readonly string[]> {
  switch (scope.kind) {
    case 'exchange':
      return [scope.exchange]
    case 'case': {
      const entries = await control.cases.entries(scope.case)
      // One that was taken back is held all the same.
      const pins = entries.filter(({ kind }) => kind === 'pin').map(({ target }) => target)
      return [...new Set([...scope.exchanges, ...pins.filter(isExchangeId)])]
    }
    case 'conversation':
      return matching(search, { values: {}, conversation: scope.conversation })
    case 'principal':
      return matching(search, { values: { principal: [scope.principal] } })
    case 'query':
      return matching(search, scope.query)
  }
}

async function matching(search: Store['search'], query: ExchangeQuery): Promise<readonly string[]> {
  return (await search.list(query, { limit: NAMED_MAX })).map(({ id }) => id)
}

/** Which exchanges were named stands in the frames alone. Other gateways on the same database have logs of their own. */
export async function toldOfHolds(
  index: ExchangeIndex,
  { isLocal, files }: Pick<Evidence, 'isLocal' | 'files'>,
): Promise<readonly EvidenceEvent[]> {
  const events: EvidenceEvent[] = []
  for (const { instance, segment, offset } of await index.eventsOfTypes(HOLD_EVENTS)) {
    if (!isLocal(instance)) continue
    const { plain } = await files.read({ instance, segment, offset })
    if (plain !== null) events.push(readEvent(plain).head.event)
  }
  return events
}
