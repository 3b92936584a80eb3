/** Waits, or stops waiting when asked to. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves after `ms` or as soon as `signal` aborts; never rejects. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
