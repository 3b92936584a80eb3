/** Wires what people set going on their own: hunts through the record, alerts on searches. */
import type { ApiParts } from '../api/parts.ts'
import type { Config } from '../config/config.ts'
import type { Clock } from '../lib/clock.ts'
import type { ApprovalSettings } from '../model/approval-settings.ts'
import type { Recorder } from '../model/recorder.ts'
import type { Store } from '../store/store.ts'
import type { Logger } from '../telemetry/logger.ts'
import { entitiesOf } from '../config/policy/resolve-policy.ts'
import { startHunting } from './hunting.ts'
import { alertChannels, keepAlerting } from './search-alerts.ts'
import { storageOf } from './storage-of.ts'

export interface SeekingSources {
  readonly config: Config
  readonly store: Store
  readonly recorder: Recorder
  readonly clock: Clock
  readonly log: Logger
  readonly key: Buffer
  readonly settings: () => ApprovalSettings
  readonly consoleUrl: () => string
}

export interface Seeking extends Pick<ApiParts, 'hunts' | 'alertChannels'>, AsyncDisposable {}

export function startSeeking(sources: SeekingSources): Seeking {
  const { store, clock, log, key, settings } = sources
  const stack = new AsyncDisposableStack()
  stack.use(keepAlerting(sources))
  const hunts = stack.use(
    startHunting({
      folder: sources.config.storage.folder,
      storage: storageOf(sources.config),
      key,
      store,
      clock,
      log,
      entities: entitiesOf(Object.values(sources.config.masking)),
    }),
  )
  return {
    hunts,
    alertChannels: () => alertChannels(settings()),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
