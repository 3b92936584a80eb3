/**
 * Deals rules out to automata that run side by side. A rule that waits for a while between its word and its value ("token",
 * some text, a value) is in the middle of that beside everything else that goes on: together, such rules need as many
 * states as there are combinations of them, apart, as many as their sum.
 */
import { Automaton } from './automaton.ts'
import type { AutomatonLimits } from './automaton.ts'
import type { Node, Pattern } from './node.ts'

export class Lanes {
  readonly automata: readonly Automaton[]

  /** Throws `OverBudget`. Rule numbers are the indexes of `patterns`. */
  constructor(patterns: readonly Pattern[], limits: AutomatonLimits) {
    const lanes = dealt(patterns)
    let instructionsMax = limits.instructionsMax
    const shares = lanes.length + FIRST_SHARES - 1
    this.automata = lanes.map((numbers, lane) => {
      const share = (lane === 0 ? FIRST_SHARES : 1) / shares
      const tableBytesMax = Math.floor(limits.tableBytesMax * share)
      const own = numbers.flatMap((number) => patterns[number] ?? [])
      const automaton = new Automaton(own, { instructionsMax, tableBytesMax }, { numbers })
      instructionsMax -= automaton.instructions
      return automaton
    })
  }

  get states(): number {
    return this.automata.reduce((sum, { states }) => sum + states, 0)
  }

  get instructions(): number {
    return this.automata.reduce((sum, { instructions }) => sum + instructions, 0)
  }

  get tableBytes(): number {
    return this.automata.reduce((sum, { tableBytes }) => sum + tableBytes, 0)
  }
}

/** The first lane has the rules that do not wait, and most of the memory. */
const FIRST_SHARES = 2
/** One lane more for so many rules that wait. */
const WAITING_PER_LANE = 32
const WAITING_LANES_MAX = 4

function dealt(patterns: readonly Pattern[]): readonly (readonly number[])[] {
  const isWaiting = patterns.map(({ before }) => waits(before))
  const numbers = patterns.map((_, number) => number)
  const waiting = numbers.filter((number) => isWaiting[number])
  if (waiting.length < WAITING_PER_LANE) return [numbers]
  const count = Math.min(WAITING_LANES_MAX, Math.ceil(waiting.length / WAITING_PER_LANE))
  const sizes = new Map(waiting.map((number) => [number, sizeOf(patterns[number]?.before)]))
  const largestFirst = waiting.toSorted((a, b) => (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0))
  const lanes = Array.from({ length: count }, (_, lane) =>
    largestFirst.filter((__, at) => at % count === lane).toSorted((a, b) => a - b),
  )
  return [numbers.filter((number) => isWaiting[number] !== true), ...lanes]
}

/** Units between the word and the value that are not counted. */
const WAIT_MIN = 4

function waits(node: Node): boolean {
  switch (node.kind) {
    case 'cat':
    case 'alt':
      return node.items.some(waits)
    case 'repeat':
      return node.max >= WAIT_MIN || waits(node.item)
    case 'empty':
    case 'set':
    case 'assert':
      return false
  }
}

function sizeOf(node: Node | undefined): number {
  switch (node?.kind) {
    case 'cat':
    case 'alt':
      return node.items.reduce((sum, item) => sum + sizeOf(item), 0)
    case 'repeat':
      return 1 + sizeOf(node.item)
    case 'set':
    case 'assert':
    case 'empty':
    case undefined:
      return 1
  }
}
