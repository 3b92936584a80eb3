/** Retries work that found the database locked, without blocking the thread while it waits. */
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../lib/clock.ts'

/** SQLITE_BUSY; the extended codes (snapshot, recovery) keep it in the low byte. */
const BUSY = 5
const WAIT_MAX_MS = 10_000
const PAUSE_MS = 5

/**
 * SQLite's own busy timeout sleeps inside the call: every exchange of the process would stand still, and a transaction
 * of the same thread that holds the lock could never end. Throws the last error after ten seconds.
 */
export async function whenFree(work: () => void): Promise<void> {
  const giveUpMs = systemClock.monotonicMs() + WAIT_MAX_MS
  for (;;) {
    try {
      work()
      return
    } catch (error) {
      if (!isBusy(error) || systemClock.monotonicMs() > giveUpMs) throw error
    }
    await pause(PAUSE_MS)
  }
}

export function isBusy(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error)) return false
  return typeof error.errcode === 'number' && (error.errcode & 0xff) === BUSY
}
