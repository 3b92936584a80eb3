/** Sets and releases legal holds, says which of them lie on an exchange, and keeps the log telling what each covers. */
import { newControlId, type ExchangeId } from '../../lib/ids.ts'
import type { HoldRow, HoldScope, HoldTable } from '../../model/holds.ts'
import type { ExchangeRow } from '../../model/record.ts'
import { HoldLog, type HoldLogParts } from './hold-log.ts'
import { heldAmong } from './hold-scope.ts'

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
  /**
   * The same, and those that evidence says cover it: a query that came to find something else, since the index was made anew, frees
   * nothing. Asked before something is erased.
   */
  readonly keeping: HoldDesk['on']
  /** The same, as the last thing that an erasure asks: before it is announced, the log is told how holds changed elsewhere. */
  readonly onErasing: HoldDesk['on']
  /** In force, oldest first. */
  readonly active: HoldTable['active']
  /** Does `work`, which pins or takes back; where the case is held, evidence says what that means for the hold. */
  readonly pinning: <Result>(change: PinChange, work: () => Promise<Result>) => Promise<Result>
  /** Tells the log what it does not know yet: pins and releases of other processes, or of before a crash. */
  readonly catchUp: () => Promise<void>
}

export interface HoldDeskParts extends HoldLogParts {
  /** Keeps a hold from being set in the middle of an erasure. */
  readonly exclusively: <Result>(work: () => Promise<Result>) => Promise<Result>
  /** The holds that evidence says lie, or lay, on this exchange. */
  readonly namedBy: (exchange: ExchangeId) => Promise<ReadonlySet<string>>
}

export function createHoldDesk(parts: HoldDeskParts): HoldDesk {
  const { table, everPinned, clock, exclusively, coveredNow, namedBy } = parts
  const log = new HoldLog(parts)
  const on: HoldDesk['on'] = async (rows) =>
    heldAmong(rows.length === 0 ? [] : await table.active(), rows, everPinned)
  const keeping: HoldDesk['keeping'] = async (rows) => {
    const active = rows.length === 0 ? [] : await table.active()
    const held = new Map(await heldAmong(active, rows, everPinned))
    if (active.length === 0) return held
    for (const { id } of rows) {
      if (held.has(id)) continue
      const named = await namedBy(id)
      const holds = active.filter((hold) => named.has(hold.id))
      if (holds.length > 0) held.set(id, holds)
    }
    return held
  }
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
        await log.set(row, { atMs, actor: by.login, reason })
        return row
      }),
    release: (id, reason, by) =>
      exclusively(async () => {
        const row = await table.byId(id)
        if (row === null) return 'not-found'
        if (row.releasedAtMs !== null) return 'released-before'
        if (row.setBy === by.person) return 'own'
        const atMs = clock.nowMs()
        // Said first: a hold never ends unsaid.
        const said = { atMs, actor: by.login, reason }
        await log.tell('hold.released', row, said, coveredNow(row.scope))
        const { person, login } = by
        const isReleased = await table.release(id, { by: person, byName: login, atMs, reason })
        return isReleased ? 'released' : 'released-before'
      }),
    list: (page) => table.list(page),
    byId: (id) => table.byId(id),
    on,
    keeping,
    onErasing: async (rows) => {
      await log.catchUp()
      return keeping(rows)
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
