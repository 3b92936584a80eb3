/** All rules in one lazily built deterministic automaton: says which may have matched and whether a secret may be open. */
import { hasUnit, NEWLINE, WORD } from './char-set.ts'
import type { CharSet } from './char-set.ts'
import type { Pattern } from './node.ts'
import { relax } from './node.ts'
import { holds, Kind, Op, Program } from './program.ts'

/** A row value is `state * width << 2 | flags`; -1 means "not computed yet". */
export const HELD = 1
export const ACCEPTS = 2

const UNITS = 0x10000
const END_OF_TEXT = -1

interface State {
  /** Instructions in progress: sets and assertions only, ascending. */
  readonly core: readonly number[]
  /** Kind of the character before this position. */
  readonly kind: number
  /** Rules whose relaxed form has just ended, ascending. */
  readonly accepts: readonly number[]
  readonly held: boolean
}

/** A place in the automaton that stays meaningful after the table was flushed. */
export interface Cursor {
  value: number
  generation: number
  state: State
}

export interface AutomatonLimits {
  /** Instructions over all rules. */
  readonly instructionsMax: number
  /** Table size at which all states are dropped and built again. */
  readonly tableBytesMax: number
}

export const AUTOMATON_LIMITS: AutomatonLimits = {
  instructionsMax: 200_000,
  tableBytesMax: 8 * 1024 * 1024,
}

export class Automaton {
  /** Character class of each code unit. */
  readonly classOf: Uint16Array
  readonly #width: number
  readonly #classKind: Uint8Array
  readonly #program: Program
  /** `classSets[set * width + class]` is 1 when the set has the class. */
  readonly #classSets: Uint8Array
  /** What starts at a position, by previous kind and class: cores of fresh threads. */
  readonly #starts: readonly (readonly number[])[]
  readonly #tableMax: number
  #table: Int32Array
  #states: State[] = []
  #byKey = new Map<string, number>()
  #generation = 0

  /** Throws `OverBudget`. Rule numbers are the indexes of `patterns`; `exact` leaves repetitions as they are. */
  constructor(patterns: readonly Pattern[], limits: AutomatonLimits, exact = false) {
    const program = new Program(limits.instructionsMax)
    const form = exact ? (node: Pattern['secret']) => node : relax
    const entries = patterns.map((pattern, rule) => {
      const accept = program.add(Op.accept, rule, -1, true)
      const after = program.compile(form(pattern.after), accept, true)
      const secret = program.compileSecret(form(pattern.secret), { entered: after, outside: after })
      return program.compile(form(pattern.before), secret.outside, false)
    })
    this.#program = program
    const classes = partition([...program.sets, WORD, NEWLINE])
    this.classOf = classes.classOf
    this.#width = classes.samples.length
    this.#classKind = Uint8Array.from(classes.samples, kindOf)
    this.#classSets = new Uint8Array(program.sets.length * this.#width)
    program.sets.forEach((set, number) =>
      classes.samples.forEach((unit, cls) => {
        if (hasUnit(set, unit)) this.#classSets[number * this.#width + cls] = 1
      }),
    )
    this.#starts = this.#startCores(entries)
    this.#tableMax = Math.max(16, Math.floor(limits.tableBytesMax / (4 * this.#width)))
    this.#table = new Int32Array(0)
    this.#flush()
  }

  get states(): number {
    return this.#states.length
  }

  get classes(): number {
    return this.#width
  }

  get instructions(): number {
    return this.#program.op.length
  }

  get tableBytes(): number {
    return this.#table.byteLength
  }

  /** Rows are read as `table[(value >> 2) + class]`. The array changes when `step` computes a new state. */
  get table(): Int32Array {
    return this.#table
  }

