/** Waits for a state, however slow the machine is; the bound only ends a test that waits in vain. */
import { setTimeout as sleep } from 'node:timers/promises'

const PATIENCE_MS = 60_000

export async function until(
  isSo: () => boolean | Promise<boolean>,
  what: () => string = () => 'waited in vain',
): Promise<void> {
  const giveUpMs = performance.now() + PATIENCE_MS
  while (!(await isSo())) {
    if (performance.now() > giveUpMs) throw new Error(what())
    await sleep(5)
  }
}
