/** All rules in one lazily built deterministic automaton: says which may have matched and whether a secret may be open. */
import { hasUnit, NEWLINE, WORD } from './char-set.ts'
import { Found } from './closure.ts'
import type { Closure } from './closure.ts'
import type { Pattern } from './node.ts'
import { relax } from './node.ts'
import { holds, instructionsOf, Kind, Op, Program } from './program.ts'
import type { Instructions } from './program.ts'
import { partition } from './unit-classes.ts'
import { StateStore } from './state-store.ts'
import type { State } from './state-store.ts'

/** A value is `state << FLAG_BITS | flags`. */
export const FLAG_BITS = 3
export const HELD = 1
export const ACCEPTS = 2
/** No rule is in progress. */
export const IDLE = 4
/** In the table: not computed yet. */
export const UNKNOWN = 0xffff

const END_OF_TEXT = -1

/** A place in the automaton that stays meaningful after the table was flushed. */
export interface Cursor {
  value: number
  generation: number
  /** What it stood at when the table was flushed; null while the value is good. */
  state: State | null
  /** The automaton tells it of a flush. */
  isKnown?: boolean
}

export interface AutomatonLimits {
  /** Instructions over all rules. */
  readonly instructionsMax: number
  /** Size at which all states are dropped and built again. */
  readonly tableBytesMax: number
}

export interface AutomatonOptions {
  /** Leaves repetitions as they are. */
  readonly exact?: boolean
  /** Rule numbers of the patterns; their indexes when null. */
  readonly numbers?: readonly number[] | null
}

export const AUTOMATON_LIMITS: AutomatonLimits = {
  instructionsMax: 200_000,
  tableBytesMax: 15 * 1024 * 1024,
}

/** Of the bytes: rows of the table take most, what states consist of the rest. */
const ROWS_SHARE = 0.66
const CORES_SHARE = 0.27
const ROW_BYTES = 2

export class Automaton {
  /** Character class of each code unit. */
  readonly classOf: Uint16Array
  readonly #width: number
  readonly #classKind: Uint8Array
  readonly #program: Instructions
  /** `classSets[set * width + class]` is 1 when the set has the class. */
  readonly #classSets: Uint8Array
  /** What starts at a position, by previous kind and class. */
  readonly #starts: readonly Closure[]
  readonly #statesMax: number
  readonly #coresMax: number
  readonly #found: Found
  readonly #closures: Closure[] = []
  /** Cursors that have to be told when states are dropped; the weak form lets ended channels go. */
  #cursors: WeakRef<Cursor>[] = []
  #cursorsMax = CURSORS_MIN
  #table: Uint16Array = new Uint16Array(0)
  #flags: Uint8Array = new Uint8Array(0)
  #states: StateStore
  #generation = 0

