/** Finds one rule's leftmost match with its secret span, in time linear in the text (Pike's simulation). */
import type { Pattern } from './node.ts'
import { hasUnit, WORD } from './char-set.ts'
import { holds, Kind, Op, Program } from './program.ts'

export interface Match {
  readonly start: number
  readonly end: number
  readonly secretStart: number
  readonly secretEnd: number
  /** True when text behind the region could make another match of it, one that the pattern prefers. */
  readonly open: boolean
}

/** A piece of text to search: `[from, to)` of `text`, whose index 0 is the start of the whole text if `atStart`. */
export interface Region {
  readonly text: string
  readonly from: number
  readonly to: number
  readonly atStart: boolean
  /** True when nothing can follow `to`; otherwise what follows is unknown and assertions at `to` fail. */
  readonly final: boolean
  /** Only a match that starts before this index is asked for. */
  readonly startsBefore?: number
}

const UNKNOWN = -1
const ASCII = 128

/** Threads in priority order, each with where it started and where its secret starts and ends. */
class Threads {
  readonly pc: Int32Array
  readonly captures: Int32Array
  readonly #seen: Int32Array
  #mark = 0
  count = 0

  constructor(size: number) {
    this.pc = new Int32Array(size)
    this.captures = new Int32Array(size * 3)
    this.#seen = new Int32Array(size)
  }

  clear(): void {
    this.count = 0
    this.#mark += 1
  }

  visit(pc: number): boolean {
    if (this.#seen[pc] === this.#mark) return false
    this.#seen[pc] = this.#mark
    return true
  }
}

export class ExactSearch {
  readonly #program: Program
  readonly #entry: number
  readonly #bitmaps: readonly Uint8Array[]
  readonly #first: Uint8Array
  /** Characters and threads looked at since the search was made: its cost, independent of the machine. */
  work = 0
  /** Made at the first search: most rules never run one. */
  #lists: Lists | null = null
  #start = 0
  #secretStart = 0
  #secretEnd = 0

