/** Holds answer bytes back until they may be seen: terminal events until the end, unreadable framing until durable. */
import type { Transform } from 'node:stream'
import type { StreamFollower } from '../model/dialect.ts'
import type { RecordingMode } from '../model/upstream.ts'

export interface ReleaseGate {
  readonly push: (bytes: Buffer) => void
  /** Everything not yet released, to be sent once the close record is durable; null when nothing is left. */
  readonly rest: () => Buffer | null
  readonly released: () => number
  /** Bytes pushed and not released. */
  readonly held: () => number
}

export interface ReleaseOptions {
  readonly mode: RecordingMode
  /** Null for answers whose events cannot be followed (plain JSON, opaque bytes). */
  readonly follower: StreamFollower | null
  /** Makes a decoder when the answer is content-encoded. */
  readonly decode: (() => Transform) | null
  readonly durable: () => Promise<void>
  readonly release: (bytes: Buffer) => void
  readonly failed: (error: unknown) => void
}

/** Answers without events are held whole up to this size, then released as far as they are durable. */
const HELD_MAX = 256 * 1024

/**
 * How far the gate opens:
 * - followed events, `strict`: at once, up to the terminal event
 * - content-encoded events: chunk by chunk, each after the decoder has seen that no terminal event lies in it
 * - no events, and everything in `strict-chunks`: only what is durable, and never the last byte before the end
 * - `best-effort`: at once
 */
export function createReleaseGate(options: ReleaseOptions): ReleaseGate {
  const queue: Buffer[] = []
  let received = 0
  let released = 0

  /** Releases up to stream position `upTo`. */
  const releaseUpTo = (upTo: number): void => {
    while (released < upTo) {
      const first = queue[0]
      if (first === undefined) return
      const room = upTo - released
      const bytes = first.length <= room ? first : first.subarray(0, room)
      if (bytes === first) queue.shift()
      else queue[0] = first.subarray(room)
      released += bytes.length
      options.release(bytes)
    }
  }

  const accept = chooseAcceptance(options, releaseUpTo, () => received)
  return {
    push: (bytes) => {
      queue.push(bytes)
      received += bytes.length
      accept(bytes)
    },
    rest: () => {
      const [first] = queue
      if (first === undefined) return null
      released = received
      const bytes = queue.length === 1 ? first : Buffer.concat(queue)
      queue.length = 0
      return bytes
    },
    released: () => released,
    held: () => received - released,
  }
}

type Acceptance = (bytes: Buffer) => void

function chooseAcceptance(
  options: ReleaseOptions,
  releaseUpTo: (upTo: number) => void,
  received: () => number,
): Acceptance {
  const { follower, mode } = options
  if (mode === 'best-effort') {
    return (bytes) => {
      follower?.push(bytes)
      releaseUpTo(received())
    }
  }
  if (follower === null) return whenDurable(options, releaseUpTo, () => received() - 1, HELD_MAX)
  if (options.decode !== null) return afterDecoding(options, follower, releaseUpTo, received)
  if (mode === 'strict-chunks') {
    let mayRelease = 0
    const wait = whenDurable(options, releaseUpTo, () => mayRelease, 0)
    return (bytes) => {
      mayRelease = follower.push(bytes)
      wait(bytes)
    }
  }
  return (bytes) => releaseUpTo(follower.push(bytes))
}

/** Releases to `limit()` as it stood when durability was asked for; asks again while more has come. */
function whenDurable(
  options: ReleaseOptions,
  releaseUpTo: (upTo: number) => void,
  limit: () => number,
  heldMax: number,
): Acceptance {
  let waiting = false
  const wait = (): void => {
    const upTo = limit()
    if (waiting || upTo < heldMax) return
    waiting = true
    const open = (): void => {
      waiting = false
      releaseUpTo(upTo)
      if (limit() > upTo) wait()
    }
    options.durable().then(open, options.failed)
  }
  return wait
}

function afterDecoding(
  options: ReleaseOptions,
  follower: StreamFollower,
  releaseUpTo: (upTo: number) => void,
  received: () => number,
): Acceptance {
  const decoder = options.decode?.()
  let broken = false
  const unread = whenDurable(options, releaseUpTo, () => received() - 1, HELD_MAX)
  decoder?.on('data', (plain: Buffer) => follower.push(plain))
  decoder?.on('error', () => {
    // Bytes that do not decode cannot be followed; the rest is treated like an answer without events.
    broken = true
  })
  const strict = options.mode === 'strict-chunks'
  return (bytes) => {
    const upTo = received()
    if (broken) {
      unread(bytes)
      return
    }
    decoder?.write(bytes, () => {
      if (broken || follower.terminal) return
      if (!strict) {
        releaseUpTo(upTo)
        return
      }
      options.durable().then(
        () => releaseUpTo(upTo),
        (error: unknown) => options.failed(error),
      )
    })
  }
}
