/** Turns Ctrl-C into an abort signal, so that a running command ends by itself with its resources closed. */

export interface StopSignal extends Disposable {
  readonly signal: AbortSignal
}

/** While it is held, SIGINT and SIGTERM abort; a second one ends the process at once, as usual. */
export function stopSignal(): StopSignal {
  const abort = new AbortController()
  const stop = (): void => {
    release()
    abort.abort()
  }
  const release = (): void => {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return { signal: abort.signal, [Symbol.dispose]: release }
}
