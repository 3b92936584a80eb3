/** Which exchanges a legal hold covers, page by page, and what the log of this gateway was told of holds. */
import type { Evidence } from '../../evidence/open-evidence.ts'
import { readEvent } from '../../evidence/payloads.ts'
import { HOLD_EVENTS, NAMED_MAX } from './hold-leaves.ts'
import { isExchangeId, type ExchangeId } from '../../lib/ids.ts'
import type { ExchangeQuery } from '../../model/exchange-query.ts'
import type { HoldScope } from '../../model/holds.ts'
import type { EvidenceEvent } from '../../model/record.ts'
import type { ExchangeIndex } from '../../store/exchange-index.ts'
import type { Store } from '../../store/store.ts'

/** All that it covers at this moment; of exchanges that run, what they turn out to be is known when they end. */
export async function* coveredNow(
  { search, control }: Pick<Store, 'search' | 'control'>,
  scope: HoldScope,
): AsyncGenerator<readonly string[], void> {
  switch (scope.kind) {
    case 'exchange':
      yield [scope.exchange]
      return
    case 'case': {
      const entries = await control.cases.entries(scope.case)
      // One that was taken back is held all the same.
      const pins = entries.filter(({ kind }) => kind === 'pin').map(({ target }) => target)
      yield [...new Set([...scope.exchanges, ...pins.filter(isExchangeId)])]
      return
    }
    case 'conversation':
      return yield* matching(search, { values: {}, conversation: scope.conversation })
    case 'principal':
      return yield* matching(search, { values: { principal: [scope.principal] } })
    case 'query':
      return yield* matching(search, scope.query)
  }
}

/** Newest first, in pages that a leaf can name. */
async function* matching(
  search: Store['search'],
  query: ExchangeQuery,
): AsyncGenerator<readonly string[], void> {
  let before: ExchangeId | undefined
  for (;;) {
    const page = { limit: NAMED_MAX, ...(before === undefined ? {} : { before }) }
    const rows = await search.list(query, page)
    const ended = rows.filter(({ state }) => state !== 'open')
    if (ended.length > 0) yield ended.map(({ id }) => id)
    before = rows.at(-1)?.id
    if (rows.length < NAMED_MAX || before === undefined) return
  }
}

/** Which exchanges were named stands in the frames alone. Other gateways on the same database have logs of their own. */
export async function* toldOfHolds(
  index: ExchangeIndex,
  { isLocal, files }: Pick<Evidence, 'isLocal' | 'files'>,
): AsyncGenerator<EvidenceEvent, void> {
  for (const { instance, segment, offset } of await index.eventsOfTypes(HOLD_EVENTS)) {
    if (!isLocal(instance)) continue
    const { plain } = await files.read({ instance, segment, offset })
    if (plain !== null) yield readEvent(plain).head.event
  }
}

const EVENTS_OF_ONE_MAX = 10_000
const NAMING: readonly string[] = ['hold.set', 'hold.extended'] satisfies EvidenceEvent['type'][]

/** Of whatever gateway on the same database. */
export async function holdsNaming(
  index: ExchangeIndex,
  exchange: ExchangeId,
): Promise<ReadonlySet<string>> {
  const events = (await index.eventsOf(exchange, EVENTS_OF_ONE_MAX)).map(({ event }) => event)
  const naming = events.filter(({ type }) => NAMING.includes(type))
  return new Set(naming.map(({ details }) => String(details['hold'])))
}
