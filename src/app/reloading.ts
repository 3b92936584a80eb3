/** Says of each reload, accepted or refused, what became of it: in the log, the metrics, the evidence and readiness. */
import type { Config, ConfigProblem } from '../config/config.ts'
import type { Evidence } from '../evidence/open-evidence.ts'
import type { Clock } from '../lib/clock.ts'
import type { createLogger } from '../telemetry/logger.ts'
import type { createMetrics } from '../telemetry/metrics.ts'

export interface Reloading {
  readonly accepted: (config: Config, warnings: readonly string[]) => void
  /** The configuration in force stays. */
  readonly refused: (problems: readonly ConfigProblem[]) => void
  /** For readiness: `ok`, or why the file on disk is not in force. */
  readonly check: () => string
}

export interface ReloadingParts {
  readonly clock: Clock
  readonly log: ReturnType<typeof createLogger>
  readonly metrics: ReturnType<typeof createMetrics>
  readonly recorder: Evidence['recorder']
}

export function createReloading(parts: ReloadingParts): Reloading {
  const { clock, log, metrics, recorder } = parts
  let check = 'ok'

  const noted = (type: 'config.reloaded' | 'config.refused', hash: string): void => {
    metrics.configReloads.with(type === 'config.reloaded' ? 'accepted' : 'refused').add()
    recorder
      .note({ type, atMs: clock.nowMs(), actor: '', details: { hash } })
      .catch((error: unknown) => log.error({}, 'reload not recorded', error))
  }

  return {
    check: () => check,
    accepted: (config, warnings) => {
      check = 'ok'
      log.setLevel(config.log.level)
      for (const warning of warnings) log.warn({ warning }, 'configuration warning')
      log.info({ hash: config.hash }, 'configuration reloaded')
      noted('config.reloaded', config.hash)
    },
    refused: (problems) => {
      check = 'the last reload was refused; the configuration before it is in force'
      for (const { path, message, line } of problems) {
        log.error({ path, problem: message, line }, 'configuration refused')
      }
      noted('config.refused', '')
    },
  }
}
