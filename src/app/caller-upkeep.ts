/** Takes away what callers left behind: tokens that ended a while ago, uses of rules that nobody asks about any more. */
import type { Clock } from '../lib/clock.ts'
import type { ControlStore } from '../model/control.ts'
import type { Logger } from '../telemetry/logger.ts'
import { repeat, type Repeated } from './repeat.ts'

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
}): Repeated {
  const { control, clock, log } = sources
  const tidy = async (): Promise<void> => {
    const nowMs = clock.nowMs()
    await control.exchangedTokens.removeExpired(nowMs - TOKENS_KEPT_MS)
    await control.trustRuleUses.removeBefore(nowMs - USES_KEPT_MS)
  }
  return repeat(tidy, LOOK_EVERY_MS, (error) => log.warn({}, 'ended tokens not taken away', error))
}
