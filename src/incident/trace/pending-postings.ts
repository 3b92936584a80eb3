/** Gathers the postings of one commit, by epoch and family; exchanges get their numbers when it is made. */
import type { ExchangeId } from '../../lib/ids.ts'
import type { TraceFamily } from '../../store/schema.ts'
import { PostingList } from '../../store/trace/posting-list.ts'
import { pagesOf } from '../../store/trace/posting-page.ts'
import type { NewRun, TraceStore } from '../../store/trace/trace-store.ts'
import { exchangeDocument, type ExchangePart } from './documents.ts'

interface Unnumbered {
  readonly keys: readonly number[]
  readonly exchange: ExchangeId
  readonly part: ExchangePart
}

interface Gathered {
  readonly epoch: number
  readonly family: TraceFamily
  readonly postings: PostingList
  readonly unnumbered: Unnumbered[]
}

export class PendingPostings {
  #gathered = new Map<TraceFamily, Map<number, Gathered>>()
  #length = 0

  get length(): number {
    return this.#length
  }

  add(epoch: number, family: TraceFamily, keys: readonly number[], document: number): void {
    const { postings } = this.#of(epoch, family)
    for (const key of keys) postings.add(key, document)
    this.#length += keys.length
  }

  addOf(
    epoch: number,
    family: TraceFamily,
    keys: readonly number[],
    exchange: ExchangeId,
    part: ExchangePart,
  ): void {
    if (keys.length === 0) return
    this.#of(epoch, family).unnumbered.push({ keys, exchange, part })
    this.#length += keys.length
  }

  /** What was gathered, sorted; afterwards there is nothing. */
  async take(store: TraceStore): Promise<readonly NewRun[]> {
    const gathered = [...this.#gathered.values()].flatMap((family) => [...family.values()])
    this.#gathered = new Map()
    this.#length = 0
    const exchanges = new Set<ExchangeId>()
    for (const { unnumbered } of gathered) {
      for (const { exchange } of unnumbered) exchanges.add(exchange)
    }
    const numbers = await store.numbers([...exchanges])
    return gathered.map(({ epoch, family, postings, unnumbered }) => {
      for (const { keys, exchange, part } of unnumbered) {
        const number = numbers.get(exchange)
        if (number === undefined) continue
        const document = exchangeDocument(number, part)
        for (const key of keys) postings.add(key, document)
      }
      return { epoch, family, pages: pagesOf(postings.sorted()) }
    })
  }

  #of(epoch: number, family: TraceFamily): Gathered {
    const epochs = this.#gathered.get(family) ?? new Map<number, Gathered>()
    this.#gathered.set(family, epochs)
    const known = epochs.get(epoch)
    if (known !== undefined) return known
    const made = { epoch, family, postings: new PostingList(), unnumbered: [] }
    epochs.set(epoch, made)
    return made
  }
}
