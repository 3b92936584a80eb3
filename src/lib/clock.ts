/** Time as a parameter: every room that needs the time is given a Clock, so tests and replay can hold it still. */

export interface Clock {
  /** Milliseconds since the Unix epoch (wall clock; may step). */
  readonly nowMs: () => number
  /** Milliseconds from an arbitrary start (monotonic; fractions are kept). */
  readonly monotonicMs: () => number
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
}
