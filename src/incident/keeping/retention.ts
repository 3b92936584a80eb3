/** Says what retention will erase, and erases it in small steps; what is held stays. */
import {
  ERASURE_EXCHANGES_MAX,
  type Eraser,
  type ErasureRefusal,
} from '../../evidence/erasure/eraser.ts'
import type { Clock } from '../../lib/clock.ts'
import { exchangeIdFloor, type ExchangeId, type InstanceId } from '../../lib/ids.ts'
import type { ExchangeRow } from '../../model/record.ts'
import type { ErasureIndex } from '../../store/erasure-index.ts'
import type { HoldDesk } from './hold-desk.ts'
import { scopeText } from './hold-scope.ts'

export const DAY_MS = 86_400_000
/** Held exchanges are counted among the oldest of a class, so that a plan answers at once. */
const LOOKED_AT_MAX = 1_000

export interface RetentionRule {
  readonly name: string
  readonly minDays: number
  readonly maxDays: number | null
}

export interface ClassPlan {
  readonly name: string
  readonly minDays: number
  readonly maxDays: number | null
  /** What was recorded before is due. Null when nothing ever is. */
  readonly dueBeforeMs: number | null
  readonly due: Amount
  /** Becomes due within the horizon. */
  readonly soon: Amount
  /** Of those that are due and were looked at. */
  readonly held: number
  readonly lookedAt: number
}

interface Amount {
  readonly exchanges: number
  readonly bytes: number
  readonly oldestMs: number | null
}

/** One exchange that will be erased, and when; or what keeps it. */
export interface DueExchange {
  readonly exchange: ExchangeId
  readonly receivedAtMs: number
  readonly dueAtMs: number
  readonly bytes: number
  /** Legal holds on it. */
  readonly holds: readonly string[]
}

export interface DueQuery {
  readonly retentionClass: string
  readonly horizonDays: number
  readonly after: ExchangeId | null
  readonly limit: number
}

export interface RetentionRun {
  readonly erased: number
  readonly bytes: number
  readonly held: number
  /** Something may be left to do. */
  readonly more: boolean
}

export interface RetentionParts {
  readonly index: ErasureIndex
  readonly eraser: Eraser
  readonly holds: HoldDesk
  readonly clock: Clock
  readonly rules: () => readonly RetentionRule[]
  /** Instances whose segments are in this data folder. */
  readonly instances: () => Promise<readonly InstanceId[]>
}

export class Retention {
  readonly #parts: RetentionParts
  /** How far a pass has come in each class: held exchanges are not looked at again before the next pass. */
  readonly #after = new Map<string, ExchangeId>()

  constructor(parts: RetentionParts) {
    this.#parts = parts
  }

  /** True when some class has an end. */
  get isActive(): boolean {
    return this.#parts.rules().some(({ maxDays }) => maxDays !== null)
  }

