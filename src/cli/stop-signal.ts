/** Turns Ctrl-C into an abort signal, so that a running command ends by itself with its resources closed. */
import { systemClock } from '../lib/clock.ts'

export interface StopSignal extends Disposable {
  readonly signal: AbortSignal
}

/** A terminal tells every process of the group, and the one that started this one passes it on: so close together it is one wish. */
const ONE_WISH_MS = 500

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** While it is held, SIGINT and SIGTERM abort; a second one, half a second later or more, ends the process at once, as usual. */
export function stopSignal(): StopSignal {
  const abort = new AbortController()
  let askedMs: number | null = null
  const stop = (signal: NodeJS.Signals): void => {
    const nowMs = systemClock.monotonicMs()
    askedMs ??= nowMs
    abort.abort()
    if (nowMs - askedMs < ONE_WISH_MS) return
    release()
    process.kill(process.pid, signal)
  }
  const release = (): void => {
    for (const signal of SIGNALS) process.off(signal, stop)
  }
  for (const signal of SIGNALS) process.on(signal, stop)
  return {
    signal: abort.signal,
    // What was asked to end is ending: the second half of the wish may come only now, and must not cut off its last words.
    [Symbol.dispose]: () => {
      if (askedMs === null) release()
    },
  }
}
