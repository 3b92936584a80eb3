/** Long work in steps: what is short is done at once, and while something long is done the event loop turns between its steps. */

import { createHash, hash } from 'node:crypto'

/** Yields wherever others may have their turn; what lies between two yields is short. */
export type Work<T> = Generator<undefined, T, undefined>

/** All long work together holds up a turn of the loop for about this long. */
const TURN_MS = 1
/** Less than this is not counted: work that is over so soon costs no look at the next turn. */
const SHORT_MS = 0.1

interface Waiting {
  /** False while it is not done. */
  readonly go: () => boolean
}

const waiting: Waiting[] = []
let isScheduled = false
/** Of this turn. */
let spentMs = 0

export function atOnce<T>(work: Work<T>): T {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}

/** A promise only when the work is too long for this turn, or other long work waits for its own. */
export function inTurns<T>(work: Work<T>): T | Promise<T> {
  if (waiting.length === 0) {
    const step = run(work)
    if (step !== null) return step.value
  }
  return new Promise((resolve, reject) => {
    const go = (): boolean => {
      try {
        const step = run(work)
        if (step !== null) resolve(step.value)
        return step !== null
      } catch (error) {
        reject(error)
        return true
      }
    }
    waiting.push({ go })
    schedule()
  })
}

/** Null when the turn's time is over before the work is. */
function run<T>(work: Work<T>): IteratorReturnResult<T> | null {
  const startedMs = performance.now()
  const spentBefore = spentMs
  for (;;) {
    const step = work.next()
    const took = performance.now() - startedMs
    if (step.done !== true && spentBefore + took < TURN_MS) continue
    if (took > SHORT_MS || step.done !== true) {
      spentMs = spentBefore + took
      schedule()
    }
    return step.done === true ? step : null
  }
}

const hasTime = (): boolean => spentMs < TURN_MS

function schedule(): void {
  if (isScheduled) return
  isScheduled = true
  setImmediate(turn)
}

/** One after another has a share of the turn, so that a very long work does not keep back the others. */
function turn(): void {
  isScheduled = false
  spentMs = 0
  do {
    const next = waiting.shift()
    if (next === undefined) return
    if (!next.go()) waiting.push(next)
  } while (hasTime())
  if (waiting.length > 0) schedule()
}

/** Bytes that are copied or hashed at once. */
export const STEP_BYTES = 128 * 1024

/** SHA-256 in steps, one character a byte. */
export function* hashing(bytes: Buffer): Work<string> {
  // Node hands a digest over as text in half the time that a buffer of its own takes.
  if (bytes.length <= STEP_BYTES) return hash('sha256', bytes, 'binary')
  const state = createHash('sha256')
  for (let from = 0; from < bytes.length; from += STEP_BYTES) {
    state.update(bytes.subarray(from, from + STEP_BYTES))
    yield
  }
  return state.digest('binary')
}

/** `Buffer.concat` in steps. */
export function* joining(parts: readonly Buffer[]): Work<Buffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  if (length <= STEP_BYTES) return Buffer.concat(parts, length)
  const joined = Buffer.allocUnsafe(length)
  let at = 0
  let pause = STEP_BYTES
  for (const part of parts) {
    for (let from = 0; from < part.length; from += STEP_BYTES) {
      at += part.copy(joined, at, from, from + STEP_BYTES)
      if (at < pause) continue
      pause = at + STEP_BYTES
      yield
    }
  }
  return joined
}
