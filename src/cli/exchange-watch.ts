/** Notices new exchanges and changes of known ones by asking the index again and again. */
import type { ExchangeId } from '../lib/ids.ts'
import { exchangeIdFloor } from '../lib/ids.ts'
import type { ExchangeRow } from '../model/record.ts'
import type { ExchangeFilter, ExchangeIndex } from '../store/exchange-index.ts'

const PAGE = 200
/** Ids remembered so that they are not shown twice; the oldest closed ones are forgotten above it. */
const KNOWN_MAX = 20_000

export interface WatchOptions {
  readonly index: ExchangeIndex
  readonly filter: Omit<ExchangeFilter, 'limit' | 'before'>
  /** Exchanges that arrived earlier are shown only when they are still open. */
  readonly fromMs: number
}

export class ExchangeWatch {
  readonly #index: ExchangeIndex
  readonly #filter: WatchOptions['filter']
  /** Ids at or below it are not looked at, except the open ones. */
  #floor: string
  readonly #known = new Set<ExchangeId>()
  readonly #open = new Set<ExchangeId>()
  #isFirst = true

  constructor({ index, filter, fromMs }: WatchOptions) {
    this.#index = index
    this.#filter = filter
    this.#floor = exchangeIdFloor(fromMs)
  }

  /** Rows that are new or ended since the last call, in order of arrival. */
  async poll(): Promise<readonly ExchangeRow[]> {
    const changed = [...(await this.#ended()), ...(await this.#arrived())]
    this.#forget()
    const { state, status } = this.#filter
    return changed
      .filter((row) => state === undefined || row.state === state)
      .filter((row) => status === undefined || row.status === status)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
  }

  async #ended(): Promise<readonly ExchangeRow[]> {
    const rows: ExchangeRow[] = []
    for (const id of this.#open) {
      const row = await this.#index.exchange(id)
      if (row === null || row.state === 'open') continue
      this.#open.delete(id)
      rows.push(row)
    }
    return rows
  }

  /** Pages back until a page brings nothing new. State and status are judged later: they change. */
  async #arrived(): Promise<readonly ExchangeRow[]> {
    const { state: _state, status: _status, ...filter } = this.#filter
    const rows = this.#isFirst ? await this.#alreadyOpen(filter) : []
    this.#isFirst = false
    let before: ExchangeId | null = null
    for (;;) {
      const page = await this.#index.list({
        ...filter,
        limit: PAGE,
        ...(before === null ? {} : { before }),
      })
      const fresh = page.filter(({ id }) => id > this.#floor && !this.#known.has(id))
      for (const row of fresh) this.#note(row)
      rows.push(...fresh)
      before = page.at(-1)?.id ?? null
      if (fresh.length === 0 || page.length < PAGE || before === null) return rows
    }
  }

  async #alreadyOpen(filter: Omit<ExchangeFilter, 'limit'>): Promise<ExchangeRow[]> {
    const open = await this.#index.list({ ...filter, state: 'open', limit: PAGE })
    for (const row of open) this.#note(row)
    return [...open]
  }

  #note(row: ExchangeRow): void {
    this.#known.add(row.id)
    if (row.state === 'open') this.#open.add(row.id)
  }

  #forget(): void {
    if (this.#known.size <= KNOWN_MAX) return
    const ids = [...this.#known].toSorted()
    for (const id of ids.slice(0, KNOWN_MAX / 2)) {
      this.#known.delete(id)
      if (id > this.#floor) this.#floor = id
    }
  }
}
