/** Compiles syntax trees into instructions of a non-deterministic automaton. */
import type { CharSet } from './char-set.ts'
import type { Assertion, Node } from './node.ts'
import { lengthOf } from './node.ts'

export const Op = { set: 0, split: 1, assert: 2, accept: 3, secretStart: 4, secretEnd: 5 } as const
export type OpCode = (typeof Op)[keyof typeof Op]

const ASSERTIONS: readonly Assertion[] = [
  'word',
  'not-word',
  'start',
  'end',
  'line-start',
  'line-end',
]

/** What stands on one side of a position. `edge` is the start or the end of the text. */
export const Kind = { edge: 0, newline: 1, word: 2, other: 3 } as const

/** `assertion` is a place in `ASSERTIONS`. */
export function holds(assertion: number, previous: number, next: number): boolean {
  switch (assertion) {
    case 0:
      return (previous === Kind.word) !== (next === Kind.word)
    case 1:
      return (previous === Kind.word) === (next === Kind.word)
    case 2:
      return previous === Kind.edge
    case 3:
      return next === Kind.edge
    case 4:
      return previous === Kind.edge || previous === Kind.newline
    case 5:
      return next === Kind.edge || next === Kind.newline
    default:
      return false
  }
}

export class OverBudget extends Error {}

/** The instructions of a program that is complete. */
export interface Instructions {
  readonly op: Uint8Array
  readonly arg: Int32Array
  readonly out: Int32Array
  readonly other: Int32Array
  readonly entered: Uint8Array
}

export function instructionsOf({ op, arg, out, other, entered }: Program): Instructions {
  return {
    op: Uint8Array.from(op),
    arg: Int32Array.from(arg),
    out: Int32Array.from(out),
    other: Int32Array.from(other),
    entered: Uint8Array.from(entered, Number),
  }
}

/** Entry points of a compiled part: `entered` after the first secret character, `outside` before it. */
interface Entries {
  readonly entered: number
  readonly outside: number
}

export class Program {
  readonly op: number[] = []
  /** Set number, assertion number or rule number. */
  readonly arg: number[] = []
  readonly out: number[] = []
  /** Second choice of a split, lower priority. */
  readonly other: number[] = []
  /** True for instructions that only run after a character of the secret was consumed. */
  readonly entered: boolean[] = []
  readonly sets: CharSet[] = []
  readonly #setNumbers = new Map<string, number>()
  readonly #budget: number

  constructor(budget: number) {
    this.#budget = budget
  }

  add(op: OpCode, arg: number, out: number, entered: boolean): number {
    if (this.op.length >= this.#budget) throw new OverBudget()
    this.op.push(op)
    this.arg.push(arg)
    this.out.push(out)
    this.other.push(-1)
    this.entered.push(entered)
    return this.op.length - 1
  }

  setNumber(set: CharSet): number {
    const key = set.join(';')
    const known = this.#setNumbers.get(key)
    if (known !== undefined) return known
    this.sets.push(set)
    this.#setNumbers.set(key, this.sets.length - 1)
    return this.sets.length - 1
  }

  /** Compiles `node` so that it goes on at `next`; returns where it begins. */
  compile(node: Node, next: number, entered: boolean): number {
    switch (node.kind) {
      case 'empty':
        return next
      case 'set':
        return this.add(Op.set, this.setNumber(node.set), next, entered)
      case 'assert':
        return this.add(Op.assert, ASSERTIONS.indexOf(node.at), next, entered)
      case 'cat':
        return node.items.reduceRight((to, item) => this.compile(item, to, entered), next)
      case 'alt':
        return this.#choice(
          node.items.map((item) => this.compile(item, next, entered)),
          entered,
        )
      case 'repeat':
        break
    }
    return this.#repeat(node, next, entered)
  }

  #split(first: number, second: number, entered: boolean): number {
    const at = this.add(Op.split, 0, first, entered)
    this.other[at] = second
    return at
  }

  #choice(entries: readonly number[], entered: boolean): number {
    return entries.reduceRight((rest, entry) => this.#split(entry, rest, entered))
  }

  #repeat(node: Extract<Node, { kind: 'repeat' }>, next: number, entered: boolean): number {
    const ordered = (take: number, leave: number): number =>
      node.greedy ? this.#split(take, leave, entered) : this.#split(leave, take, entered)
    let at = next
    if (node.max === Infinity) {
      const loop = this.#split(-1, -1, entered)
      const body = this.compile(node.item, loop, entered)
      this.out[loop] = node.greedy ? body : next
      this.other[loop] = node.greedy ? next : body
      at = loop
    } else {
      for (let i = node.min; i < node.max; i += 1)
        at = ordered(this.compile(node.item, at, entered), next)
    }
    for (let i = 0; i < node.min; i += 1) at = this.compile(node.item, at, entered)
    return at
  }

  /** Compiles the secret twice where needed, so that "a secret character was consumed" is visible in the state. */
  compileSecret(node: Node, next: Entries): Entries {
    switch (node.kind) {
      case 'empty':
        return next
      case 'set': {
        const number = this.setNumber(node.set)
        return {
          entered: this.add(Op.set, number, next.entered, true),
          outside: this.add(Op.set, number, next.entered, false),
        }
      }
      case 'assert': {
        const number = ASSERTIONS.indexOf(node.at)
        return {
          entered: this.add(Op.assert, number, next.entered, true),
          outside: this.add(Op.assert, number, next.outside, false),
        }
      }
      case 'cat': {
        // After the first item that must consume, nothing is outside any more.
        const firm = node.items.findIndex((item) => lengthOf(item).min > 0)
        const cut = firm === -1 ? node.items.length : firm + 1
        const rest = node.items
          .slice(cut)
          .reduceRight((to, item) => this.compile(item, to, true), next.entered)
        const start: Entries = { entered: rest, outside: next.outside }
        return node.items
          .slice(0, cut)
          .reduceRight((to, item) => this.compileSecret(item, to), start)
      }
      case 'alt': {
        const entries = node.items.map((item) => this.compileSecret(item, next))
        return {
          entered: this.#choice(
            entries.map((e) => e.entered),
            true,
          ),
          outside: this.#choice(
            entries.map((e) => e.outside),
            false,
          ),
        }
      }
      case 'repeat':
        break
    }
    return this.#repeatSecret(node, next)
  }

  #repeatSecret(node: Extract<Node, { kind: 'repeat' }>, next: Entries): Entries {
    if (node.max === 0) return next
    const rest: Node = { ...node, min: Math.max(0, node.min - 1), max: node.max - 1 }
    const entered = this.compile(rest, next.entered, true)
    const first = this.compileSecret(node.item, { entered, outside: next.outside })
    if (node.min > 0) return first
    return {
      entered: this.#split(first.entered, next.entered, true),
      outside: this.#split(first.outside, next.outside, false),
    }
  }
}
