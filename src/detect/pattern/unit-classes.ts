/** Sorts code units into classes, so that a table has a column for each class and not for each unit. */
import { hasUnit } from './char-set.ts'
import type { CharSet } from './char-set.ts'

const UNITS = 0x10000

/** Code units that no set tells apart share a class; `samples` holds one unit of each class. */
export function partition(sets: readonly CharSet[]): {
  readonly classOf: Uint16Array
  readonly samples: readonly number[]
} {
  const cuts = new Set([0])
  for (const set of sets) {
    for (const [low, high] of set) {
      cuts.add(low)
      if (high + 1 < UNITS) cuts.add(high + 1)
    }
  }
  const bounds = [...cuts].toSorted((a, b) => a - b)
  const classOf = new Uint16Array(UNITS)
  const numbers = new Map<string, number>()
  const samples: number[] = []
  bounds.forEach((low, i) => {
    const signature = sets.map((set) => (hasUnit(set, low) ? '1' : '0')).join('')
    const known = numbers.get(signature)
    const number = known ?? samples.length
    if (known === undefined) {
      numbers.set(signature, number)
      samples.push(low)
    }
    classOf.fill(number, low, bounds[i + 1] ?? UNITS)
  })
  return { classOf, samples }
}
