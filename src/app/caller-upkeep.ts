/** Takes away what callers left behind: tokens that ended a while ago, uses of rules that nobody asks about any more. */
import type { Clock } from '../lib/clock.ts'
import type { ControlStore } from '../model/control.ts'
import type { Logger } from '../telemetry/logger.ts'

const LOOK_EVERY_MS = 60 * 60 * 1000
const DAY_MS = 24 * 60 * 60 * 1000
/** An ended token is refused as expired rather than as unknown for so long. */
const TOKENS_KEPT_MS = DAY_MS
const USES_KEPT_MS = 400 * DAY_MS

/** Every worker does it; doing it twice changes nothing. */
export function keepCallers(sources: {
  readonly control: Pick<ControlStore, 'exchangedTokens' | 'trustRuleUses'>
  readonly clock: Clock
  readonly log: Pick<Logger, 'warn'>
}): AsyncDisposable & { readonly look: () => Promise<void> } {
  const { control, clock, log } = sources
  const tidy = async (): Promise<void> => {
    const nowMs = clock.nowMs()
    await control.exchangedTokens.removeExpired(nowMs - TOKENS_KEPT_MS)
    await control.trustRuleUses.removeBefore(nowMs - USES_KEPT_MS)
  }
  let running: Promise<void> = Promise.resolve()
  const look = (): Promise<void> => {
    running = running
      .then(tidy)
      .catch((error: unknown) => log.warn({}, 'ended tokens not taken away', error))
    return running
  }
  void look()
  const timer = setInterval(() => void look(), LOOK_EVERY_MS)
  timer.unref()
  return {
    look,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await running
    },
  }
}
