/** Chooses fingerprints of a normalised text so that every long enough passage shares one with its source (winnowing). */
import type { Normalised } from './normalise.ts'

/** Units of one fingerprint; nothing shorter is ever found. */
export const GRAM = 24
/** In every run of this many grams at least one is chosen. */
export const WINDOW = 66
/** A passage whose own units are all units of its source needs this many. */
export const SURE_UNITS = GRAM + WINDOW - 1
/**
 * What is promised: where a passage was cut out of its text up to eleven of its units may differ (half an escape before it,
 * half a line number behind it).
 */
export const GUARANTEED_UNITS = 100

/** Random words under the tenant's key: without them nobody knows which grams are chosen. */
export interface SelectionKey {
  /** For the low and the high byte of a unit. */
  readonly low: Int32Array
  readonly high: Int32Array
  /** The same words, turned as they are when their unit leaves the gram. */
  readonly lowGone: Int32Array
  readonly highGone: Int32Array
}

export function selectionKeyOf(low: Int32Array, high: Int32Array): SelectionKey {
  const gone = (words: Int32Array): Int32Array =>
    words.map((word) => (word << GRAM) | (word >>> (32 - GRAM)))
  return { low, high, lowGone: gone(low), highGone: gone(high) }
}

/** Makes the order of signed words that of unsigned ones. */
const SIGN = 0x80000000 | 0

const KEPT_MAX = 262_144
let room = new Int32Array(8192)

/** Cyclic polynomial hash of every gram. Good until the next call. */
function gramHashes({ units, length }: Normalised, key: SelectionKey): Int32Array {
  const { low, high, lowGone, highGone } = key
  const hashes = roomFor(length)
  let hash = 0
  for (let at = 0; at < length; at += 1) {
    const unit = units[at] ?? 0
    hash = ((hash << 1) | (hash >>> 31)) ^ (low[unit & 0xff] ?? 0)
    if (unit > 0xff) hash ^= high[unit >>> 8] ?? 0
    if (at < GRAM - 1) continue
    if (at >= GRAM) {
      const gone = units[at - GRAM] ?? 0
      hash ^= lowGone[gone & 0xff] ?? 0
      if (gone > 0xff) hash ^= highGone[gone >>> 8] ?? 0
    }
    hashes[at - GRAM + 1] = hash ^ SIGN
  }
  return hashes
}

function roomFor(length: number): Int32Array {
  if (room.length >= length) return room
  const made = new Int32Array(length * 2)
  if (made.length <= KEPT_MAX) room = made
  return made
}

/** Starts of the chosen grams, ascending. */
export function chosenGrams(normalised: Normalised, key: SelectionKey): readonly number[] {
  const length = normalised.length - GRAM + 1
  if (length <= 0) return []
  const hashes = gramHashes(normalised, key)
  let least = rightmostLeast(hashes, 0, Math.min(WINDOW, length))
  let value = hashes[least] ?? 0
  const chosen = [least]
  for (let last = WINDOW; last < length; last += 1) {
    const start = last - WINDOW + 1
    const entering = hashes[last] ?? 0
    if (least < start) least = rightmostLeast(hashes, start, last + 1)
    // An equal one that is chosen already stands for both: runs of one character are chosen once a window.
    else if (entering < value) least = last
    else continue
    value = hashes[least] ?? 0
    chosen.push(least)
  }
  return chosen
}

function rightmostLeast(hashes: Int32Array, start: number, end: number): number {
  let least = start
  let value = hashes[start] ?? 0
  for (let at = start + 1; at < end; at += 1) {
    const hash = hashes[at] ?? 0
    if (hash > value) continue
    least = at
    value = hash
  }
  return least
}

/** Which grams to ask for: those chosen, or all of a text too short for a whole window. */
export function askedGrams(normalised: Normalised, key: SelectionKey): readonly number[] {
  const grams = normalised.length - GRAM + 1
  if (grams >= WINDOW) return chosenGrams(normalised, key)
  return Array.from({ length: Math.max(0, grams) }, (_, at) => at)
}