  /** Throws `OverBudget`. */
  constructor(
    patterns: readonly Pattern[],
    limits: AutomatonLimits,
    { exact = false, numbers = null }: AutomatonOptions = {},
  ) {
    const program = new Program(limits.instructionsMax)
    const form = exact ? (node: Pattern['secret']) => node : relax
    const entries = patterns.map((pattern, at) => {
      const accept = program.add(Op.accept, numbers?.[at] ?? at, -1, true)
      const after = program.compile(form(pattern.after), accept, true)
      const secret = program.compileSecret(form(pattern.secret), { entered: after, outside: after })
      return program.compile(form(pattern.before), secret.outside, false)
    })
    this.#program = instructionsOf(program)
    const classes = partition([...program.sets, WORD, NEWLINE])
    this.classOf = classes.classOf
    this.#width = classes.samples.length
    this.#classKind = Uint8Array.from(classes.samples, kindOf)
    this.#classSets = new Uint8Array(program.sets.length * this.#width)
    program.sets.forEach((set, number) => {
      classes.samples.forEach((unit, cls) => {
        if (hasUnit(set, unit)) this.#classSets[number * this.#width + cls] = 1
      })
    })
    this.#found = new Found(program.op.length)
    this.#starts = this.#startClosures(entries)
    const rows = (limits.tableBytesMax * ROWS_SHARE) / (ROW_BYTES * this.#width)
    this.#statesMax = Math.min(UNKNOWN, Math.max(STATES_MIN, Math.floor(rows)))
    const cores = Math.floor((limits.tableBytesMax * CORES_SHARE) / (this.#isWide ? 4 : 2))
    this.#coresMax = Math.max(cores, program.op.length + 1)
    this.#states = this.#emptied()
  }

  get #isWide(): boolean {
    return this.#program.op.length > 0xffff
  }

  get states(): number {
    return this.#states.count
  }

  get classes(): number {
    return this.#width
  }

  get instructions(): number {
    return this.#program.op.length
  }

  /** Everything that it holds in typed arrays: the table, its states, and what they are computed from. */
  get tableBytes(): number {
    const tables = [
      this.#table,
      this.#flags,
      this.classOf,
      this.#classKind,
      this.#classSets,
      ...Object.values<Uint8Array | Int32Array>({ ...this.#program }),
    ]
    return tables.reduce((sum, { byteLength }) => sum + byteLength, this.#states.bytes)
  }

  /** The next state is `table[state * classes + class]`. The array changes when `step` computes a new state. */
  get table(): Uint16Array {
    return this.#table
  }

  /** By state. */
  get flags(): Uint8Array {
    return this.#flags
  }

  start(): Cursor {
    return { value: this.#intern(START), generation: this.#generation, state: null }
  }

  /** Where it stands behind `unit` when nothing is in progress; null: at the start of the text. */
  idleAfter(unit: number | null): number {
    return unit === null ? this.#intern(START) : this.#intern({ ...START, kind: kindOf(unit) })
  }

  /** The value of a cursor; finds its state again when the table was flushed since. */
  resume(cursor: Cursor): number {
    if (cursor.generation === this.#generation) return cursor.value
    // Nobody told a cursor of the flush that was never saved: it stands at the start.
    return this.#intern(cursor.state ?? START)
  }

  save(cursor: Cursor, value: number): void {
    if (cursor.isKnown !== true) this.#remember(cursor)
    cursor.value = value
    cursor.generation = this.#generation
    cursor.state = null
  }

  #remember(cursor: Cursor): void {
    if (this.#cursors.length >= this.#cursorsMax) {
      this.#cursors = this.#cursors.filter((one) => one.deref() !== undefined)
      this.#cursorsMax = Math.max(CURSORS_MIN, this.#cursors.length * 2)
    }
    cursor.isKnown = true
    this.#cursors.push(new WeakRef(cursor))
  }

  accepts(value: number): readonly number[] {
    return this.#states.acceptsOf(value >> FLAG_BITS)
  }

  step(value: number, cls: number): number {
    const from = value >> FLAG_BITS
    const known = this.#table[from * this.#width + cls] ?? UNKNOWN
    if (known !== UNKNOWN) return (known << FLAG_BITS) | (this.#flags[known] ?? 0)
    const generation = this.#generation
    const next = this.#intern(this.#successor(this.#stateAt(from), cls))
    if (generation === this.#generation) this.#table[from * this.#width + cls] = next >> FLAG_BITS
    return next
  }

  /** Rules that end exactly at the end of the text. */
  atEnd(value: number): readonly number[] {
    return this.#successor(this.#stateAt(value >> FLAG_BITS), END_OF_TEXT).accepts
  }

  #stateAt(state: number): State {
    const states = this.#states
    if (state >= states.count) throw new RangeError('the automaton has no such state')
    const [core, kind, accepts] = [
      states.coreOf(state),
      states.kindOf(state),
      states.acceptsOf(state),
    ]
    return { core, kind, accepts }
  }

  #emptied(): StateStore {
    const rows = Math.min(ROWS_MIN, this.#statesMax)
    this.#table = new Uint16Array(rows * this.#width).fill(UNKNOWN)
    this.#flags = new Uint8Array(rows)
    return new StateStore(this.#statesMax, this.#coresMax, this.#isWide)
  }

  /** Cursors take with them what they stand at. */
  #flush(): void {
    for (const one of this.#cursors) {
      const cursor = one.deref()
      if (cursor === undefined || cursor.state !== null) continue
      const { core, ...state } = this.#stateAt(cursor.value >> FLAG_BITS)
      cursor.state = { ...state, core: Array.from(core) }
      cursor.isKnown = false
    }
    this.#cursors = []
    this.#generation += 1
    this.#states = this.#emptied()
  }

  #intern(state: State): number {
    let number = this.#states.intern(state)
    if (number < 0) {
      // The core may lie in the store that is dropped.
      const kept = { ...state, core: Array.from(state.core) }
      this.#flush()
      number = this.#states.intern(kept)
    }
    if ((number + 1) * this.#width > this.#table.length) this.#growTable(number)
    let flags = state.accepts.length > 0 ? ACCEPTS : state.core.length === 0 ? IDLE : 0
    const { entered } = this.#program
    for (let i = 0; i < state.core.length && (flags & HELD) === 0; i += 1)
      if (entered[state.core[i] ?? 0] === 1) flags |= HELD
    this.#flags[number] = flags
    return (number << FLAG_BITS) | flags
  }

  #growTable(number: number): void {
    const rows = Math.min(this.#statesMax, Math.ceil((number + 1) * TABLE_GROWTH))
    const larger = new Uint16Array(rows * this.#width).fill(UNKNOWN, this.#table.length)
    larger.set(this.#table)
    this.#table = larger
    const flags = new Uint8Array(rows)
    flags.set(this.#flags)
    this.#flags = flags
  }

  #successor(from: State, cls: number): State {
    const kind = cls === END_OF_TEXT ? Kind.edge : (this.#classKind[cls] ?? Kind.other)
    const found = this.#found
    found.clear()
    const { op, arg, out } = this.#program
    const consume = (pc: number): void => {
      if (cls !== END_OF_TEXT && this.#classSets[(arg[pc] ?? 0) * this.#width + cls] === 1)
        found.add(this.#closure(out[pc] ?? 0))
    }
    let asserts: number[] | null = null
    for (let i = 0; i < from.core.length; i += 1) {
      const pc = from.core[i] ?? 0
      if (op[pc] === Op.assert) (asserts ??= []).push(pc)
      else consume(pc)
    }
    if (asserts !== null) this.#pass(asserts, [from.kind, kind], consume)
    if (cls !== END_OF_TEXT) {
      const fresh = this.#starts[from.kind * this.#width + cls]
      if (fresh !== undefined) found.add(fresh)
    }
    const accepts =
      found.accepts.size === 0 ? NO_RULES : [...found.accepts].toSorted((x, y) => x - y)
    return { core: found.core(), kind, accepts }
  }

  /** Goes on behind assertions that hold between two kinds. */
  #pass(
    asserts: readonly number[],
    [previous, next]: readonly [previous: number, next: number],
    consume: (pc: number) => void,
  ): void {
    const { op, arg, out } = this.#program
    const open = [...asserts]
    const passed = new Set<number>()
    for (let pc = open.pop(); pc !== undefined; pc = open.pop()) {
      if (op[pc] !== Op.assert) {
        consume(pc)
        continue
      }
      if (passed.has(pc) || !holds(arg[pc] ?? 0, previous, next)) continue
      passed.add(pc)
      const beyond = this.#closure(out[pc] ?? 0)
      open.push(...beyond.core)
      for (const rule of beyond.accepts) this.#found.accepts.add(rule)
    }
  }

  /** What is reachable from `pc` without consuming and without deciding an assertion. */
  #closure(pc: number): Closure {
    const known: Closure | undefined = this.#closures[pc]
    if (known !== undefined) return known
    const { op, arg, out, other } = this.#program
    const core: number[] = []
    const accepts: number[] = []
    const seen = new Set<number>()
    const open = [pc]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (seen.has(at)) continue
      seen.add(at)
      if (op[at] === Op.split) open.push(out[at] ?? 0, other[at] ?? 0)
      else if (op[at] === Op.accept) accepts.push(arg[at] ?? 0)
      else core.push(at)
    }
    const closure = { core, accepts }
    this.#closures[pc] = closure
    return closure
  }

  /** For each previous kind and class: where fresh threads stand after consuming the class. */
  #startClosures(entries: readonly number[]): readonly Closure[] {
    const fresh = new Set(entries.flatMap((entry) => this.#closure(entry).core))
    const out: Closure[] = []
    for (let kind = 0; kind <= Kind.other; kind += 1) {
      const reached = this.#startingSets(fresh, kind)
      for (let cls = 0; cls < this.#width; cls += 1) out.push(this.#startClosure(reached, cls))
    }
    return out
  }

  /** Consuming instructions at the beginning of rules, with the kinds of next character that their assertions allow. */
  #startingSets(
    fresh: ReadonlySet<number>,
    kind: number,
  ): ReadonlyMap<number, ReadonlySet<number>> {
    const { op, arg, out } = this.#program
    const allowed = new Map<number, Set<number>>()
    for (const next of [Kind.newline, Kind.word, Kind.other]) {
      const open = [...fresh]
      const passed = new Set<number>()
      for (let pc = open.pop(); pc !== undefined; pc = open.pop()) {
        if (op[pc] === Op.assert) {
          if (passed.has(pc) || !holds(arg[pc] ?? 0, kind, next)) continue
          passed.add(pc)
          open.push(...this.#closure(out[pc] ?? 0).core)
        } else {
          const kinds = allowed.get(pc) ?? new Set()
          allowed.set(pc, kinds.add(next))
        }
      }
    }
    return allowed
  }

  #startClosure(sets: ReadonlyMap<number, ReadonlySet<number>>, cls: number): Closure {
    const { arg, out } = this.#program
    const next = this.#classKind[cls] ?? Kind.other
    const found = this.#found
    found.clear()
    for (const [pc, kinds] of sets) {
      if (kinds.has(next) && this.#classSets[(arg[pc] ?? 0) * this.#width + cls] === 1) {
        found.add(this.#closure(out[pc] ?? 0))
      }
    }
    return { core: [...found.core()], accepts: [...found.accepts] }
  }
}

/** What is not used yet is memory, too. */
const TABLE_GROWTH = 1.25
const ROWS_MIN = 256
const STATES_MIN = 16
const CURSORS_MIN = 64
const NO_RULES: readonly number[] = []
const START: State = { core: [], kind: Kind.edge, accepts: NO_RULES }

function kindOf(unit: number): number {
  if (unit === 0x0a) return Kind.newline
  return hasUnit(WORD, unit) ? Kind.word : Kind.other
}
