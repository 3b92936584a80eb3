/** Ends keys that nobody uses or whose owner left, once the grace is over; each end is evidence. */
import { byLogin, keysToEnd } from '../identity/key-ownership.ts'
import type { KeyRules } from '../identity/key-ownership.ts'
import type { Clock } from '../lib/clock.ts'
import type { Recorder } from '../model/recorder.ts'
import type { Store } from '../store/store.ts'
import type { Logger } from '../telemetry/logger.ts'
import { repeat, type Repeated } from './repeat.ts'

const LOOK_EVERY_MS = 10 * 60 * 1000

/** Every worker looks; the table lets a key end once. */
export function keepKeys(sources: {
  readonly store: Store
  readonly recorder: Recorder
  readonly clock: Clock
  readonly log: Logger
  readonly rules: () => KeyRules
}): Repeated {
  const { store, recorder, clock, log, rules } = sources
  const endAll = async (): Promise<void> => {
    const nowMs = clock.nowMs()
    const people = byLogin(await store.control.people.list())
    for (const { key, flags } of keysToEnd(await store.keys.list(), people, rules(), nowMs)) {
      if (!(await store.keys.expire(key.id, nowMs))) continue
      log.warn({ key: key.id, owner: key.owner, because: flags.join(' ') }, 'key ended')
      await recorder.note({
        type: 'key.ended',
        atMs: nowMs,
        actor: '',
        details: { key: key.id, owner: key.owner, service: key.service, because: flags.join(' ') },
      })
    }
  }
  return repeat(endAll, LOOK_EVERY_MS, (error) => log.warn({}, 'keys not looked after', error))
}
