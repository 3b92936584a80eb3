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
  readonly low: Uint32Array
  readonly high: Uint32Array
}

function wordOf({ low, high }: SelectionKey, unit: number): number {
  return (low[unit & 0xff] ?? 0) ^ (unit > 0xff ? (high[unit >>> 8] ?? 0) : 0)
}

function rotated(word: number, by: number): number {
  return ((word << by) | (word >>> (32 - by))) >>> 0
}

/** Cyclic polynomial hash of every gram. */
function gramHashes({ units, length }: Normalised, key: SelectionKey): Uint32Array {
  const hashes = new Uint32Array(Math.max(0, length - GRAM + 1))
  let hash = 0
  for (let at = 0; at < length; at += 1) {
    hash = rotated(hash, 1) ^ wordOf(key, units[at] ?? 0)
    if (at >= GRAM) hash ^= rotated(wordOf(key, units[at - GRAM] ?? 0), GRAM)
    if (at >= GRAM - 1) hashes[at - GRAM + 1] = hash
  }
  return hashes
}

/** Starts of the chosen grams, ascending. */
export function chosenGrams(normalised: Normalised, key: SelectionKey): readonly number[] {
  const hashes = gramHashes(normalised, key)
  if (hashes.length === 0) return []
  const chosen: number[] = []
  let least = -1
  const windows = Math.max(1, hashes.length - WINDOW + 1)
  for (let start = 0; start < windows; start += 1) {
    const end = Math.min(start + WINDOW, hashes.length)
    if (least < start) least = rightmostLeast(hashes, start, end)
    // An equal one that is chosen already stands for both: runs of one character are chosen once a window.
    else if ((hashes[end - 1] ?? 0) < (hashes[least] ?? 0)) least = end - 1
    if (chosen.at(-1) !== least) chosen.push(least)
  }
  return chosen
}

function rightmostLeast(hashes: Uint32Array, start: number, end: number): number {
  let least = start
  for (let at = start + 1; at < end; at += 1) {
    if ((hashes[at] ?? 0) <= (hashes[least] ?? 0)) least = at
  }
  return least
}

/** Which grams to ask for: those chosen, or all of a text too short for a whole window. */
export function askedGrams(normalised: Normalised, key: SelectionKey): readonly number[] {
  const grams = normalised.length - GRAM + 1
  if (grams >= WINDOW) return chosenGrams(normalised, key)
  return Array.from({ length: Math.max(0, grams) }, (_, at) => at)
}

/** The units of one gram as bytes, low byte first. */
export function gramBytes({ units }: Normalised, at: number): Buffer {
  const bytes = Buffer.allocUnsafe(GRAM * 2)
  for (let i = 0; i < GRAM; i += 1) bytes.writeUInt16LE(units[at + i] ?? 0, i * 2)
  return bytes
}