  /** Throws `OverBudget` when the pattern needs more than `budget` instructions. */
  constructor(pattern: Pattern, budget: number) {
    const program = new Program(budget)
    const accept = program.add(Op.accept, 0, -1, false)
    const after = program.compile(pattern.after, accept, false)
    const end = program.add(Op.secretEnd, 0, after, false)
    const secret = program.compile(pattern.secret, end, false)
    const start = program.add(Op.secretStart, 0, secret, false)
    this.#entry = program.compile(pattern.before, start, false)
    this.#program = program
    this.#bitmaps = program.sets.map((set) => {
      const bitmap = new Uint8Array(ASCII)
      for (const [low, high] of set) bitmap.fill(1, low, high + 1)
      return bitmap
    })
    this.#first = this.#firstUnits()
  }

  get size(): number {
    return this.#program.op.length
  }

  find(region: Region): Match | null {
    let best: Match | null = null
    const size = this.#program.op.length
    this.#lists ??= { seeds: new Threads(size), closed: new Threads(size) }
    const { seeds } = this.#lists
    seeds.clear()
    const last = region.startsBefore ?? Infinity
    let at = region.from
    for (; at <= region.to; at += 1) {
      const unit = at < region.to ? region.text.charCodeAt(at) : UNKNOWN
      if (seeds.count === 0) {
        if (best !== null || at >= last) break
        if (unit !== UNKNOWN && unit < ASCII && this.#first[unit] === 0) continue
      }
      const previous =
        at > 0 ? kindOf(region.text.charCodeAt(at - 1)) : region.atStart ? Kind.edge : UNKNOWN
      const next = unit !== UNKNOWN ? kindOf(unit) : region.final ? Kind.edge : UNKNOWN
      const isFirst = unit === UNKNOWN || unit >= ASCII || this.#first[unit] === 1
      const mayStart = isFirst && best === null && at < last
      const found = this.#advance(this.#lists, unit, { at, previous, next }, mayStart)
      if (found !== null) best = found
    }
    this.work += at - region.from
    return best === null || seeds.count === 0 || region.final ? best : { ...best, open: true }
  }

  /** Runs all threads at `at`, lets those that can consume `unit`, and returns a match that ends here, if any. */
  #advance(lists: Lists, unit: number, position: Position, mayStart: boolean): Match | null {
    const { seeds, closed } = lists
    const { at } = position
    closed.clear()
    for (let i = 0; i < seeds.count; i += 1) {
      const base = i * 3
      this.#start = seeds.captures[base] ?? 0
      this.#secretStart = seeds.captures[base + 1] ?? 0
      this.#secretEnd = seeds.captures[base + 2] ?? 0
      this.#follow(closed, seeds.pc[i] ?? 0, position)
    }
    if (mayStart) {
      this.#start = at
      this.#secretStart = at
      this.#secretEnd = at
      this.#follow(closed, this.#entry, position)
    }
    // The consumed threads are written over the seeds: the closure has been taken.
    seeds.clear()
    const { op, arg, out } = this.#program
    this.work += closed.count + 1
    for (let i = 0; i < closed.count; i += 1) {
      const pc = closed.pc[i] ?? 0
      const base = i * 3
      if (op[pc] === Op.accept) {
        const start = closed.captures[base] ?? 0
        const secretStart = closed.captures[base + 1] ?? 0
        const secretEnd = closed.captures[base + 2] ?? 0
        return { start, end: at, secretStart, secretEnd, open: false }
      }
      if (unit === UNKNOWN || !this.#consumes(arg[pc] ?? 0, unit)) continue
      const to = seeds.count * 3
      seeds.pc[seeds.count] = out[pc] ?? 0
      seeds.captures[to] = closed.captures[base] ?? 0
      seeds.captures[to + 1] = closed.captures[base + 1] ?? 0
      seeds.captures[to + 2] = closed.captures[base + 2] ?? 0
      seeds.count += 1
    }
    return null
  }

  #consumes(set: number, unit: number): boolean {
    if (unit < ASCII) return this.#bitmaps[set]?.[unit] === 1
    return hasUnit(this.#program.sets[set] ?? [], unit)
  }

  /** Takes the thread on to everything that consumes; what it has captured so far stands in fields. */
  #follow(list: Threads, from: number, position: Position): void {
    const { op, arg, out, other } = this.#program
    let pc = from
    while (list.visit(pc)) {
      const next = out[pc] ?? 0
      switch (op[pc]) {
        case Op.split: {
          const secretStart = this.#secretStart
          const secretEnd = this.#secretEnd
          this.#follow(list, next, position)
          this.#secretStart = secretStart
          this.#secretEnd = secretEnd
          pc = other[pc] ?? 0
          break
        }
        case Op.assert:
          if (position.previous === UNKNOWN || position.next === UNKNOWN) return
          if (!holds(arg[pc] ?? 0, position.previous, position.next)) return
          pc = next
          break
        case Op.secretStart:
          this.#secretStart = position.at
          this.#secretEnd = position.at
          pc = next
          break
        case Op.secretEnd:
          this.#secretEnd = position.at
          pc = next
          break
        case undefined:
        default: {
          const base = list.count * 3
          list.pc[list.count] = pc
          list.captures[base] = this.#start
          list.captures[base + 1] = this.#secretStart
          list.captures[base + 2] = this.#secretEnd
          list.count += 1
          return
        }
      }
    }
  }

  /** ASCII units with which a match can begin. */
  #firstUnits(): Uint8Array {
    const { op, arg, out, other } = this.#program
    const first = new Uint8Array(ASCII)
    const seen = new Set<number>()
    const open = [this.#entry]
    for (let pc = open.pop(); pc !== undefined; pc = open.pop()) {
      if (seen.has(pc)) continue
      seen.add(pc)
      // A pattern that can be empty matches anywhere.
      if (op[pc] === Op.accept) first.fill(1)
      else if (op[pc] === Op.set)
        this.#bitmaps[arg[pc] ?? 0]?.forEach((has, unit) => (first[unit] ||= has))
      else {
        open.push(out[pc] ?? 0)
        if (op[pc] === Op.split) open.push(other[pc] ?? 0)
      }
    }
    return first
  }
}

interface Lists {
  readonly seeds: Threads
  readonly closed: Threads
}

interface Position {
  readonly at: number
  readonly previous: number
  readonly next: number
}

const KINDS = Uint8Array.from({ length: ASCII }, (_, unit) =>
  unit === 0x0a ? Kind.newline : hasUnit(WORD, unit) ? Kind.word : Kind.other,
)

function kindOf(unit: number): number {
  return unit < ASCII ? (KINDS[unit] ?? Kind.other) : Kind.other
}
