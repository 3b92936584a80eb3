/**
 * Deals rules out to automata. A rule that waits for a while between its word and its value ("token", some text, a value)
 * is in the middle of that beside everything else that goes on: together, such rules need as many states as there are
 * combinations of them, apart, as many as their sum. The first automaton sees all of a text; it knows with which words the
 * rules of the others begin, and each of those runs only from such a word on until nothing in it is in progress.
 */
import { Automaton } from './automaton.ts'
import type { AutomatonLimits } from './automaton.ts'
import { gateOf, waits } from './gate.ts'
import { lengthOf } from './node.ts'
import type { Node, Pattern } from './node.ts'

/** An automaton that rests while no rule of it can have begun. */
export interface Lane {
  readonly automaton: Automaton
  /** Units that the longest beginning of a rule has, and the one behind it that decides how it ends. */
  readonly lookBack: number
  /** Units behind its beginning after which a rule is in its secret, or has failed. */
  readonly reach: number
}

export class Lanes {
  /** Sees all of a text: rules that begin anywhere. */
  readonly first: Automaton
  /** Sees all of a text, too: it accepts `n` where lane `n` of the others has to run. Null without others. */
  readonly gates: Automaton | null
  readonly others: readonly Lane[]
  /** The most that any lane looks back. */
  readonly lookBack: number

  /** Throws `OverBudget`. Rule numbers are the indexes of `patterns`. */
  constructor(patterns: readonly Pattern[], limits: AutomatonLimits) {
    const { always, gated } = dealt(patterns)
    const share = gated.length === 0 ? NO_OTHERS : SHARES
    let instructionsMax = limits.instructionsMax
    const made = (of: readonly Pattern[], numbers: readonly number[], part: number): Automaton => {
      const tableBytesMax = Math.floor(limits.tableBytesMax * part)
      const automaton = new Automaton(of, { instructionsMax, tableBytesMax }, { numbers })
      instructionsMax -= automaton.instructions
      return automaton
    }
    this.first = made(
      always.flatMap((number) => patterns[number] ?? []),
      always,
      share.first,
    )
    const gates = gated.flatMap((lane, n) => lane.map(({ gate }) => [opening(gate), n] as const))
    this.gates =
      gates.length === 0
        ? null
        : made(
            gates.map(([gate]) => gate),
            gates.map(([, n]) => n),
            share.gates,
          )
    this.others = gated.map((lane) => ({
      automaton: made(
        lane.flatMap(({ number }) => patterns[number] ?? []),
        lane.map(({ number }) => number),
        share.others / gated.length,
      ),
      lookBack: Math.max(...lane.map(({ gate }) => lengthOf(gate).max)) + 1,
      reach: Math.max(
        ...lane.map(({ number }) => lengthOf(patterns[number]?.before ?? NOTHING).max),
      ),
    }))
    this.lookBack = Math.max(0, ...this.others.map(({ lookBack }) => lookBack))
  }

  get automata(): readonly Automaton[] {
    const others = this.others.map(({ automaton }) => automaton)
    return this.gates === null ? [this.first] : [this.first, this.gates, ...others]
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

/** Of the memory. */
const SHARES = { first: 0.5, gates: 0.1, others: 0.4 }
const NO_OTHERS = { first: 1, gates: 0, others: 0 }
/** One lane more for so many rules. */
const RULES_PER_LANE = 32
/** Lanes that run are bits of a number. */
const LANES_MAX = 24
/** Nodes in front of the secret from which on it is worth while to rest. */
const SIZE_MIN = 25

interface Gated {
  readonly number: number
  readonly gate: Node
}

interface Deal {
  readonly always: readonly number[]
  readonly gated: readonly (readonly Gated[])[]
}

function dealt(patterns: readonly Pattern[]): Deal {
  const all = patterns.map((_, number) => number)
  const gated = patterns.flatMap(({ before }, number): Gated[] => {
    const gate = waits(before) || sizeOf(before) >= SIZE_MIN ? gateOf(before) : null
    return gate === null ? [] : [{ number, gate }]
  })
  if (gated.length < RULES_PER_LANE) return { always: all, gated: [] }
  const apart = new Set(gated.map(({ number }) => number))
  const count = Math.min(LANES_MAX, Math.ceil(gated.length / RULES_PER_LANE))
  const sizes = new Map(gated.map(({ number }) => [number, sizeOf(patterns[number]?.before)]))
  const largestFirst = gated.toSorted(
    (a, b) => (sizes.get(b.number) ?? 0) - (sizes.get(a.number) ?? 0),
  )
  const lanes = Array.from({ length: count }, (_, lane) =>
    largestFirst.filter((__, at) => at % count === lane).toSorted((a, b) => a.number - b.number),
  )
  return { always: all.filter((number) => !apart.has(number)), gated: lanes }
}

const NOTHING: Node = { kind: 'empty' }

function opening(gate: Node): Pattern {
  return { before: gate, secret: NOTHING, after: NOTHING }
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
