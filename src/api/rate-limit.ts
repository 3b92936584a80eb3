/** Token buckets by name: so many calls at once, so many a second after that. */
import type { Clock } from '../lib/clock.ts'

export interface BucketSize {
  readonly burst: number
  readonly perSecond: number
}

interface Bucket {
  tokens: number
  atMs: number
}

/** Threat: whoever comes from many addresses must not fill the memory. */
const BUCKETS_MAX = 10_000

export class RateLimit {
  readonly #clock: Clock
  readonly #size: BucketSize
  readonly #buckets = new Map<string, Bucket>()

  constructor(clock: Clock, size: BucketSize) {
    this.#clock = clock
    this.#size = size
  }

  /** Seconds to wait before the next call of this name; 0 when it may go on. */
  take(name: string): number {
    const nowMs = this.#clock.monotonicMs()
    const { burst, perSecond } = this.#size
    const known = this.#buckets.get(name)
    const bucket = known ?? { tokens: burst, atMs: nowMs }
    bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * perSecond)
    bucket.atMs = nowMs
    // Again at the end: the names in front are those unused for longest.
    this.#buckets.delete(name)
    this.#buckets.set(name, bucket)
    if (this.#buckets.size > BUCKETS_MAX) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest)
        break
      }
    }
    if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond))
    bucket.tokens -= 1
    return 0
  }
}
