/** Gathers the postings of one commit, by epoch and family; exchanges get their numbers when it is made. */
import type { ExchangeId } from '../../lib/ids.ts'
import type { TraceFamily } from '../../store/schema.ts'
import { PostingList, pagesOf } from '../../store/trace/posting-page.ts'
import type { NewRun, TraceStore } from '../../store/trace/trace-store.ts'
import { exchangeDocument, type ExchangePart } from './documents.ts'

interface Unnumbered {
  readonly key: number
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
  #gathered = new Map<string, Gathered>()
  #length = 0

  get length(): number {
    return this.#length
  }

  add(epoch: number, family: TraceFamily, key: number, document: number): void {
    this.#of(epoch, family).postings.add(key, document)
    this.#length += 1
  }

  addOf(
    epoch: number,
    family: TraceFamily,
    key: number,
    exchange: ExchangeId,
    part: ExchangePart,
  ): void {
    this.#of(epoch, family).unnumbered.push({ key, exchange, part })
    this.#length += 1
  }

  /** What was gathered, sorted; afterwards there is nothing. */
  async take(store: TraceStore): Promise<readonly NewRun[]> {
    const gathered = [...this.#gathered.values()]
    this.#gathered = new Map()
    this.#length = 0
    const exchanges = gathered.flatMap(({ unnumbered }) => unnumbered.map((one) => one.exchange))
    const numbers = await store.numbers(exchanges)
    return gathered.map(({ epoch, family, postings, unnumbered }) => {
      for (const { key, exchange, part } of unnumbered) {
        const number = numbers.get(exchange)
        if (number !== undefined) postings.add(key, exchangeDocument(number, part))
      }
      return { epoch, family, pages: pagesOf(postings.sorted()) }
    })
  }

  #of(epoch: number, family: TraceFamily): Gathered {
    const name = `${epoch} ${family}`
    const known = this.#gathered.get(name)
    if (known !== undefined) return known
    const made = { epoch, family, postings: new PostingList(), unnumbered: [] }
    this.#gathered.set(name, made)
    return made
  }
}
