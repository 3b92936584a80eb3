/** Wires containment: the locks in force, the exchanges in flight that a new lock cuts, and the evidence of both. */
import type { Config } from '../config/config.ts'
import type { Evidence } from '../evidence/open-evidence.ts'
import { lockOn } from '../gateway/contained-facts.ts'
import { createInFlight } from '../gateway/in-flight.ts'
import type { InFlight } from '../gateway/in-flight.ts'
import { openLockView } from '../identity/lock-view.ts'
import type { LockView } from '../identity/lock-view.ts'
import type { Clock } from '../lib/clock.ts'
import type { Store } from '../store/store.ts'
import type { Logger } from '../telemetry/logger.ts'
import { keepLockJournal } from './lock-journal.ts'

export interface Containment extends AsyncDisposable {
  readonly view: LockView
  readonly inFlight: InFlight
  /** Puts a lock in force here and now; how many exchanges it cut. */
  readonly applied: (lockId: string) => Promise<number>
  /** True while nothing new is let in because the locks cannot be read. */
  readonly refuses: () => boolean
  /** Line of the readiness check. */
  readonly check: () => string
}

export async function startContainment(sources: {
  readonly store: Store
  readonly evidence: Evidence
  readonly clock: Clock
  readonly log: Logger
  readonly config: () => Config
}): Promise<Containment> {
  const { store, evidence, clock, log, config } = sources
  await using stack = new AsyncDisposableStack()
  const inFlight = createInFlight()
  const cutWhatIsLocked = (containment: LockView): void => {
    const cut = inFlight.cut((exchange) => lockOn(exchange, { containment }))
    if (cut > 0) log.warn({ cut }, 'exchanges in flight were cut by a lock')
  }
  const view: LockView = stack.use(
    await openLockView({
      table: store.control.locks,
      clock,
      disabled: store.control.people.disabled,
      stale: () => {
        const { staleAfterMs, whenStale } = config().containment
        return { afterMs: staleAfterMs, mode: whenStale }
      },
      onChange: (changed) => cutWhatIsLocked(changed),
      onFailure: (error) => log.error({}, 'locks cannot be read', error),
    }),
  )
  stack.use(await keepLockJournal(store.control.locks, store.index, evidence.recorder))
  const owned = stack.move()
  return {
    view,
    inFlight,
    applied: async (lockId) => {
      await view.refresh()
      return inFlight.cutsBy(lockId)
    },
    refuses: () => view.isStale() && view.whenStale() === 'refuse',
    check: () => (view.isStale() ? `the locks could not be read for ${view.ageMs()} ms` : 'ok'),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
