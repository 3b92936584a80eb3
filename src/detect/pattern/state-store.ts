/** The states of an automaton, packed into typed arrays: what each consists of, and how it is found again. */

/** A state by itself; a cursor keeps one when the store is emptied. */
export interface State {
  /** Instructions in progress, ascending. */
  readonly core: ArrayLike<number>
  /** Kind of the character before this position. */
  readonly kind: number
  /** Rules whose relaxed form has just ended, ascending. */
  readonly accepts: readonly number[]
}

type Numbers = Uint16Array | Uint32Array

const STATES_BEGUN = 256
/** What is not used yet is memory, too. */
const GROWTH = 1.25
/** Slots per state: with more, fewer states share the way to their slot. */
const SLOTS = 2
const NO_RULES: readonly number[] = []
/** In `accepting`: no rule ends there. */
const NONE = 0

export class StateStore {
  #kinds = new Uint8Array(0)
  /** Number of the list of rules that end in a state. */
  #accepting = new Uint16Array(0)
  /** Where the core of a state begins in `#cores`; it ends where the next begins. */
  #starts = new Uint32Array(1)
  /** Open addressing; 0 is free, else one more than the state. */
  #slots = new Uint16Array(0)
  #cores: Numbers
  #count = 0
  readonly #isWide: boolean
  readonly #coresMax: number
  readonly #statesMax: number
  readonly #lists: (readonly number[])[] = [NO_RULES]
  readonly #listNumbers = new Map<string, number>([['', NONE]])

  /** `isWide`: instructions do not fit into 16 bits. */
  constructor(statesMax: number, coresMax: number, isWide: boolean) {
    this.#statesMax = statesMax
    this.#coresMax = coresMax
    this.#isWide = isWide
    this.#cores = this.#numbers(Math.min(coresMax, STATES_BEGUN))
    this.#growStates(Math.min(statesMax, STATES_BEGUN))
  }

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return (
      this.#kinds.byteLength +
      this.#accepting.byteLength +
      this.#starts.byteLength +
      this.#slots.byteLength +
      this.#cores.byteLength
    )
  }

  #numbers(length: number): Numbers {
    return this.#isWide ? new Uint32Array(length) : new Uint16Array(length)
  }

  kindOf(state: number): number {
    return this.#kinds[state] ?? 0
  }

  acceptsOf(state: number): readonly number[] {
    return this.#lists[this.#accepting[state] ?? NONE] ?? NO_RULES
  }

  /** Valid until the next state is added. */
  coreOf(state: number): Numbers {
    return this.#cores.subarray(this.#starts[state], this.#starts[state + 1])
  }

  /** The number of the state; it is added when it is new. -1 when there is no room for it. */
  intern({ core, kind, accepts }: State): number {
    const list = this.#listNumber(accepts)
    if (list < 0) return -1
    const found = this.#find(core, kind, list)
    if (found >= 0) return found
    const start = this.#starts[this.#count] ?? 0
    const end = start + core.length
    if (this.#count >= this.#statesMax || end > this.#coresMax) return -1
    if (end > this.#cores.length) this.#growCores(end)
    if (this.#count >= this.#kinds.length)
      this.#growStates(Math.min(this.#statesMax, Math.ceil(this.#count * GROWTH)))
    this.#cores.set(core, start)
    this.#starts[this.#count + 1] = end
    this.#kinds[this.#count] = kind
    this.#accepting[this.#count] = list
    this.#take(this.#count)
    this.#count += 1
    return this.#count - 1
  }

  #find(core: ArrayLike<number>, kind: number, list: number): number {
    const mask = this.#slots.length - 1
    let slot = hashOf(core, kind, list) & mask
    for (let taken = this.#slots[slot] ?? 0; taken !== 0; taken = this.#slots[slot] ?? 0) {
      if (this.#is(taken - 1, core, kind, list)) return taken - 1
      slot = (slot + 1) & mask
    }
    return -1
  }

  /** Gives a state that is in no slot yet the next free one. */
  #take(state: number): void {
    const mask = this.#slots.length - 1
    const core = this.coreOf(state)
    let slot = hashOf(core, this.#kinds[state] ?? 0, this.#accepting[state] ?? NONE) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = state + 1
  }

  #growStates(states: number): void {
    const kinds = new Uint8Array(states)
    kinds.set(this.#kinds)
    this.#kinds = kinds
    const accepting = new Uint16Array(states)
    accepting.set(this.#accepting)
    this.#accepting = accepting
    const starts = new Uint32Array(states + 1)
    starts.set(this.#starts)
    this.#starts = starts
    const slots = 2 ** Math.ceil(Math.log2(states * SLOTS))
    if (slots === this.#slots.length) return
    this.#slots = new Uint16Array(slots)
    for (let state = 0; state < this.#count; state += 1) this.#take(state)
  }

  #growCores(needed: number): void {
    const larger = this.#numbers(Math.min(this.#coresMax, Math.ceil(needed * GROWTH)))
    larger.set(this.#cores)
    this.#cores = larger
  }

  #listNumber(accepts: readonly number[]): number {
    if (accepts.length === 0) return NONE
    const key = accepts.join()
    const known = this.#listNumbers.get(key)
    if (known !== undefined) return known
    if (this.#lists.length > 0xffff) return -1
    this.#lists.push(accepts)
    this.#listNumbers.set(key, this.#lists.length - 1)
    return this.#lists.length - 1
  }

  #is(state: number, core: ArrayLike<number>, kind: number, list: number): boolean {
    if (this.#kinds[state] !== kind || this.#accepting[state] !== list) return false
    const start = this.#starts[state] ?? 0
    if ((this.#starts[state + 1] ?? 0) - start !== core.length) return false
    for (let i = 0; i < core.length; i += 1) if (this.#cores[start + i] !== core[i]) return false
    return true
  }
}

function hashOf(core: ArrayLike<number>, kind: number, list: number): number {
  let hash = Math.imul(kind + 1, 0x9e37_79b1) ^ Math.imul(list + 1, 0x85eb_ca6b)
  for (let i = 0; i < core.length; i += 1)
    hash = Math.imul(hash ^ (core[i] ?? 0), 0x0100_0193) ^ (hash >>> 15)
  return (hash ^ (hash >>> 13)) >>> 0
}
