/** What can be reached without consuming, and sets of it without repeats. */

/** Consuming and asserting instructions, and rules that end. */
export interface Closure {
  readonly core: readonly number[]
  readonly accepts: readonly number[]
}

/** Collects closures without repeats; used again for each state. */
export class Found {
  readonly accepts = new Set<number>()
  readonly #core: Int32Array
  readonly #seen: Int32Array
  #count = 0
  #mark = 0

  constructor(size: number) {
    this.#core = new Int32Array(size)
    this.#seen = new Int32Array(size)
  }

  clear(): void {
    this.#count = 0
    this.accepts.clear()
    this.#mark += 1
  }

  /** Ascending; valid until something is collected again. */
  core(): Int32Array {
    return this.#core.subarray(0, this.#count).sort()
  }

  add({ core, accepts }: Closure): void {
    for (let i = 0; i < core.length; i += 1) {
      const pc = core[i] ?? 0
      if (this.#seen[pc] === this.#mark) continue
      this.#seen[pc] = this.#mark
      this.#core[this.#count] = pc
      this.#count += 1
    }
    for (const rule of accepts) this.accepts.add(rule)
  }
}
