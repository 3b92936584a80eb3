/** Checks what the leaves of a log say of each other: sequence, keys, references, unclosed exchanges, clock, heartbeats. */
import { parseLeaf, type Leaf, type LeafKind } from './leaf.ts'

export type LeafProblem =
  | { readonly kind: 'leaf-refused'; readonly index: number; readonly reason: string }
  | { readonly kind: 'sequence-wrong'; readonly index: number; readonly found: number }
  /** From this leaf on, perhaps with others between. */
  | { readonly kind: 'log-key-unknown'; readonly index: number; readonly key: string }
  /** A close that refers to no open exchange of its own. */
  | { readonly kind: 'close-unmatched'; readonly index: number }
  /** An exchange without an end, though the gateway was started again since. */
  | { readonly kind: 'left-open'; readonly index: number; readonly by: number }
  | { readonly kind: 'clock-went-back'; readonly index: number; readonly seconds: number }
  | { readonly kind: 'silence'; readonly index: number; readonly seconds: number }

export interface LeafAuditOptions {
  /** Ids of the keys that the log may have used. */
  readonly logKeys: ReadonlySet<string>
  /** A longer time without a leaf, outside a stop, is reported; null when no heartbeats are promised. */
  readonly silenceMaxS: number | null
  readonly report: (problem: LeafProblem) => void
  readonly resume?: LeafAuditState | null
}

export interface LeafAuditState {
  readonly open: ReadonlyMap<number, string>
  readonly abandoned: ReadonlySet<number>
  readonly counts: ReadonlyMap<LeafKind, number>
  readonly last: Leaf | null
  readonly unknownKeys: ReadonlySet<string>
}

export class LeafAudit {
  readonly #options: LeafAuditOptions
  /** Record by index of the leaf that opened it. */
  readonly #open: Map<number, string>
  readonly #abandoned: Set<number>
  readonly #counts: Map<LeafKind, number>
  #last: Leaf | null
  readonly #unknownKeys: Set<string>

  constructor(options: LeafAuditOptions) {
    const { resume } = options
    this.#options = options
    this.#open = new Map(resume?.open)
    this.#abandoned = new Set(resume?.abandoned)
    this.#counts = new Map(resume?.counts)
    this.#last = resume?.last ?? null
    this.#unknownKeys = new Set(resume?.unknownKeys)
  }

  save(): LeafAuditState {
    const [open, abandoned, counts, last] = [this.#open, this.#abandoned, this.#counts, this.#last]
    return { open, abandoned, counts, last, unknownKeys: this.#unknownKeys }
  }

  /** Indexes of `exchange.opened` leaves that nothing closed. */
  get unclosed(): readonly number[] {
    return [...this.#open.keys()]
  }

  get counts(): ReadonlyMap<LeafKind, number> {
    return this.#counts
  }

  /** Time of the last leaf, in seconds since 1970. */
  get lastS(): number | null {
    return this.#last?.timeS ?? null
  }

  /** The leaf, or null when it is none. */
  check(entry: Buffer, index: number): Leaf | null {
    const reading = parseLeaf(entry)
    const { report, logKeys } = this.#options
    if (reading.kind === 'refused') {
      report({ kind: 'leaf-refused', index, reason: reading.reason })
      return null
    }
    const { leaf } = reading
    if (leaf.sequence !== index) report({ kind: 'sequence-wrong', index, found: leaf.sequence })
    // Once for each: thousands of them would leave no room for what explains it, a hand-over that is gone.
    if (!logKeys.has(leaf.logKey) && !this.#unknownKeys.has(leaf.logKey)) {
      this.#unknownKeys.add(leaf.logKey)
      report({ kind: 'log-key-unknown', index, key: leaf.logKey })
    }
    this.#counts.set(leaf.kind, (this.#counts.get(leaf.kind) ?? 0) + 1)
    this.#checkTime(leaf, index)
    if (leaf.kind === 'gateway.started') this.#leftOpen(index)
    if (leaf.kind === 'exchange.opened') this.#open.set(index, leaf.record ?? '')
    if (leaf.kind === 'exchange.closed') {
      const { opening } = leaf
      if (opening === null || this.#open.get(opening) !== leaf.record)
        report({ kind: 'close-unmatched', index })
      else this.#open.delete(opening)
    }
    this.#last = leaf
    return leaf
  }

  /** What a run left open is closed before the next begins. */
  #leftOpen(index: number): void {
    for (const opening of this.#open.keys())
      if (!this.#abandoned.has(opening)) {
        this.#abandoned.add(opening)
        this.#options.report({ kind: 'left-open', index: opening, by: index })
      }
  }

  #checkTime(leaf: Leaf, index: number): void {
    if (this.#last === null) return
    const seconds = leaf.timeS - this.#last.timeS
    const { report, silenceMaxS } = this.#options
    if (seconds < 0) report({ kind: 'clock-went-back', index, seconds: -seconds })
    if (silenceMaxS === null || seconds <= silenceMaxS) return
    // A clean stop explains the silence; after a crash nothing does, and that is what is reported.
    if (this.#last.kind !== 'gateway.stopped') report({ kind: 'silence', index, seconds })
  }
}
