/** Remembers recent request bodies, so that the history a turn repeats is recognised by comparing, not by hashing. */
import type { Hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { oldestFirst } from '../lib/oldest-first.ts'
import type { BlockSpan } from '../model/dialect.ts'
import type { BodyPart } from './body-parts.ts'

export interface CachedBody {
  readonly bytes: Buffer
  readonly blocks: readonly BodyPart[]
  /** Lists by `start * 16 + level`. */
  readonly lists: ReadonlyMap<number, BodyPart>
  readonly hashedTo: number
  /** State of the body's SHA-256 after the first `hashedTo` bytes; null for bodies that are hashed faster than copied. */
  readonly hashState: Hash | null
}

interface Slot {
  readonly body: CachedBody
  readonly buckets: readonly string[]
}

const BUCKET_MAX = 4
const FINGERPRINT_BYTES = 4096
const COMPARE_STEP = 65_536

/** Length of the longest common prefix. */
export function commonPrefix(a: Buffer, b: Buffer): number {
  const limit = Math.min(a.length, b.length)
  let low = 0
  while (low < limit) {
    const end = Math.min(low + COMPARE_STEP, limit)
    if (a.compare(b, low, end, low, end) !== 0) break
    low = end
  }
  let high = Math.min(low + COMPARE_STEP, limit)
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (a.compare(b, low, middle, low, middle) === 0) low = middle
    else high = middle - 1
  }
  return low
}

/** Turns of one conversation share their first user message at the same place. */
function conversationKey(scope: string, bytes: Buffer, spans: readonly BlockSpan[]): string {
  const first = spans.find((span) => span.role === 'user') ?? spans[0]
  if (first === undefined) return scope
  const end = Math.min(first.end, first.start + FINGERPRINT_BYTES)
  return `${scope}\0${first.start}\0${crc32(bytes.subarray(first.start, end))}`
}

export class BodyCache {
  readonly #bytesMax: number
  readonly #slots = new Set<Slot>()
  readonly #oldest = oldestFirst(this.#slots)
  readonly #buckets = new Map<string, Slot[]>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  clear(): void {
    this.#slots.clear()
    this.#buckets.clear()
    this.#bytes = 0
  }

  /** The remembered body with the longest common prefix. `scope` keeps tenants and classes apart. */
  find(
    scope: string,
    bytes: Buffer,
    spans: readonly BlockSpan[],
  ): { readonly body: CachedBody; readonly common: number } | null {
    const own = this.#buckets.get(conversationKey(scope, bytes, spans))
    const found = longest(own, bytes, null)
    if (found !== null && found.common >= found.body.hashedTo) return found
    return longest(this.#buckets.get(scope), bytes, found)
  }

  /** Remembers `body`. `replaces` is an earlier turn that it continues. */
  add(
    scope: string,
    body: CachedBody,
    spans: readonly BlockSpan[],
    replaces: CachedBody | null,
  ): void {
    if (body.bytes.length > this.#bytesMax / 4) return
    const buckets = [scope, conversationKey(scope, body.bytes, spans)]
    if (replaces !== null) {
      for (const slot of this.#buckets.get(buckets[1] ?? scope) ?? []) {
        if (slot.body === replaces) this.#drop(slot)
      }
    }
    const slot: Slot = { body, buckets }
    this.#slots.add(slot)
    this.#bytes += body.bytes.length
    for (const name of buckets) this.#insert(name, slot)
    while (this.#bytes > this.#bytesMax) {
      const oldest = this.#oldest()
      if (oldest === undefined) return
      this.#drop(oldest)
    }
  }

  #insert(name: string, slot: Slot): void {
    const bucket = this.#buckets.get(name)
    if (bucket === undefined) this.#buckets.set(name, [slot])
    else {
      bucket.unshift(slot)
      if (bucket.length > BUCKET_MAX) bucket.pop()
    }
  }

  #drop(slot: Slot): void {
    if (!this.#slots.delete(slot)) return
    this.#bytes -= slot.body.bytes.length
    for (const name of slot.buckets) {
      const bucket = this.#buckets.get(name)
      const at = bucket?.indexOf(slot) ?? -1
      if (bucket === undefined || at < 0) continue
      bucket.splice(at, 1)
      if (bucket.length === 0) this.#buckets.delete(name)
    }
  }
}

interface Found {
  readonly body: CachedBody
  readonly common: number
}

/** The best of the bucket, or `first` when none of it is better. */
function longest(
  bucket: readonly Slot[] | undefined,
  bytes: Buffer,
  first: Found | null,
): Found | null {
  let best = first
  for (const { body } of bucket ?? []) {
    // One that differs right behind where the best one stopped to agree cannot be better.
    if (best !== null && body.bytes[best.common] !== bytes[best.common]) continue
    const common = commonPrefix(body.bytes, bytes)
    if (best === null || common > best.common) best = { body, common }
    if (common >= body.hashedTo) break
  }
  return best
}