  async plan(horizonDays: number): Promise<readonly ClassPlan[]> {
    const { clock, rules, instances } = this.#parts
    const nowMs = clock.nowMs()
    const local = await instances()
    const plans: ClassPlan[] = []
    for (const rule of rules()) plans.push(await this.#classPlan(rule, nowMs, horizonDays, local))
    return plans
  }

  /** What will be erased within the horizon, oldest first; null when there is no such class. */
  async due(query: DueQuery): Promise<readonly DueExchange[] | null> {
    const { clock, rules, instances, index, holds } = this.#parts
    const { retentionClass, horizonDays, after, limit } = query
    const rule = rules().find(({ name }) => name === retentionClass)
    if (rule === undefined) return null
    const { maxDays } = rule
    if (maxDays === null) return []
    const keptMs = maxDays * DAY_MS
    const rows = await index.expired({
      retentionClass,
      instances: await instances(),
      before: exchangeIdFloor(clock.nowMs() - keptMs + horizonDays * DAY_MS),
      ...(after === null ? {} : { after }),
      limit,
    })
    const held = await holds.on(rows)
    return rows.map(({ id, receivedAtMs, storedBytes }) => ({
      exchange: id,
      receivedAtMs,
      dueAtMs: receivedAtMs + keptMs,
      bytes: storedBytes,
      holds: (held.get(id) ?? []).map((hold) => hold.id),
    }))
  }

  /** Erases at most this many exchanges. */
  async step(exchangesMax: number): Promise<RetentionRun> {
    const { clock, rules, instances, index } = this.#parts
    const nowMs = clock.nowMs()
    const local = await instances()
    const sum = { erased: 0, bytes: 0, held: 0 }
    for (const { name, maxDays } of rules()) {
      if (maxDays === null) continue
      const before = exchangeIdFloor(nowMs - maxDays * DAY_MS)
      const left = Math.min(exchangesMax - sum.erased, ERASURE_EXCHANGES_MAX)
      if (left <= 0) return { ...sum, more: true }
      const after = this.#after.get(name)
      const rows = await index.expired({
        retentionClass: name,
        instances: local,
        before,
        ...(after === undefined ? {} : { after }),
        limit: left,
      })
      const last = rows.at(-1)
      if (last === undefined) {
        this.#after.delete(name)
        continue
      }
      const done = await this.#erase(name, maxDays, rows)
      this.#after.set(name, last.id)
      sum.erased += done.erased
      sum.bytes += done.bytes
      sum.held += done.held
      if (rows.length === left) return { ...sum, more: true }
    }
    return { ...sum, more: false }
  }

  async #erase(
    name: string,
    maxDays: number,
    rows: readonly ExchangeRow[],
  ): Promise<{ readonly erased: number; readonly bytes: number; readonly held: number }> {
    const { eraser, holds } = this.#parts
    const held = await holds.keeping(rows)
    const free = rows.filter(({ id }) => !held.has(id))
    if (free.length === 0) return { erased: 0, bytes: 0, held: held.size }
    const outcome = await eraser.erase({
      exchanges: free.map(({ id }) => id),
      cause: 'retention',
      rule: name,
      actor: '',
      reason: `kept for ${maxDays} days`,
      guard: (ready) => heldAmong(holds, ready),
    })
    // A hold that came in between: the next pass leaves out what it covers.
    if (outcome.kind === 'refused') return { erased: 0, bytes: 0, held: outcome.refusals.length }
    const { exchanges, bytes } = outcome.receipt
    return { erased: exchanges.length, bytes, held: held.size }
  }

  async #classPlan(
    rule: RetentionRule,
    nowMs: number,
    horizonDays: number,
    instances: readonly InstanceId[],
  ): Promise<ClassPlan> {
    const { index, holds } = this.#parts
    const { name, minDays, maxDays } = rule
    if (maxDays === null) {
      const none = { exchanges: 0, bytes: 0, oldestMs: null }
      return {
        name,
        minDays,
        maxDays,
        dueBeforeMs: null,
        due: none,
        soon: none,
        held: 0,
        lookedAt: 0,
      }
    }
    const dueBeforeMs = nowMs - maxDays * DAY_MS
    const query = { retentionClass: name, instances }
    const before = exchangeIdFloor(dueBeforeMs)
    const due = await index.countExpired({ ...query, before })
    const later = exchangeIdFloor(dueBeforeMs + horizonDays * DAY_MS)
    const all = await index.countExpired({ ...query, before: later })
    const rows = await index.expired({ ...query, before, limit: LOOKED_AT_MAX })
    const held = (await holds.on(rows)).size
    const soon = {
      exchanges: all.exchanges - due.exchanges,
      bytes: all.bytes - due.bytes,
      oldestMs: due.exchanges === 0 ? all.oldestMs : null,
    }
    return { name, minDays, maxDays, dueBeforeMs, due, soon, held, lookedAt: rows.length }
  }
}

/** What the eraser asks last: holds that lie on any of these. */
export async function heldAmong(
  holds: HoldDesk,
  rows: readonly ExchangeRow[],
): Promise<readonly ErasureRefusal[]> {
  const held = await holds.onErasing(rows)
  return rows.flatMap(({ id }) => {
    const on = held.get(id)
    if (on === undefined) return []
    const detail = on.map((hold) => `hold ${hold.id} on ${scopeText(hold.scope)}: ${hold.reason}`)
    return [{ exchange: id, why: 'held' as const, detail: detail.join('; ') }]
  })
}
