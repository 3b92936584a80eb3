/** Waits for a state, however slow the machine is; the bound only ends a test that waits in vain. */
import { setTimeout as sleep } from 'node:timers/promises'

const PATIENCE_MS = 60_000
/** Whoever asks an API over and over is refused for asking too often. */
const PAUSE_MAX_MS = 250

/** What is seen once it is so: for a question whose answer is looked at further. */
export async function untilSeen<T>(look: () => Promise<T>, isSo: (seen: T) => boolean): Promise<T> {
  let last = await look()
  await until(
    async () => isSo(last) || isSo((last = await look())),
    () => `waited in vain; seen last: ${JSON.stringify(last)}`,
  )
  return last
}

export async function until(
  isSo: () => boolean | Promise<boolean>,
  what: () => string = () => 'waited in vain',
): Promise<void> {
  const giveUpMs = performance.now() + PATIENCE_MS
  for (let pauseMs = 5; !(await isSo()); pauseMs = Math.min(pauseMs * 1.5, PAUSE_MAX_MS)) {
    if (performance.now() > giveUpMs) throw new Error(what())
    await sleep(pauseMs)
  }
}
