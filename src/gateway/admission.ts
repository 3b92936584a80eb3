/** Keeps the process inside its limits: how many exchanges run, how many body bytes are held, whether new ones may come. */
import type { GatewayError } from '../model/errors.ts'
import { fail } from '../model/errors.ts'
import type { GatewayLimits } from '../model/settings.ts'

export interface Admission {
  readonly running: () => number
  readonly heldBytes: () => number
  /** Null when the exchange may begin; then `leave` must be called once. */
  readonly enter: (limits: GatewayLimits) => GatewayError | null
  readonly leave: () => void
  /** Counts body bytes held in memory; false (and not counted) above the limit. */
  readonly hold: (bytes: number, limits: GatewayLimits) => boolean
  readonly release: (bytes: number) => void
  /** From now on nothing new is admitted. Resolves when the last exchange has left. */
  readonly drain: () => Promise<void>
  readonly isDraining: () => boolean
}

export function createAdmission(): Admission {
  let running = 0
  let held = 0
  let draining: (() => void) | null = null
  let drained: Promise<void> | null = null
  return {
    running: () => running,
    heldBytes: () => held,
    enter: (limits) => {
      if (drained !== null) return fail('limit.draining')
      if (running >= limits.concurrentExchangesMax) return fail('limit.concurrency')
      running += 1
      return null
    },
    leave: () => {
      running -= 1
      if (running === 0) draining?.()
    },
    hold: (bytes, limits) => {
      if (held + bytes > limits.bufferedBytesMax) return false
      held += bytes
      return true
    },
    release: (bytes) => {
      held -= bytes
    },
    drain: () => {
      drained ??= new Promise((resolve) => {
        draining = resolve
        if (running === 0) resolve()
      })
      return drained
    },
    isDraining: () => drained !== null,
  }
}
