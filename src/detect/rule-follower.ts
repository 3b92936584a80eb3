/** Follows a channel's text through the automata of the rules: which rules may have ended, and where a secret may be open. */
import { opensEscape } from './decode-escape.ts'
import { ACCEPTS, FLAG_BITS, HELD, IDLE, UNKNOWN } from './pattern/automaton.ts'
import type { Automaton, Cursor } from './pattern/automaton.ts'
import type { Lane, Lanes } from './pattern/lanes.ts'
import type { View } from './view.ts'

/** In `held`: a probe may have ended with the unit. */
export const ENDED = 2
/** Most units of a stretch. */
const STRETCH_UNITS = 512
/** Units that stand for themselves. */
const PLAIN = Uint8Array.from({ length: 128 }, (_, unit) => (opensEscape(unit) ? 0 : 1))

export class RuleFollower {
  /** By unit of the last stretch: `HELD` where a secret may be open behind it. Callers may use `0x80`. */
  readonly held = new Uint8Array(STRETCH_UNITS)
  /** Probes that may have ended in the last stretch, by the unit they ended with. */
  readonly ended = new Map<number, number[]>()
  readonly #view: View
  readonly #lanes: Lanes
  readonly #cursor: Cursor
  #value: number
  readonly #gateCursor: Cursor | null
  #gateValue: number
  /** Bits: which of the other lanes run. */
  #open = 0
  readonly #values: Int32Array
  /** By lane: where a rule of it began last. */
  readonly #begun: Int32Array
  readonly #cursors: (Cursor | undefined)[] = []
  /** Lanes that have to run, with the unit of the stretch behind which. */
  readonly #openings: (readonly [unit: number, lane: number])[] = []

  constructor(lanes: Lanes, view: View) {
    this.#lanes = lanes
    this.#view = view
    this.#cursor = lanes.first.start()
    this.#value = this.#cursor.value
    this.#gateCursor = lanes.gates?.start() ?? null
    this.#gateValue = this.#gateCursor?.value ?? 0
    this.#values = new Int32Array(lanes.others.length)
    this.#begun = new Int32Array(lanes.others.length)
  }

