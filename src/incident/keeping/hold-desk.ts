/** Sets and releases legal holds, says which of them lie on an exchange, and keeps the log telling what each covers. */
import type { Clock } from '../../lib/clock.ts'
import { newControlId } from '../../lib/ids.ts'
import type { HoldRow, HoldScope, HoldTable } from '../../model/holds.ts'
import type { EvidenceEvent, ExchangeRow } from '../../model/record.ts'
import { holdEvents, ToldHolds, type HoldEventType, type HoldSaid } from './hold-leaves.ts'
import { heldAmong, type PinLookup } from './hold-scope.ts'

export interface Doer {
  readonly person: string
  readonly login: string
}

export type ReleaseOutcome = 'released' | 'not-found' | 'own' | 'released-before'

/** Exchanges that somebody pins in a case, or takes back. */
export interface PinChange {
  readonly case: string
  readonly exchanges: readonly string[]
  readonly isTakenBack: boolean
  /** Login. */
  readonly by: string
}

export interface HoldDesk {
  readonly set: (scope: HoldScope, reason: string, by: Doer) => Promise<HoldRow>
  /** Nobody releases a hold that they set. */
  readonly release: (id: string, reason: string, by: Doer) => Promise<ReleaseOutcome>
  readonly list: HoldTable['list']
  readonly byId: HoldTable['byId']
  /** The holds in force on each of these exchanges; those with none are left out. */
  readonly on: (rows: readonly ExchangeRow[]) => Promise<ReadonlyMap<string, readonly HoldRow[]>>
  /** The same, as the last thing that an erasure asks: before it is announced, the log is told how holds changed elsewhere. */
  readonly onErasing: HoldDesk['on']
  /** In force, oldest first. */
  readonly active: HoldTable['active']
  /** Does `work`, which pins or takes back; where the case is held, evidence says what that means for the hold. */
  readonly pinning: <Result>(change: PinChange, work: () => Promise<Result>) => Promise<Result>
  /** Tells the log what it does not know yet: pins and releases of other processes, or of before a crash. */
  readonly catchUp: () => Promise<void>
}

export interface HoldDeskParts {
  readonly table: HoldTable
  readonly everPinned: PinLookup
  readonly clock: Clock
  /** Resolves when durable. */
  readonly note: (event: EvidenceEvent) => Promise<void>
  /** Keeps a hold from being set in the middle of an erasure. */
  readonly exclusively: <Result>(work: () => Promise<Result>) => Promise<Result>
  /** What a hold covers now: named in the log, a verifier sees an erasure under it without any key. */
  readonly coveredNow: (scope: HoldScope) => Promise<readonly string[]>
  /** What the log of this gateway was told before. */
  readonly told: () => Promise<readonly EvidenceEvent[]>
}

