/** Takes up what commands on the data folder noted of their readings while this gateway runs, and makes events of it. */
import type { Evidence } from '../evidence/open-evidence.ts'
import type { Logger } from '../telemetry/logger.ts'

const LOOK_EVERY_MS = 1_000

export function takeUpReadings(evidence: Evidence, log: Logger): AsyncDisposable {
  let running: Promise<void> | null = null
  let failed = false
  const look = async (): Promise<void> => {
    try {
      await evidence.takeReadings()
      failed = false
    } catch (error) {
      // The notes stay until evidence can be written again.
      if (!failed) log.warn({}, 'readings on the data folder wait for their events', error)
      failed = true
    }
  }
  const timer = setInterval(() => {
    running ??= look().finally(() => {
      running = null
    })
  }, LOOK_EVERY_MS)
  timer.unref()
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer)
      await running
      await look()
    },
  }
}
