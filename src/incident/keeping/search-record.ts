/** Reads everything that was recorded before a moment for a text, oldest first, from a place that one can go on from. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../lib/clock.ts'
import { exchangeIdFloor, type ExchangeId } from '../../lib/ids.ts'
import type { ExchangeSearch } from '../../model/exchange-query.ts'
import type { ExchangeRow } from '../../model/record.ts'
import type { ExchangeIndex } from '../../store/exchange-index.ts'
import { createValueSearch, type ValueSearchParts } from './value-search.ts'

/** How far it came; each time all that is known. */
export interface SearchNews {
  readonly total: number
  readonly searched: number
  readonly unreadable: number
  /** Everything up to it was read whole. */
  readonly place: string
  readonly found: readonly ExchangeId[]
  readonly isOver: boolean
}

export interface SearchOrder extends Omit<SearchNews, 'isOver' | 'total'> {
  readonly value: string
  readonly untilMs: number
}

export interface RecordSearchParts extends ValueSearchParts {
  readonly index: Pick<ExchangeIndex, 'exchange'>
  readonly search: Pick<ExchangeSearch, 'listForward' | 'facets'>
  readonly clock: Clock
  readonly isCancelled: () => boolean
  readonly tell: (news: SearchNews) => void
}

const PAGE = 100
const TELL_EVERY_MS = 1_000
/** For an exchange that has not ended: what is still to come may hold the text. */
const WAIT_MS = 250
const WAITS_MAX = 2_400

/** Ends early when it is cancelled; then the last news say where to go on. */
export async function searchRecord(parts: RecordSearchParts, order: SearchOrder): Promise<void> {
  await new RecordSearch(parts, order).run()
}

class RecordSearch {
  readonly #parts: RecordSearchParts
  readonly #isIn: (row: ExchangeRow) => Promise<boolean | null>
  readonly #end: ExchangeId
  readonly #untilMs: number
  readonly #found: Set<ExchangeId>
  /** Not ended when they were met, and the place before each. */
  readonly #open = new Map<ExchangeId, string>()
  #total = 0
  #searched: number
  #unreadable: number
  #at: string
  #toldMs = Number.NEGATIVE_INFINITY

  constructor(parts: RecordSearchParts, order: SearchOrder) {
    this.#parts = parts
    this.#isIn = createValueSearch(parts, order.value).isIn
    this.#untilMs = order.untilMs
    this.#end = exchangeIdFloor(order.untilMs + 1)
    this.#found = new Set(order.found)
    this.#searched = order.searched
    this.#unreadable = order.unreadable
    this.#at = order.place
  }

  async run(): Promise<void> {
    const { search, isCancelled } = this.#parts
    this.#total = (await search.facets({ values: {}, untilMs: this.#untilMs }, 1)).total
    this.#tell(false)
    for (let isMore = true; isMore && !isCancelled();) isMore = await this.#page()
    await this.#awaitOpen()
    this.#tell(!isCancelled())
  }

  async #page(): Promise<boolean> {
    const { search, isCancelled } = this.#parts
    const rows = await search.listForward(this.#at, PAGE)
    for (const row of rows) {
      if (isCancelled()) return false
      if (row.id >= this.#end) return false
      await this.#look(row)
      this.#at = row.id
      this.#searched += 1
      this.#tellNowAndThen()
    }
    return rows.length === PAGE
  }

  async #look(row: ExchangeRow): Promise<void> {
    const holds = await this.#isIn(row)
    if (holds === true) this.#found.add(row.id)
    else if (row.state === 'open') this.#open.set(row.id, this.#at)
    else if (holds === null) this.#unreadable += 1
  }

  async #awaitOpen(): Promise<void> {
    const { index, isCancelled } = this.#parts
    for (let waits = 0; this.#open.size > 0 && !isCancelled(); waits += 1) {
      for (const id of this.#open.keys()) {
        const row = await index.exchange(id)
        if (row?.state === 'open' && waits < WAITS_MAX) continue
        this.#open.delete(id)
        if (row === null) continue
        const holds = await this.#isIn(row)
        if (holds === true) this.#found.add(id)
        else if (holds === null || row.state === 'open') this.#unreadable += 1
      }
      this.#tellNowAndThen()
      if (this.#open.size > 0) await sleep(WAIT_MS)
    }
  }

  #tellNowAndThen(): void {
    if (this.#parts.clock.monotonicMs() - this.#toldMs >= TELL_EVERY_MS) this.#tell(false)
  }

  #tell(isOver: boolean): void {
    this.#toldMs = this.#parts.clock.monotonicMs()
    const [place = this.#at] = this.#open.values()
    this.#parts.tell({
      total: this.#total,
      searched: Math.min(this.#searched, this.#total),
      unreadable: this.#unreadable,
      place,
      found: [...this.#found],
      isOver,
    })
  }
}
