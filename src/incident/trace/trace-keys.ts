/** The keys of the trace index: one that chooses grams, and for each epoch one that turns grams and values into postings. */
import { hash, hkdfSync } from 'node:crypto'
import type { Normalised } from './normalise.ts'
import { GRAM, type SelectionKey } from './winnow.ts'

const TABLE_BYTES = 256 * 4
const KEY_BYTES = 32
const DIGEST_BYTES = 6

/** Derived from the tenant's secret for tracing. */
export function selectionKey(secret: Buffer): SelectionKey {
  const table = (name: string): Uint32Array => {
    const bytes = Buffer.from(
      hkdfSync('sha256', secret, '', `custody/trace/${name}/v1`, TABLE_BYTES),
    )
    return Uint32Array.from({ length: 256 }, (_, at) => bytes.readUInt32LE(at * 4))
  }
  return { low: table('select-low'), high: table('select-high') }
}

/**
 * Keyed digests of 48 bits, one family for passages and one for values: SHA-256 over key and text. Nobody is shown the rest of
 * a digest, so none can be extended to that of a longer text.
 */
export class EpochDigests {
  readonly #passages: Buffer
  readonly #values: Buffer
  readonly #room: Buffer

  constructor(key: Buffer) {
    const derived = (name: string): Buffer =>
      Buffer.from(hkdfSync('sha256', key, '', `custody/trace/${name}/v1`, KEY_BYTES))
    this.#passages = derived('passage')
    this.#values = derived('value')
    this.#room = Buffer.alloc(KEY_BYTES + GRAM * 2)
    this.#passages.copy(this.#room)
  }

  passage({ units }: Normalised, at: number): number {
    const room = this.#room
    for (let i = 0, to = KEY_BYTES; i < GRAM; i += 1, to += 2) {
      const unit = units[at + i] ?? 0
      room[to] = unit & 0xff
      room[to + 1] = unit >>> 8
    }
    return hash('sha256', room, 'buffer').readUIntBE(0, DIGEST_BYTES)
  }

  value(value: string): number {
    const bytes = Buffer.concat([this.#values, Buffer.from(value)])
    return hash('sha256', bytes, 'buffer').readUIntBE(0, DIGEST_BYTES)
  }
}
