/** The keys of the trace index: one that chooses grams, and for each epoch one that turns grams and values into postings. */
import { createCipheriv, hash, hkdfSync } from 'node:crypto'
import type { Normalised } from './normalise.ts'
import { GRAM, selectionKeyOf, type SelectionKey } from './winnow.ts'

const TABLE_BYTES = 256 * 4
const KEY_BYTES = 32
const DIGEST_BYTES = 6
const GRAM_BYTES = GRAM * 2
const BLOCK_BYTES = 16
/** Grams that are digested in one call. */
const BATCH = 512

/** Derived from the tenant's secret for tracing. */
export function selectionKey(secret: Buffer): SelectionKey {
  const table = (name: string): Int32Array => {
    const bytes = Buffer.from(
      hkdfSync('sha256', secret, '', `custody/trace/${name}/v1`, TABLE_BYTES),
    )
    return Int32Array.from({ length: 256 }, (_, at) => bytes.readInt32LE(at * 4))
  }
  return selectionKeyOf(table('select-low'), table('select-high'))
}

/** Keyed digests of 48 bits of the grams that begin at these units. */
export type PassageDigests = (
  normalised: Normalised,
  starts: readonly number[],
) => readonly number[]

function derived(key: Buffer, name: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `custody/trace/${name}`, KEY_BYTES))
}

/** SHA-256 over key and gram. Nobody is shown the rest of a digest, so none can be extended to that of a longer text. */
export function sha256Passages(epochKey: Buffer): PassageDigests {
  const room = Buffer.alloc(KEY_BYTES + GRAM_BYTES)
  derived(epochKey, 'passage/v1').copy(room)
  return ({ units }, starts) =>
    starts.map((start) => {
      for (let i = 0; i < GRAM; i += 1) {
        const unit = units[start + i] ?? 0
        room[KEY_BYTES + i * 2] = unit & 0xff
        room[KEY_BYTES + i * 2 + 1] = unit >>> 8
      }
      return hash('sha256', room, 'buffer').readUIntBE(0, DIGEST_BYTES)
    })
}

/**
 * AES-256-CBC-MAC of the gram, which is a pseudorandom function where all messages have one length, as grams have. All grams of
 * a text go through the cipher together, block by block: a call for each of them would cost more than all else.
 */
export function cbcMacPassages(epochKey: Buffer): PassageDigests {
  const cipher = createCipheriv('aes-256-ecb', derived(epochKey, 'passage/v2'), null)
  cipher.setAutoPadding(false)
  const room = Buffer.alloc(BATCH * BLOCK_BYTES)
  const batch = ({ units }: Normalised, starts: readonly number[], from: number): Buffer => {
    const count = Math.min(BATCH, starts.length - from)
    const bytes = room.subarray(0, count * BLOCK_BYTES).fill(0)
    let mac: Buffer = bytes
    for (let done = 0; done < GRAM; done += BLOCK_BYTES / 2) {
      for (let n = 0; n < count; n += 1) {
        let unitAt = (starts[from + n] ?? 0) + done
        const end = (n + 1) * BLOCK_BYTES
        for (let at = n * BLOCK_BYTES; at < end; at += 2, unitAt += 1) {
          const unit = units[unitAt] ?? 0
          bytes[at] = (mac[at] ?? 0) ^ (unit & 0xff)
          bytes[at + 1] = (mac[at + 1] ?? 0) ^ (unit >>> 8)
        }
      }
      mac = cipher.update(bytes)
    }
    return mac
  }
  return (normalised, starts) => {
    const digests: number[] = []
    for (let from = 0; from < starts.length; from += BATCH) {
      const macs = batch(normalised, starts, from)
      for (let at = 0; at < macs.length; at += BLOCK_BYTES) {
        digests.push(macs.readUIntBE(at, DIGEST_BYTES))
      }
    }
    return digests
  }
}

/** Of a value of any length: SHA-256 over key and text, cut as `sha256Passages`. */
export function valueDigests(epochKey: Buffer): (value: string) => number {
  const key = derived(epochKey, 'value/v1')
  return (value) =>
    hash('sha256', Buffer.concat([key, Buffer.from(value)]), 'buffer').readUIntBE(0, DIGEST_BYTES)
}
