/** Tells from a count that somebody raises while they work whether they stand still. */

/** Looks that saw the same count: one that came late, as after the machine slept, is one look. */
export const LOOKS = 4

export class Standstill {
  #count = 0
  #looks = 0

  /** Asked now and then, at equal distances. Nobody stands still who has not begun. */
  stands(count: number): boolean {
    this.#looks = count === this.#count && count !== 0 ? this.#looks + 1 : 0
    this.#count = count
    return this.#looks >= LOOKS
  }
}
