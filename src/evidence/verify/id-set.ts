/** A set of ids that takes sixteen bytes for each: which records a verification has met, however many there are. */
import { randomBytes } from 'node:crypto'

const SLOTS_MIN = 1024

/** Saved: the halves of each id's hash, and what they were made with. */
export interface IdSetState {
  readonly seed: number
  readonly hashes: Uint32Array
}

/**
 * Keeps 64 bits of each id. Two of a hundred million records are taken for one with a chance of one in three thousand; what
 * is hashed holds 80 random bits, and the seed is chance, so nobody makes two that meet.
 */
export class IdSet {
  readonly #seed: number
  /** Two words for each; both 0 is empty. */
  #slots: Uint32Array
  #count = 0

  constructor(state: IdSetState | null) {
    this.#seed = state?.seed ?? randomBytes(4).readUInt32LE()
    const kept = state?.hashes ?? new Uint32Array(0)
    let slots = SLOTS_MIN
    while (slots < kept.length) slots *= 2
    this.#slots = new Uint32Array(slots * 2)
    for (let at = 0; at < kept.length; at += 2) this.#put(kept[at] ?? 0, kept[at + 1] ?? 0)
  }

  save(): IdSetState {
    const hashes = new Uint32Array(this.#count * 2)
    let to = 0
    for (let at = 0; at < this.#slots.length; at += 2) {
      if (this.#slots[at] === 0 && this.#slots[at + 1] === 0) continue
      hashes[to] = this.#slots[at] ?? 0
      hashes[to + 1] = this.#slots[at + 1] ?? 0
      to += 2
    }
    return { seed: this.#seed, hashes }
  }

  /** False when it was in the set already. */
  add(id: string): boolean {
    let one = this.#seed
    let other = ~this.#seed
    for (let at = 0; at < id.length; at += 1) {
      const code = id.charCodeAt(at)
      one = Math.imul(one ^ code, 0x85eb_ca6b)
      one ^= one >>> 15
      other = Math.imul(other ^ code, 0xc2b2_ae35)
      other ^= other >>> 13
    }
    // 0 and 0 is an empty place.
    return this.#put(one >>> 0, other >>> 0 || 1)
  }

  #put(one: number, other: number): boolean {
    const mask = this.#slots.length - 1
    let at = (one * 2) & mask
    while (this.#slots[at] !== 0 || this.#slots[at + 1] !== 0) {
      if (this.#slots[at] === one && this.#slots[at + 1] === other) return false
      at = (at + 2) & mask
    }
    this.#slots[at] = one
    this.#slots[at + 1] = other
    this.#count += 1
    if (this.#count * 4 > this.#slots.length) this.#grow()
    return true
  }

  #grow(): void {
    const before = this.#slots
    this.#slots = new Uint32Array(before.length * 2)
    this.#count = 0
    for (let at = 0; at < before.length; at += 2)
      if (before[at] !== 0 || before[at + 1] !== 0) this.#put(before[at] ?? 0, before[at + 1] ?? 0)
  }
}
