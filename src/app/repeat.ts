/** Does a piece of work at once and then again and again, never twice at a time; what failed is tried at the next turn. */
export interface Repeated extends AsyncDisposable {
  /** Does it now, after what runs. */
  readonly look: () => Promise<void>
}

/** Ends when what runs has ended. */
export function repeat(
  work: () => Promise<void>,
  everyMs: number,
  onFault: (error: unknown) => void = () => {},
): Repeated {
  let running: Promise<void> = Promise.resolve()
  const look = (): Promise<void> => {
    running = running.then(work).catch(onFault)
    return running
  }
  void look()
  const timer = setInterval(() => void look(), everyMs)
  timer.unref()
  return {
    look,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await running
    },
  }
}
