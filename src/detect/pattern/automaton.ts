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
  /** Instructions in progress: sets and assertions only, ascending; packed, because states are many. */
  readonly core: string
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
  tableBytesMax: 14 * 1024 * 1024,
}

export class Automaton {
  /** Character class of each code unit. */
  readonly classOf: Uint16Array
  readonly #width: number
  readonly #classKind: Uint8Array
  readonly #program: Program
  /** `classSets[set * width + class]` is 1 when the set has the class. */
  readonly #classSets: Uint8Array
  /** What starts at a position, by previous kind and class. */
  readonly #starts: readonly Closure[]
  readonly #tableMax: number
  readonly #found: Found
  readonly #closures: Closure[] = []
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
    program.sets.forEach((set, number) => {
      classes.samples.forEach((unit, cls) => {
        if (hasUnit(set, unit)) this.#classSets[number * this.#width + cls] = 1
      })
    })
    this.#found = new Found(program.op.length)
    this.#starts = this.#startClosures(entries)
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
    const state: State = { core: '', kind: Kind.edge, accepts: [], held: false }
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
    this.#table = new Int32Array(Math.min(256, this.#tableMax) * this.#width).fill(-1)
  }

  #intern(state: State): number {
    const accepts = state.accepts.length === 0 ? '' : state.accepts.join()
    const key =
      accepts === '' ? KIND_KEYS[state.kind] + state.core : `${state.kind} ${accepts} ${state.core}`
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    if (this.#states.length >= this.#tableMax) this.#flush()
    const number = this.#states.length
    this.#states.push(state)
    if ((number + 1) * this.#width > this.#table.length) {
      const grown = Math.ceil((this.#states.length * TABLE_GROWTH) / 8) * 8 * this.#width
      const length = Math.min(grown, this.#tableMax * this.#width)
      const larger = new Int32Array(Math.max(length, (number + 1) * this.#width)).fill(-1)
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
    const found = this.#found
    found.clear()
    const { op, arg, out } = this.#program
    const open = unpacked(from.core)
    const passed = new Set<number>()
    for (let pc = open.pop(); pc !== undefined; pc = open.pop()) {
      if (op[pc] === Op.assert) {
        if (passed.has(pc) || !holds(arg[pc] ?? 0, from.kind, kind)) continue
        passed.add(pc)
        const beyond = this.#closure(out[pc] ?? 0)
        open.push(...beyond.core)
        for (const rule of beyond.accepts) found.accepts.add(rule)
      } else if (cls !== END_OF_TEXT && this.#classSets[(arg[pc] ?? 0) * this.#width + cls] === 1) {
        found.add(this.#closure(out[pc] ?? 0))
      }
    }
    if (cls !== END_OF_TEXT) {
      const fresh = this.#starts[from.kind * this.#width + cls]
      if (fresh !== undefined) found.add(fresh)
    }
    const core = found.core.toSorted((x, y) => x - y)
    const accepts =
      found.accepts.size === 0 ? NO_RULES : [...found.accepts].toSorted((x, y) => x - y)
    const held = core.some((pc) => this.#program.entered[pc] === true)
    return { core: packed(core), kind, accepts, held }
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
    return { core: [...found.core], accepts: [...found.accepts] }
  }
}

/** Consuming and asserting instructions, and rules that end. */
interface Closure {
  readonly core: readonly number[]
  readonly accepts: readonly number[]
}

/** Collects closures without repeats; used again for each state. */
class Found {
  core: number[] = []
  accepts = new Set<number>()
  readonly #seen: Int32Array
  #mark = 0

  constructor(size: number) {
    this.#seen = new Int32Array(size)
  }

  clear(): void {
    this.core = []
    this.accepts = new Set()
    this.#mark += 1
  }

  add(closure: Closure): void {
    for (const pc of closure.core) {
      if (this.#seen[pc] === this.#mark) continue
      this.#seen[pc] = this.#mark
      this.core.push(pc)
    }
    for (const rule of closure.accepts) this.accepts.add(rule)
  }
}

/** What is not used yet is memory, too. */
const TABLE_GROWTH = 1.25
const NO_RULES: readonly number[] = []
const KIND_KEYS: readonly string[] = [0, 1, 2, 3, 4].map((kind) => String(kind))
const SURROGATE_FIRST = 0xd800
const SURROGATES = 0x800

/** Numbers as code points, around the range that is none. */
function packed(numbers: readonly number[]): string {
  let text = ''
  for (const number of numbers)
    text += String.fromCodePoint(number < SURROGATE_FIRST ? number : number + SURROGATES)
  return text
}

function unpacked(text: string): number[] {
  const numbers: number[] = []
  for (let at = 0; at < text.length; at += 1) {
    const point = text.codePointAt(at) ?? 0
    if (point > 0xffff) at += 1
    numbers.push(point < SURROGATE_FIRST ? point : point - SURROGATES)
  }
  return numbers
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
