/** Sets of UTF-16 code units as sorted, disjoint, closed ranges. */

export type CharSet = readonly (readonly [low: number, high: number])[]

const LAST_UNIT = 0xffff
const CASE_SHIFT = 32

export function charSet(ranges: CharSet): CharSet {
  const sorted = ranges.filter(([low, high]) => low <= high).toSorted((a, b) => a[0] - b[0])
  const merged: [number, number][] = []
  for (const [low, high] of sorted) {
    const last = merged.at(-1)
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high)
    else merged.push([low, high])
  }
  return merged
}

export function complement(set: CharSet): CharSet {
  const out: [number, number][] = []
  let next = 0
  for (const [low, high] of set) {
    if (low > next) out.push([next, low - 1])
    next = high + 1
  }
  if (next <= LAST_UNIT) out.push([next, LAST_UNIT])
  return out
}

/** Adds the other case of every ASCII letter. */
export function foldCase(set: CharSet): CharSet {
  const out: (readonly [number, number])[] = [...set]
  for (const [low, high] of set) {
    out.push([Math.max(low, 0x41) + CASE_SHIFT, Math.min(high, 0x5a) + CASE_SHIFT])
    out.push([Math.max(low, 0x61) - CASE_SHIFT, Math.min(high, 0x7a) - CASE_SHIFT])
  }
  return charSet(out)
}

export function hasUnit(set: CharSet, unit: number): boolean {
  for (const [low, high] of set) {
    if (unit < low) return false
    if (unit <= high) return true
  }
  return false
}

export const DIGIT: CharSet = [[0x30, 0x39]]
export const WORD: CharSet = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
]
/** RE2's `\s`: no vertical tab. */
export const SPACE: CharSet = [
  [0x09, 0x0a],
  [0x0c, 0x0d],
  [0x20, 0x20],
]
export const NEWLINE: CharSet = [[0x0a, 0x0a]]
