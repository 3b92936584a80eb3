/** Keeps the transparency log of this gateway telling what each legal hold covers: all of it, by name, and what comes later. */
import type { Clock } from '../../lib/clock.ts'
import { exchangeIdFloor } from '../../lib/ids.ts'
import type { ExchangeSearch } from '../../model/exchange-query.ts'
import type { HoldRow, HoldScope, HoldTable } from '../../model/holds.ts'
import type { EvidenceEvent } from '../../model/record.ts'
import type { PinChange } from './hold-desk.ts'
import { holdEvents, ToldHolds, type HoldEventType, type HoldSaid } from './hold-leaves.ts'
import { heldAmong, type PinLookup } from './hold-scope.ts'

/** Rows that changed, looked at together. */
const CHANGES_AT_ONCE = 1_000
/** Names are kept so long, so that a row that changes again is not told again. */
const NAMES_KEPT_MS = 24 * 60 * 60 * 1000

export interface HoldLogParts {
  readonly table: HoldTable
  readonly everPinned: PinLookup
  readonly clock: Clock
  /** Resolves when durable. */
  readonly note: (event: EvidenceEvent) => Promise<void>
  /** What a hold covers now: named in the log, a verifier sees an erasure under it without any key. */
  readonly coveredNow: (scope: HoldScope) => AsyncIterable<readonly string[]>
  /** What the log of this gateway was told before. */
  readonly told: () => AsyncIterable<EvidenceEvent>
  readonly changes: Pick<ExchangeSearch, 'changes' | 'newest'>
}

type Place = Awaited<ReturnType<ExchangeSearch['newest']>>

/** Grows by what is sent, not by what somebody names. */
const isWide = ({ scope }: HoldRow): boolean => scope.kind !== 'exchange' && scope.kind !== 'case'

/** Everything under `exclusively`, so that what the log says and what holds change together. */
export class HoldLog {
  readonly #parts: HoldLogParts
  #told: ToldHolds | null = null
  /** Wide holds whose exchanges of before `#seen` are all named. */
  readonly #complete = new Set<string>()
  /** Changes of rows up to here were held against the wide holds; null while there is none. */
  #seen: Place | null = null

  constructor(parts: HoldLogParts) {
    this.#parts = parts
  }

  /** Tells what `pages` name: one event at least. */
  async tell(
    type: HoldEventType,
    row: HoldRow,
    said: HoldSaid,
    pages: AsyncIterable<readonly string[]> | Iterable<readonly string[]>,
  ): Promise<void> {
    const told = await this.#recalled()
    let isFirst = true
    const note = async (exchanges: readonly string[]): Promise<void> => {
      for (const event of holdEvents({ type, isFirst, row, said, exchanges })) {
        await this.#parts.note(event)
        told.recall(event)
        isFirst = false
      }
    }
    for await (const exchanges of pages) await note(exchanges)
    if (isFirst) await note([])
  }

  /** A hold from now on: what it covers, however much that is. */
  async set(row: HoldRow, said: HoldSaid): Promise<void> {
    await this.#begin(row)
    await this.tell('hold.set', row, said, this.#parts.coveredNow(row.scope))
    if (isWide(row)) this.#complete.add(row.id)
  }

  /** An exchange that is pinned twice is told once, and each that is taken back is told to stay. */
  async pinned(row: HoldRow, { exchanges, isTakenBack, by }: PinChange): Promise<void> {
    const untold = (await this.#recalled()).untold(row.id, exchanges)
    const said = { atMs: this.#parts.clock.nowMs(), actor: by }
    if (untold.length > 0)
      await this.tell('hold.extended', row, { ...said, reason: 'pinned in the case' }, [untold])
    if (isTakenBack)
      await this.tell('hold.kept', row, { ...said, reason: 'its pin was taken back' }, [exchanges])
  }

  async catchUp(): Promise<void> {
    const { table } = this.#parts
    const active = await table.active()
    for (const row of active) await this.#nameAll(row)
    await this.#nameChanged(active.filter(isWide))
    await this.#tellEnds(active)
  }

  async #nameAll(row: HoldRow): Promise<void> {
    if (this.#complete.has(row.id)) return
    await this.#begin(row)
    const told = await this.#recalled()
    for await (const exchanges of this.#parts.coveredNow(row.scope)) {
      const untold = told.untold(row.id, exchanges)
      if (untold.length > 0) await this.#extend(row, untold)
    }
    // A hold that another gateway set, on what was not sent yet.
    if (!told.knows(row.id)) await this.#extend(row, [])
    if (isWide(row)) this.#complete.add(row.id)
  }

  /** From here on changes count: what comes while the pages are read is met there. */
  async #begin(row: HoldRow): Promise<void> {
    if (isWide(row)) this.#seen ??= await this.#parts.changes.newest()
  }

  async #nameChanged(wide: readonly HoldRow[]): Promise<void> {
    const { changes, everPinned, clock } = this.#parts
    if (wide.length === 0) {
      this.#seen = null
      this.#complete.clear()
      return
    }
    const told = await this.#recalled()
    for (;;) {
      const found = await changes.changes(this.#seen ?? { seq: 0, id: '' }, CHANGES_AT_ONCE)
      const ended = found.map(({ row }) => row).filter(({ state }) => state !== 'open')
      const held = await heldAmong(wide, ended, everPinned)
      for (const row of wide) {
        const covered = ended.filter(({ id }) => held.get(id)?.includes(row) === true)
        const untold = told.untold(
          row.id,
          covered.map(({ id }) => id),
        )
        if (untold.length > 0) await this.#extend(row, untold)
      }
      const last = found.at(-1)
      if (last !== undefined) this.#seen = { seq: last.seq, id: last.row.id }
      if (found.length < CHANGES_AT_ONCE) break
    }
    const keptFrom = exchangeIdFloor(clock.nowMs() - NAMES_KEPT_MS)
    for (const { id } of wide) told.forgetNamesBefore(id, keptFrom)
  }

  #extend(row: HoldRow, exchanges: readonly string[]): Promise<void> {
    const said = { atMs: this.#parts.clock.nowMs(), actor: '', reason: row.reason }
    return this.tell('hold.extended', row, said, [exchanges])
  }

  /** Of holds that were released elsewhere. */
  async #tellEnds(active: readonly HoldRow[]): Promise<void> {
    const { table, clock } = this.#parts
    const inForce = new Set(active.map(({ id }) => id))
    for (const id of (await this.#recalled()).standing) {
      const row = inForce.has(id) ? null : await table.byId(id)
      if (row === null || row.releasedAtMs === null) continue
      const said = { atMs: clock.nowMs(), actor: row.releasedByName ?? '' }
      await this.tell('hold.released', row, { ...said, reason: row.releaseReason ?? '' }, [])
    }
  }

  async #recalled(): Promise<ToldHolds> {
    if (this.#told !== null) return this.#told
    const told = new ToldHolds()
    for await (const event of this.#parts.told()) told.recall(event)
    this.#told ??= told
    return this.#told
  }
}
