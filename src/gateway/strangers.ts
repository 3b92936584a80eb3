/** Slows down whoever sends credentials that are none, by address; a good credential from the same address is never slowed. */
import type { Clock } from '../lib/clock.ts'

/** A job with a wrong token retries a few times; somebody who tries credentials does not stop. */
const BURST = 60
const PER_SECOND = 1
/** Threat: whoever comes from many addresses must not fill the memory. */
const ADDRESSES_MAX = 10_000

export interface Strangers {
  /** Counts a failure; true when this address has failed too often. */
  readonly failed: (address: string) => boolean
}

export function createStrangers(clock: Clock): Strangers {
  const known = new Map<string, { left: number; atMs: number }>()
  return {
    failed: (address) => {
      const nowMs = clock.monotonicMs()
      const before = known.get(address) ?? { left: BURST, atMs: nowMs }
      const left = Math.min(BURST, before.left + ((nowMs - before.atMs) / 1000) * PER_SECOND)
      // Again at the end: the names in front are those unused for longest.
      known.delete(address)
      known.set(address, { left: Math.max(0, left - 1), atMs: nowMs })
      if (known.size > ADDRESSES_MAX) {
        const [oldest] = known.keys()
        if (oldest !== undefined) known.delete(oldest)
      }
      return left < 1
    },
  }
}
