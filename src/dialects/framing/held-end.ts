/** Knows where the end of a stream that must be held begins: at the event that ended it, or at one that looks like the last. */
import type { EventVerdict } from './event-judge.ts'

export class HeldEnd {
  /** First byte of the event that is held because it looks like the last one; -1 when there is none. */
  #lastStart = -1
  #terminalStart = -1
  #failed = false

  get terminal(): boolean {
    return this.#terminalStart !== -1
  }

  get failed(): boolean {
    return this.#failed
  }

  /** Offset in the stream; -1 while nothing is held. */
  get start(): number {
    return this.#terminalStart === -1 ? this.#lastStart : this.#terminalStart
  }

  /** `start` is where the event that was judged begins, or what is left of it. */
  conclude(verdict: EventVerdict, start: number): void {
    switch (verdict) {
      case 'no':
        this.#lastStart = -1
        break
      case 'neutral':
        break
      case 'last':
        if (this.#lastStart === -1) this.#lastStart = start
        break
      case 'new-last':
        this.#lastStart = start
        break
      case 'end':
      case 'failed':
        this.end(start)
        this.#failed = verdict === 'failed'
    }
  }

  /** The stream ends at `start`, and what looked like the last event belongs to its end. */
  end(start: number): void {
    this.#terminalStart = this.#lastStart === -1 ? start : this.#lastStart
  }
}
