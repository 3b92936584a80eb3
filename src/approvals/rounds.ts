/** Looks after approvals while nobody does: ends what has expired, escalates what waits too long, makes evidence of the rest. */
import type { Clock } from '../lib/clock.ts'
import type { ApprovalTable } from '../model/approval.ts'
import type { Journal } from './journal.ts'
import { move } from './moves.ts'
import { escalate, escalationAtMs, expire } from './state.ts'

const EVERY_MS = 500
const PENDING_MAX = 1_000

export interface RoundsParts {
  readonly table: ApprovalTable
  readonly clock: Clock
  readonly journal: Journal
  readonly onFault: (what: string, error: unknown) => void
}

/** Several gateways may do it: each step is taken once. */
export function keepRounds(parts: RoundsParts): AsyncDisposable {
  let running: Promise<void> = Promise.resolve()
  let isBusy = false
  const round = (): void => {
    if (isBusy) return
    isBusy = true
    running = goRound(parts)
      .catch((error: unknown) => parts.onFault('approvals not looked after', error))
      .finally(() => {
        isBusy = false
      })
  }
  const timer = setInterval(round, EVERY_MS)
  timer.unref()
  round()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await running
    },
  }
}

export async function goRound(parts: RoundsParts): Promise<void> {
  const { table, clock, journal } = parts
  for (const approval of await table.list({ states: ['pending'], limit: PENDING_MAX })) {
    const nowMs = clock.nowMs()
    if (nowMs >= approval.expiresAtMs) await move(parts, approval.id, (one) => expire(one, nowMs))
    else if (approval.escalatedAtMs === null && nowMs >= escalationAtMs(approval))
      await move(parts, approval.id, (one) => escalate(one, nowMs))
  }
  await journal.catchUp()
}
