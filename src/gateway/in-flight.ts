/** The exchanges in flight in this process, so that a lock that is set ends those it hits. */
import type { LockRow } from '../model/containment.ts'
import { fail } from '../model/errors.ts'
import { stopReading } from './caller.ts'
import type { Exchange } from './exchange.ts'

/** Only the counts of the newest locks are of interest. */
const COUNTED_MAX = 1000

export interface InFlight {
  readonly enter: (exchange: Exchange) => void
  readonly leave: (exchange: Exchange) => void
  /** Ends each exchange that `judge` names a lock for; how many those were. */
  readonly cut: (judge: (exchange: Exchange) => LockRow | null) => number
  /** How many exchanges a lock has ended here. */
  readonly cutsBy: (lockId: string) => number
}

export function createInFlight(): InFlight {
  const running = new Set<Exchange>()
  const cutsBy = new Map<string, number>()
  return {
    enter: (exchange) => void running.add(exchange),
    leave: (exchange) => void running.delete(exchange),
    cut: (judge) => {
      let cuts = 0
      for (const exchange of running) {
        if (exchange.cutBy !== null) continue
        const lock = judge(exchange)
        if (lock === null) continue
        end(exchange, lock)
        if (cutsBy.size >= COUNTED_MAX) cutsBy.clear()
        cutsBy.set(lock.id, (cutsBy.get(lock.id) ?? 0) + 1)
        cuts += 1
      }
      return cuts
    },
    cutsBy: (lockId) => cutsBy.get(lockId) ?? 0,
  }
}

function end(exchange: Exchange, lock: LockRow): void {
  const error = lockedBy(lock)
  exchange.lock = lock.id
  exchange.cutBy = error
  if (exchange.onCut === null) stopReading(exchange.caller.body, error)
  else exchange.onCut(error)
}

/** The reason stays with the operators: the caller may be who the lock is about. */
export function lockedBy(lock: LockRow) {
  return fail('containment.locked', `Reference ${lock.id}.`)
}
