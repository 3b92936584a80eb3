/** Takes the postings of erased exchanges out, and those of the blocks that went with them. */
import type { ExchangeIndex } from '../../store/exchange-index.ts'
import type { TraceStore } from '../../store/trace/trace-store.ts'
import type { ExchangeId } from '../../lib/ids.ts'
import { exchangeDocument, readDocument } from './documents.ts'
import { forgetDocuments, heldBy } from './merge-runs.ts'

/** Resolves to how many exchanges were forgotten. What the exchange index still knows is left for later. */
export async function forgetErased(
  store: TraceStore,
  index: ExchangeIndex,
  breathe: () => Promise<void>,
): Promise<number> {
  const erased = await store.erased()
  if (erased.length === 0) return 0
  const known = new Set((await index.exchanges(erased)).map(({ id }) => id))
  const ready = erased.filter((id) => !known.has(id))
  if (ready.length === 0) return 0
  const gone = await goneDocuments(store, index, ready, breathe)
  await forgetDocuments(store, gone, breathe)
  await store.takenOut(ready)
  return ready.length
}

async function goneDocuments(
  store: TraceStore,
  index: ExchangeIndex,
  exchanges: readonly ExchangeId[],
  breathe: () => Promise<void>,
): Promise<ReadonlySet<number>> {
  const numbers = await store.numbers(exchanges)
  const gone = new Set<number>()
  for (const number of numbers.values()) {
    gone.add(exchangeDocument(number, 'answer'))
    gone.add(exchangeDocument(number, 'upload'))
  }
  // Blocks and lists that no frame holds any more; other exchanges keep those that they share.
  for (let holders: ReadonlySet<number> = gone; holders.size > 0;) {
    const found = new Set<number>()
    for (const held of await heldBy(store, holders, breathe)) {
      if (!gone.has(held) && !(await isStored(index, held))) found.add(held)
    }
    for (const document of found) gone.add(document)
    holders = found
  }
  return gone
}

async function isStored(index: ExchangeIndex, document: number): Promise<boolean> {
  const meant = readDocument(document)
  return meant.kind === 'block' && (await index.blocksLike(meant.prefix)).length > 0
}
