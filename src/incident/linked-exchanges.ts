/** The exchanges that a lock on a linked conversation would have hit: those with this context, and what continued it. */
import type { ExchangeSearch } from '../model/exchange-query.ts'
import { isOfCaller, readLinkedConversation } from '../model/linked-conversation.ts'
import type { ExchangeRow } from '../model/record.ts'

const ROUNDS_MAX = 200
const EXCHANGES_MAX = 2_000

/** Newest first. */
export async function linkedExchanges(
  search: Pick<ExchangeSearch, 'byContext'>,
  name: string,
): Promise<readonly ExchangeRow[]> {
  const linked = readLinkedConversation(name)
  if (linked === null) return []
  const found = new Map<string, ExchangeRow>()
  const asked = new Set([linked.end])
  let ends: readonly string[] = [linked.end]
  for (let round = 0; round < ROUNDS_MAX && ends.length > 0; round += 1) {
    const { ending, continuing } = await search.byContext(ends)
    for (const row of [...ending, ...continuing])
      if (isOfCaller(linked, row.principal)) found.set(row.id, row)
    ends = [...new Set(continuing.flatMap(({ contextEnd }) => contextEnd ?? []))].filter(
      (end) => !asked.has(end),
    )
    for (const end of ends) asked.add(end)
    if (found.size > EXCHANGES_MAX) break
  }
  return [...found.values()].toSorted((one, other) => (one.id < other.id ? 1 : -1))
}
