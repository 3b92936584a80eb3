/** A clock that is moved through a month; between two moves it goes at the pace of the machine. */
import type { Clock } from '../../lib/clock.ts'
import { systemClock } from '../../lib/clock.ts'

export interface StoryClock extends Clock {
  /** Never back: what was recorded stays recorded before what comes. */
  readonly moveTo: (atMs: number) => void
}

export function createStoryClock(startMs: number): StoryClock {
  let atMs = startMs
  let since = systemClock.monotonicMs()
  let moved = 0
  const nowMs = (): number => Math.floor(atMs + systemClock.monotonicMs() - since)
  return {
    nowMs,
    monotonicMs: () => systemClock.monotonicMs() + moved,
    moveTo: (wantedMs) => {
      const byMs = wantedMs - nowMs()
      if (byMs <= 0) return
      moved += byMs
      atMs = wantedMs
      since = systemClock.monotonicMs()
    },
  }
}