  start(): Cursor {
    const state: State = { core: [], kind: Kind.edge, accepts: [], held: false }
    return { value: this.#intern(state), generation: this.#generation, state }
  }

  /** The row value of a cursor; finds its state again when the table was flushed since. */
  resume(cursor: Cursor): number {
    if (cursor.generation === this.#generation) return cursor.value
    return this.#intern(cursor.state)
  }

  save(cursor: Cursor, value: number): void {
    cursor.value = value
    cursor.generation = this.#generation
    cursor.state = this.#stateOf(value)
  }

  accepts(value: number): readonly number[] {
    return this.#stateOf(value).accepts
  }

  step(value: number, cls: number): number {
    const row = value >> 2
    const known = this.#table[row + cls] ?? -1
    if (known >= 0) return known
    const generation = this.#generation
    const next = this.#intern(this.#successor(this.#stateOf(value), cls))
    if (generation === this.#generation) this.#table[row + cls] = next
    return next
  }

  /** Rules that end exactly at the end of the text. */
  atEnd(value: number): readonly number[] {
    return this.#successor(this.#stateOf(value), END_OF_TEXT).accepts
  }

  #stateOf(value: number): State {
    const state = this.#states[(value >> 2) / this.#width]
    if (state === undefined) throw new RangeError('the automaton has no such state')
    return state
  }

  #flush(): void {
    this.#states = []
    this.#byKey = new Map()
    this.#generation += 1
    this.#table = new Int32Array(256 * this.#width).fill(-1)
  }

  #intern(state: State): number {
    const key = `${state.kind}|${state.core.join(',')}|${state.accepts.join(',')}`
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    if (this.#states.length >= this.#tableMax) this.#flush()
    const number = this.#states.length
    this.#states.push(state)
    if ((number + 1) * this.#width > this.#table.length) {
      const larger = new Int32Array(this.#table.length * 2).fill(-1)
      larger.set(this.#table)
      this.#table = larger
    }
    const flags = (state.held ? HELD : 0) | (state.accepts.length > 0 ? ACCEPTS : 0)
    const value = ((number * this.#width) << 2) | flags
    this.#byKey.set(key, value)
    return value
  }

  #successor(from: State, cls: number): State {
    const kind = cls === END_OF_TEXT ? Kind.edge : (this.#classKind[cls] ?? Kind.other)
    const found = new Found()
    const { op, arg, out } = this.#program
    const open = [...from.core]
    const passed = new Set<number>()
    for (let pc = open.pop(); pc !== undefined; pc = open.pop()) {
      if (op[pc] === Op.assert) {
        if (passed.has(pc) || !holds(arg[pc] ?? 0, from.kind, kind)) continue
        passed.add(pc)
        const beyond = new Found()
        this.#close(out[pc] ?? 0, beyond)
        open.push(...beyond.core)
        for (const rule of beyond.accepts) found.accepts.add(rule)
      } else if (cls !== END_OF_TEXT && this.#classSets[(arg[pc] ?? 0) * this.#width + cls] === 1) {
        this.#close(out[pc] ?? 0, found)
      }
    }
    if (cls !== END_OF_TEXT) {
      for (const pc of this.#starts[from.kind * this.#width + cls] ?? []) this.#close(pc, found)
    }
    return this.#asState(found, kind)
  }

  #asState(found: Found, kind: number): State {
    const core = [...found.core].toSorted((a, b) => a - b)
    const accepts = [...found.accepts].toSorted((a, b) => a - b)
    return { core, kind, accepts, held: core.some((pc) => this.#program.entered[pc] === true) }
  }

  /** Adds what is reachable from `from` without consuming and without deciding an assertion. */
  #close(from: number, found: Found): void {
    const { op, arg, out, other } = this.#program
    let pc = from
    while (!found.seen.has(pc)) {
      found.seen.add(pc)
      switch (op[pc]) {
        case Op.split:
          this.#close(out[pc] ?? 0, found)
          pc = other[pc] ?? 0
          break
        case Op.accept:
          found.accepts.add(arg[pc] ?? 0)
          return
        default:
          found.core.add(pc)
          return
      }
    }
  }

  /** For each previous kind and class: where fresh threads stand after consuming the class. */
  #startCores(entries: readonly number[]): readonly (readonly number[])[] {
    const fresh = new Found()
    for (const entry of entries) this.#close(entry, fresh)
    const out: (readonly number[])[] = []
    for (let kind = 0; kind <= Kind.other; kind += 1) {
      for (let cls = 0; cls < this.#width; cls += 1)
        out.push(this.#startTargets([...fresh.core], kind, cls))
    }
    return out
  }

  #startTargets(fresh: readonly number[], kind: number, cls: number): readonly number[] {
    const { op, arg, out } = this.#program
    const targets = new Set<number>()
    const passed = new Set<number>()
    const open = [...fresh]
    for (let pc = open.pop(); pc !== undefined; pc = open.pop()) {
      if (op[pc] === Op.assert) {
        if (passed.has(pc) || !holds(arg[pc] ?? 0, kind, this.#classKind[cls] ?? 0)) continue
        passed.add(pc)
        const beyond = new Found()
        this.#close(out[pc] ?? 0, beyond)
        open.push(...beyond.core)
      } else if (this.#classSets[(arg[pc] ?? 0) * this.#width + cls] === 1)
        targets.add(out[pc] ?? 0)
    }
    return [...targets]
  }
}

class Found {
  readonly seen = new Set<number>()
  readonly core = new Set<number>()
  readonly accepts = new Set<number>()
}

/** Code units that no set tells apart share a class; `samples` holds one unit of each class. */
function partition(sets: readonly CharSet[]): {
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

function kindOf(unit: number): number {
  if (unit === 0x0a) return Kind.newline
  return hasUnit(WORD, unit) ? Kind.word : Kind.other
}