export function createHoldDesk(parts: HoldDeskParts): HoldDesk {
  const { table, everPinned, clock, exclusively, coveredNow } = parts
  const log = new HoldLog(parts)
  const on: HoldDesk['on'] = async (rows) =>
    heldAmong(rows.length === 0 ? [] : await table.active(), rows, everPinned)
  return {
    set: (scope, reason, by) =>
      exclusively(async () => {
        const atMs = clock.nowMs()
        const row: HoldRow = {
          id: newControlId('ho', atMs),
          scope,
          reason,
          setBy: by.person,
          setByName: by.login,
          setAtMs: atMs,
          releasedBy: null,
          releasedByName: null,
          releasedAtMs: null,
          releaseReason: null,
        }
        // In force first: a hold that evidence does not know yet is better than one that is only said to be there.
        await table.insert(row)
        const covered = await coveredNow(scope)
        await log.tell('hold.set', row, { atMs, actor: by.login, reason }, covered)
        return row
      }),
    release: (id, reason, by) =>
      exclusively(async () => {
        const row = await table.byId(id)
        if (row === null) return 'not-found'
        if (row.releasedAtMs !== null) return 'released-before'
        if (row.setBy === by.person) return 'own'
        const atMs = clock.nowMs()
        const covered = await coveredNow(row.scope)
        // Said first: a hold never ends unsaid.
        await log.tell('hold.released', row, { atMs, actor: by.login, reason }, covered)
        const { person, login } = by
        const isReleased = await table.release(id, { by: person, byName: login, atMs, reason })
        return isReleased ? 'released' : 'released-before'
      }),
    list: (page) => table.list(page),
    byId: (id) => table.byId(id),
    on,
    onErasing: async (rows) => {
      await log.catchUp()
      return on(rows)
    },
    active: () => table.active(),
    pinning: async (change, work) => {
      const holdsOnCase = async (): Promise<readonly HoldRow[]> =>
        (await table.active()).filter(
          ({ scope }) => scope.kind === 'case' && scope.case === change.case,
        )
      const tell = async (): Promise<void> => {
        for (const row of await holdsOnCase()) await log.pinned(row, change)
      }
      // Threat: pinned between the last look of an erasure and its announcement, it would be erased under a hold.
      if ((await holdsOnCase()).length > 0)
        return exclusively(async () => {
          const result = await work()
          await tell()
          return result
        })
      const result = await work()
      // A hold that was set in the meantime may have been told what the case held a moment before.
      if ((await holdsOnCase()).length > 0) await exclusively(tell)
      return result
    },
    catchUp: () => exclusively(() => log.catchUp()),
  }
}

/** The leaves of holds. Everything under `exclusively`, so that what the log says and what holds change together. */
class HoldLog {
  readonly #parts: HoldDeskParts
  #told: ToldHolds | null = null

  constructor(parts: HoldDeskParts) {
    this.#parts = parts
  }

  async tell(
    type: HoldEventType,
    row: HoldRow,
    said: HoldSaid,
    exchanges: readonly string[],
  ): Promise<void> {
    const told = await this.#recalled()
    for (const event of holdEvents(type, row, said, exchanges)) {
      await this.#parts.note(event)
      told.recall(event)
    }
  }

  /** An exchange that is pinned twice is told once, and each that is taken back is told to stay. */
  async pinned(row: HoldRow, { exchanges, isTakenBack, by }: PinChange): Promise<void> {
    const untold = (await this.#recalled()).untold(row.id, exchanges)
    const said = { atMs: this.#parts.clock.nowMs(), actor: by }
    if (untold.length > 0)
      await this.tell('hold.extended', row, { ...said, reason: 'pinned in the case' }, untold)
    if (isTakenBack)
      await this.tell('hold.kept', row, { ...said, reason: 'its pin was taken back' }, exchanges)
  }

  async catchUp(): Promise<void> {
    const { table, clock, coveredNow } = this.#parts
    const told = await this.#recalled()
    const active = await table.active()
    for (const row of active) {
      // What somebody sends later is not named, but a hold that another gateway set is, once.
      if (row.scope.kind !== 'case' && told.knows(row.id)) continue
      const untold = told.untold(row.id, await coveredNow(row.scope))
      if (untold.length === 0 && told.knows(row.id)) continue
      const said = { atMs: clock.nowMs(), actor: '', reason: row.reason }
      await this.tell('hold.extended', row, said, untold)
    }
    const inForce = new Set(active.map(({ id }) => id))
    for (const id of told.standing) {
      const row = inForce.has(id) ? null : await table.byId(id)
      if (row === null || row.releasedAtMs === null) continue
      const said = { atMs: clock.nowMs(), actor: row.releasedByName ?? '' }
      await this.tell('hold.released', row, { ...said, reason: row.releaseReason ?? '' }, [])
    }
  }

  async #recalled(): Promise<ToldHolds> {
    if (this.#told !== null) return this.#told
    const told = new ToldHolds()
    for (const event of await this.#parts.told()) told.recall(event)
    this.#told ??= told
    return this.#told
  }
}
