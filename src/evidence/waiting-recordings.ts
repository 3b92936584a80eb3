/** Recordings whose chunks wait to become frames: gathers them for a while, then makes their frames a few at a time. */
import type { OpenRecording } from './recording.ts'

/** Recordings whose frames are made in one turn of the event loop. */
const SLICE = 16

export class WaitingRecordings {
  readonly #delayMs: number
  readonly #commit: () => void
  #waiting = new Set<OpenRecording>()
  #timer: NodeJS.Timeout | null = null

  /** `commit` is called after `delayMs`, when the frames of all that waited were made. */
  constructor(delayMs: number, commit: () => void) {
    this.#delayMs = delayMs
    this.#commit = commit
  }

  add(recording: OpenRecording): void {
    this.#waiting.add(recording)
    this.commitSoon()
  }

  commitSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      this.#flushSlice(this.#waiting.size)
    }, this.#delayMs)
  }

  /** Makes all frames now. */
  flush(): void {
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const recording of waiting) recording.flush(false)
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  /** The first `count`. Sealing the frames of a hundred streams in one turn would hold up every one of them. */
  #flushSlice(count: number): void {
    let left = count
    for (const recording of this.#waiting) {
      if (left === 0 || left === count - SLICE) break
      left -= 1
      this.#waiting.delete(recording)
      recording.flush(false)
    }
    if (left > 0 && this.#waiting.size > 0) setImmediate(() => this.#flushSlice(left))
    else this.#commit()
  }
}
