/** The open end of a secret that is already masked: says unit by unit whether the secret goes on. */
import { hasUnit } from './pattern/char-set.ts'
import type { CharSet } from './pattern/char-set.ts'
import { ACCEPTS } from './pattern/automaton.ts'
import type { Automaton } from './pattern/automaton.ts'
import type { Tail } from './rule.ts'

/** Only this much of a swallowed value is kept, for fingerprints and operators that need it. */
export const VALUE_MAX = 16_384
const ASCII = 128

export class SwallowedTail {
  /** View position where the secret starts. */
  readonly start: number
  /** View position after the last unit that belongs to the secret. */
  end: number
  value: string
  readonly #set: CharSet
  readonly #ascii: Uint8Array
  readonly #until: Automaton | null
  #state = 0
  #done = false

  constructor(
    tail: Tail,
    until: Automaton | null,
    head: { readonly value: string; readonly start: number; readonly end: number },
  ) {
    this.#set = tail.set
    this.#ascii = Uint8Array.from({ length: ASCII }, (_, unit) => (hasUnit(tail.set, unit) ? 1 : 0))
    this.#until = until
    if (until !== null) this.#state = until.start().value
    this.value = head.value
    this.start = head.start
    this.end = head.end
  }

  /** True when the unit at `end` belongs to the secret; false for good once one did not. */
  take(unit: number): boolean {
    if (this.#done) return false
    if (unit < ASCII ? this.#ascii[unit] !== 1 : !hasUnit(this.#set, unit)) {
      this.#done = true
      return false
    }
    this.end += 1
    if (this.value.length < VALUE_MAX) this.value += String.fromCharCode(unit)
    if (this.#until !== null) {
      this.#state = this.#until.step(this.#state, this.#until.classOf[unit] ?? 0)
      this.#done = (this.#state & ACCEPTS) !== 0
    }
    return true
  }
}
