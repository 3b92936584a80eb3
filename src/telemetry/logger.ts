/** Writes the log: one event and flat fields a line, JSON for machines, readable on a terminal, never content or credentials. */
import { pino } from 'pino'
import { systemClock } from '../lib/clock.ts'
import type { Clock } from '../lib/clock.ts'
import { errorFields } from './error-fields.ts'
import { prettyLine } from './pretty-line.ts'
import { safeFields } from './safe-fields.ts'
import type { LogFields } from './safe-fields.ts'
import { standardErrorSink } from './standard-error.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** What rooms depend on. `event` is a fixed text, never built from input; `error` is reduced to what is safe. */
export interface Logger {
  readonly debug: (fields: LogFields, event: string) => void
  readonly info: (fields: LogFields, event: string) => void
  readonly warn: (fields: LogFields, event: string, error?: unknown) => void
  readonly error: (fields: LogFields, event: string, error?: unknown) => void
}

/** The one the composition root owns. */
export interface RootLogger extends Logger, AsyncDisposable {
  /** Takes effect with the next line. */
  readonly setLevel: (level: LogLevel) => void
}

/** Where lines go; each ends in a line break. */
export interface LogSink {
  readonly write: (line: string) => void
  readonly flush: () => Promise<void>
}

/** As `Config.log` has it. */
export interface LogChoice {
  readonly level: LogLevel
  /** `auto`: readable when standard error is a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'json' | 'pretty'
}

export interface LoggerParts {
  readonly clock?: Clock
  readonly sink?: LogSink
}

export function createLogger(choice: LogChoice, parts: LoggerParts = {}): RootLogger {
  const { clock = systemClock, sink = standardErrorSink() } = parts
  const pretty = choice.format === 'auto' ? process.stderr.isTTY : choice.format === 'pretty'
  const stream = pretty
    ? {
        write: (line: string) => {
          sink.write(prettyLine(line))
        },
      }
    : sink
  const log = pino(
    {
      level: choice.level,
      base: null,
      messageKey: 'event',
      timestamp: () => `,"time":"${new Date(clock.nowMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  )
  const line =
    (at: 'debug' | 'info' | 'warn' | 'error') =>
    (fields: LogFields, event: string, error?: unknown): void => {
      if (!log.isLevelEnabled(at)) return
      const all = error === undefined ? fields : { ...fields, ...errorFields(error) }
      log[at](safeFields(all), event)
      // What may explain the end of the process must not wait for company.
      if (at === 'warn' || at === 'error') void sink.flush()
    }
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    setLevel: (next) => {
      log.level = next
    },
    [Symbol.asyncDispose]: () => sink.flush(),
  }
}
