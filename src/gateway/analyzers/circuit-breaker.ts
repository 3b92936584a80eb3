/** Stops asking somebody who does not answer, and tries again with one question after a while. */
import type { Clock } from '../../lib/clock.ts'

export interface CircuitBreaker {
  /** False while nobody should be asked. The first question after a pause is a trial: others wait for how it ends. */
  readonly mayAsk: () => boolean
  readonly answered: () => void
  readonly failed: () => void
}

export const BREAKER_LIMITS = { failures: 5, pauseMs: 10_000 } as const

export function createCircuitBreaker(clock: Clock): CircuitBreaker {
  let failures = 0
  let openedAt = 0
  let isTrying = false
  return {
    mayAsk: () => {
      if (failures < BREAKER_LIMITS.failures) return true
      if (isTrying || clock.monotonicMs() - openedAt < BREAKER_LIMITS.pauseMs) return false
      isTrying = true
      return true
    },
    answered: () => {
      failures = 0
      isTrying = false
    },
    failed: () => {
      failures += 1
      isTrying = false
      if (failures >= BREAKER_LIMITS.failures) openedAt = clock.monotonicMs()
    },
  }
}
