/** Passages of a text by their length in the units that the trace index counts in, drawn alike at every run. */
import { normalise } from '../../src/incident/trace/normalise.ts'
import { textPieces } from '../../src/incident/trace/texts-of.ts'

/** A whole number below `below`. */
export type Draw = (below: number) => number

export function createDraw(seed: number): Draw {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 4_294_967_296) * below)
  }
}

export function unitsOf(text: string): number {
  return normalise(textPieces(text)[0]?.text ?? '', false).length
}

/** Null when the text ends before. */
export function passageOf(text: string, units: number, draw: Draw): string | null {
  const from = draw(text.length)
  for (let length = units; from + length <= text.length;) {
    const taken = text.slice(from, from + length)
    const missing = units - unitsOf(taken)
    if (missing <= 0) return taken
    length += missing
  }
  return null
}