  /** Tables may have been made anew since `save`. */
  resume(): void {
    const { first, gates } = this.#lanes
    this.#value = first.resume(this.#cursor)
    if (this.#gateCursor !== null) this.#gateValue = gates?.resume(this.#gateCursor) ?? 0
    if (this.#open === 0) return
    this.#lanes.others.forEach(({ automaton }, n) => {
      const cursor = this.#cursors[n]
      if (this.#runs(n) && cursor !== undefined) this.#values[n] = automaton.resume(cursor)
    })
  }

  save(): void {
    const { first, gates } = this.#lanes
    first.save(this.#cursor, this.#value)
    if (this.#gateCursor !== null) gates?.save(this.#gateCursor, this.#gateValue)
    if (this.#open === 0) return
    this.#lanes.others.forEach(({ automaton }, n) => {
      if (this.#runs(n))
        automaton.save((this.#cursors[n] ??= automaton.start()), this.#values[n] ?? 0)
    })
  }

  #runs(lane: number): boolean {
    return (this.#open & (1 << lane)) !== 0
  }

  /**
   * Takes the units from `from` on that stand for themselves, the first of them at view position `at`; returns how many.
   * `synced` brings the view up to a position: it is called before the view is read.
   */
  take(text: string, from: number, at: number, synced: (to: number) => void): number {
    this.ended.clear()
    const end = Math.min(text.length, from + STRETCH_UNITS)
    let stop = from
    while (stop < end && PLAIN[text.charCodeAt(stop)] === 1) stop += 1
    const units = stop - from
    this.#runFirst(text.slice(from, stop))
    if (this.#open !== 0 || this.#openings.length > 0) {
      synced(at + units)
      this.#runOthers(at, units)
    }
    return units
  }

  /** Takes one unit that stands at `at - 1` of the view. */
  takeOne(unit: number, at: number): void {
    this.ended.clear()
    this.#runFirst(String.fromCharCode(unit))
    if (this.#open !== 0 || this.#openings.length > 0) this.#runOthers(at - 1, 1)
  }

  #runFirst(stretch: string): void {
    const { held } = this
    const automaton = this.#lanes.first
    const { classOf, classes } = automaton
    let { table, flags } = automaton
    let state = this.#value >> FLAG_BITS
    for (let unit = 0; unit < stretch.length; unit += 1) {
      const cls = classOf[stretch.charCodeAt(unit)] ?? 0
      let next = table[state * classes + cls] ?? UNKNOWN
      if (next === UNKNOWN) {
        next = automaton.step(state << FLAG_BITS, cls) >> FLAG_BITS
        table = automaton.table
        flags = automaton.flags
      }
      state = next
      const flag = flags[state] ?? 0
      held[unit] = flag & HELD
      if ((flag & ACCEPTS) !== 0)
        for (const probe of automaton.accepts(state << FLAG_BITS)) this.#note(probe, unit)
    }
    this.#value = (state << FLAG_BITS) | (flags[state] ?? 0)
    if (this.#lanes.gates !== null) this.#runGates(this.#lanes.gates, stretch)
  }

  #runGates(automaton: Automaton, stretch: string): void {
    const { classOf, classes } = automaton
    let { table, flags } = automaton
    let state = this.#gateValue >> FLAG_BITS
    for (let unit = 0; unit < stretch.length; unit += 1) {
      const cls = classOf[stretch.charCodeAt(unit)] ?? 0
      let next = table[state * classes + cls] ?? UNKNOWN
      if (next === UNKNOWN) {
        next = automaton.step(state << FLAG_BITS, cls) >> FLAG_BITS
        table = automaton.table
        flags = automaton.flags
      }
      state = next
      if (((flags[state] ?? 0) & ACCEPTS) !== 0)
        for (const lane of automaton.accepts(state << FLAG_BITS)) this.#openings.push([unit, lane])
    }
    this.#gateValue = (state << FLAG_BITS) | (flags[state] ?? 0)
  }

  #note(probe: number, unit: number): void {
    this.held[unit] = (this.held[unit] ?? 0) | ENDED
    const known = this.ended.get(unit)
    if (known === undefined) this.ended.set(unit, [probe])
    else known.push(probe)
  }

  /** Takes the other lanes through `units` units of the view, as far as they have to run. */
  #runOthers(at: number, units: number): void {
    const { text, base } = this.#view
    const first = at - base
    for (let unit = 0, next = 0; next <= this.#openings.length; next += 1) {
      // Up to where the next lane opens, so that a lane that closed before opens again.
      const [opens, lane] = this.#openings[next] ?? [units - 1, -1]
      if (this.#open !== 0)
        for (let n = 0; n < this.#lanes.others.length; n += 1)
          if (this.#runs(n)) this.#runLane(n, text, first, unit, opens + 1)
      unit = opens + 1
      if (lane >= 0) this.#openLane(lane, text, first, opens)
    }
    this.#openings.length = 0
  }

  #runLane(n: number, text: string, first: number, from: number, to: number): void {
    const lane = this.#lanes.others[n]
    if (lane === undefined) return
    const { automaton } = lane
    const { held } = this
    const { classOf, classes } = automaton
    let { table, flags } = automaton
    let state = (this.#values[n] ?? 0) >> FLAG_BITS
    const lasts = (this.#begun[n] ?? 0) + lane.reach - this.#view.base
    for (let unit = from; unit < to; unit += 1) {
      const cls = classOf[text.charCodeAt(first + unit)] ?? 0
      let next = table[state * classes + cls] ?? UNKNOWN
      if (next === UNKNOWN) {
        next = automaton.step(state << FLAG_BITS, cls) >> FLAG_BITS
        table = automaton.table
        flags = automaton.flags
      }
      state = next
      const flag = flags[state] ?? 0
      if ((flag & HELD) !== 0) held[unit] = (held[unit] ?? 0) | HELD
      else if ((flag & IDLE) !== 0 || first + unit >= lasts) {
        if ((flag & ACCEPTS) === 0) {
          this.#open &= ~(1 << n)
          return
        }
      }
      if ((flag & ACCEPTS) !== 0)
        for (const probe of automaton.accepts(state << FLAG_BITS)) this.#note(probe, unit)
    }
    this.#values[n] = (state << FLAG_BITS) | (flags[state] ?? 0)
  }

  /** Takes a lane through what a rule of it began with; whatever began earlier in it has failed, or it would run already. */
  #openLane(n: number, text: string, first: number, unit: number): void {
    const lane = this.#lanes.others[n]
    if (lane === undefined) return
    const { base } = this.#view
    this.#begun[n] = first + unit + base
    if (this.#runs(n)) return
    let from = Math.max(0, first + unit + 1 - lane.lookBack)
    // What stands in front of the first unit that is kept is not known; it is kept far enough back.
    if (from === 0 && base > 0) from = 1
    this.#values[n] = replayed(lane, text, from, first + unit)
    this.#open |= 1 << n
    this.#runLane(n, text, first, unit, unit + 1)
  }

  /** The text is over: what ends with it. */
  atEnd(): readonly number[] {
    const others = this.#lanes.others.flatMap(({ automaton }, n) =>
      this.#runs(n) ? automaton.atEnd(this.#values[n] ?? 0) : [],
    )
    return [...this.#lanes.first.atEnd(this.#value), ...others]
  }
}

/** Where a lane stands before `to` of a text in which nothing of it was in progress at `from`. */
function replayed({ automaton }: Lane, text: string, from: number, to: number): number {
  const { classOf, classes } = automaton
  let state = automaton.idleAfter(from === 0 ? null : text.charCodeAt(from - 1)) >> FLAG_BITS
  for (let i = from; i < to; i += 1) {
    const cls = classOf[text.charCodeAt(i)] ?? 0
    const next = automaton.table[state * classes + cls] ?? UNKNOWN
    state = next === UNKNOWN ? automaton.step(state << FLAG_BITS, cls) >> FLAG_BITS : next
  }
  return state << FLAG_BITS
}
