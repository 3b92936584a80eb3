/** Keeps the state of each record while a folder is verified: verified, erased as recorded, missing or altered. */
import type { Leaf } from '../log/leaf.ts'
import { IdSet, type IdSetState } from './id-set.ts'

export type RecordState = 'verified' | 'erased' | 'missing' | 'altered'

export interface RecordProblem {
  readonly kind:
    | 'frame-missing'
    | 'frame-altered'
    | 'frame-swapped'
    | 'parts-missing'
    | 'parts-altered'
    | 'leaf-out-of-order'
    | 'plaintext-differs'
  readonly record: string
  /** Of its leaf. */
  readonly index: number
  /** Where its leaf says that it lies: `<instance>/<segment>/<offset>`. */
  readonly frame: string
  readonly reason: string
}

export type FolderProblem =
  | RecordProblem
  /** A frame that the log does not speak of, with others behind it that it does. */
  | { readonly kind: 'frame-without-leaf'; readonly record: string; readonly frame: string }
  | { readonly kind: 'blocks-without-leaf'; readonly record: string }
  /** The log has a second beginning of it: whoever signed that has its key. It counts once, as the first says. */
  | { readonly kind: 'listed-twice'; readonly record: string; readonly index: number }
  /** Blanked, and no leaf says so. */
  | { readonly kind: 'erased-without-leaf'; readonly record: string; readonly index: number }
  | {
      readonly kind: 'erased-under-hold'
      readonly record: string
      readonly index: number
      readonly hold: string
    }
  /** It counts as erased, and what was erased, or something else, still stands behind its digest. */
  | { readonly kind: 'erased-not-blank'; readonly record: string; readonly frame: string }
  /** Its erasure is in the log, and its content is still there: never done, or brought back from a copy. */
  | { readonly kind: 'not-erased'; readonly record: string; readonly index: number }
  | {
      readonly kind: 'damage'
      readonly frame: string
      readonly bytes: number
      readonly reason: string
    }

/** Problems kept; all are counted. */
const PROBLEMS_KEPT = 1000

interface Running {
  state: 'verified' | 'erased' | 'missing' | 'altered'
  index: number
  problems: RecordProblem[]
}

interface NotBlank {
  readonly record: string
  readonly frame: string
}

export interface LedgerState {
  readonly problems: readonly FolderProblem[]
  readonly problemCount: number
  readonly counts: Readonly<Record<RecordState, number>>
  readonly running: ReadonlyMap<string, Running>
  readonly undecided: ReadonlyMap<string, Running>
  readonly erased: ReadonlyMap<string, number>
  readonly erasing: ReadonlySet<string>
  readonly holds: ReadonlyMap<string, ReadonlySet<string>>
  readonly notBlank: readonly NotBlank[]
  readonly met: IdSetState
  readonly opened: ReadonlyMap<string, boolean>
}

export class RecordLedger {
  readonly #onRecord: (record: string, state: RecordState) => void
  readonly #problems: FolderProblem[]
  #problemCount: number
  readonly #counts: Record<RecordState, number>
  /** Exchanges that were opened and not closed yet, and the record in hand. */
  readonly #running: Map<string, Running>
  /** What has to wait for the leaves behind it, which may say that it was erased. */
  readonly #undecided: Map<string, Running>
  readonly #erased: Map<string, number>
  /** Announced to be erased, and not said to be done. */
  readonly #erasing: Set<string>
  readonly #holds: Map<string, Set<string>>
  readonly #notBlank: NotBlank[]
  /** All records whose beginning was met. */
  readonly #met: IdSet
  /** Opened and not closed yet; true when it was met before. */
  readonly #opened: Map<string, boolean>

  constructor(
    onRecord: (record: string, state: RecordState) => void = () => {},
    state: LedgerState | null = null,
  ) {
    this.#onRecord = onRecord
    this.#problems = [...(state?.problems ?? [])]
    this.#problemCount = state?.problemCount ?? 0
    this.#counts = { ...(state?.counts ?? { verified: 0, erased: 0, missing: 0, altered: 0 }) }
    this.#running = new Map(state?.running)
    this.#undecided = new Map(state?.undecided)
    this.#erased = new Map(state?.erased)
    this.#erasing = new Set(state?.erasing)
    this.#notBlank = [...(state?.notBlank ?? [])]
    this.#met = new IdSet(state?.met ?? null)
    this.#opened = new Map(state?.opened)
    this.#holds = new Map([...(state?.holds ?? [])].map(([hold, held]) => [hold, new Set(held)]))
  }

  save(): LedgerState {
    return {
      problems: this.#problems,
      problemCount: this.#problemCount,
      counts: this.#counts,
      running: this.#running,
      undecided: this.#undecided,
      erased: this.#erased,
      erasing: this.#erasing,
      holds: this.#holds,
      notBlank: this.#notBlank,
      met: this.#met.save(),
      opened: this.#opened,
    }
  }

  get problems(): readonly FolderProblem[] {
    return this.#problems
  }

  get problemCount(): number {
    return this.#problemCount
  }

  get counts(): Readonly<Record<RecordState, number>> {
    return this.#counts
  }

  problem(problem: FolderProblem): void {
    this.#problemCount += 1
    if (this.#problems.length < PROBLEMS_KEPT) this.#problems.push(problem)
  }

  /** What a leaf says of other records. */
  leaf({ kind, record, records, sequence }: Leaf): void {
    const isExchange = (id: string): boolean => id.startsWith('ex_')
    if (kind === 'record.erased')
      for (const id of records) {
        for (const [hold, held] of this.#holds)
          if (held.has(id))
            this.problem({ kind: 'erased-under-hold', record: id, index: sequence, hold })
        this.#erased.set(id, sequence)
        this.#erasing.add(id)
      }
    if (kind === 'record.erasure-finished') for (const id of records) this.#erasing.delete(id)
    if (kind === 'hold.set' || kind === 'hold.extended') {
      const hold = records.find((id) => !isExchange(id)) ?? record ?? ''
      const held = this.#holds.get(hold) ?? new Set()
      for (const id of records.filter(isExchange)) held.add(id)
      this.#holds.set(hold, held)
    }
    if (kind === 'hold.released') {
      const named = records.filter((id) => !isExchange(id))
      for (const hold of named) this.#holds.delete(hold)
      if (named.length === 0)
        for (const held of this.#holds.values()) for (const id of records) held.delete(id)
    }
  }

  found(leaf: Leaf, problem: RecordProblem): void {
    const running = this.#of(leaf)
    running.problems.push(problem)
    const isGone = problem.kind === 'frame-missing' || problem.kind === 'parts-missing'
    if (!isGone) running.state = 'altered'
    else if (running.state !== 'altered') running.state = 'missing'
  }

  sawErased(leaf: Leaf): void {
    const running = this.#of(leaf)
    if (running.state === 'verified') running.state = 'erased'
  }

  notBlank(record: string, frame: string): void {
    this.#notBlank.push({ record, frame })
  }

  /** A leaf was held against its frames. */
  judged(leaf: Leaf): void {
    const running = this.#of(leaf)
    const record = leaf.record ?? ''
    if (leaf.kind === 'exchange.opened') {
      this.#opened.set(record, this.#isAgain(record, leaf.sequence))
      return
    }
    this.#running.delete(record)
    // Blocks of an exchange that never was are in nobody's way, and count as no record.
    if (leaf.kind === 'blocks.stored') {
      for (const problem of running.problems) this.problem(problem)
      return
    }
    this.#settle(record, running, this.#endsAgain(record, leaf.sequence))
  }

  /** Call once, after the last leaf. `isLive`: an erasure may be under way, announced and not done yet. */
  end(isLive: boolean): void {
    for (const [record, running] of this.#running)
      this.#settle(record, running, this.#endsAgain(record, running.index))
    for (const [record, { state, index, problems }] of this.#undecided) {
      const wasErased = this.#erased.has(record)
      if (wasErased) this.#count(record, 'erased')
      else if (state === 'erased') {
        this.problem({ kind: 'erased-without-leaf', record, index })
        this.#count(record, 'missing')
      } else {
        for (const problem of problems) this.problem(problem)
        this.#count(record, 'missing')
      }
    }
    for (const { record, frame } of this.#notBlank)
      if (!(isLive && this.#erasing.has(record)))
        this.problem({ kind: 'erased-not-blank', record, frame })
    for (const [record, index] of this.#erased)
      if (!this.#undecided.has(record) && !(isLive && this.#erasing.has(record)))
        this.problem({ kind: 'not-erased', record, index })
  }

  #of(leaf: Leaf): Running {
    const record = leaf.record ?? ''
    const known = this.#running.get(record)
    if (known !== undefined) return known
    const fresh: Running = { state: 'verified', index: leaf.sequence, problems: [] }
    this.#running.set(record, fresh)
    return fresh
  }

  #isAgain(record: string, index: number): boolean {
    if (this.#met.add(record)) return false
    this.problem({ kind: 'listed-twice', record, index })
    return true
  }

  #endsAgain(record: string, index: number): boolean {
    const isAgain = this.#opened.get(record) ?? this.#isAgain(record, index)
    this.#opened.delete(record)
    return isAgain
  }

  #settle(record: string, running: Running, isAgain: boolean): void {
    const mayBeErased = running.state === 'erased' || running.state === 'missing'
    if (mayBeErased && !isAgain) {
      this.#undecided.set(record, running)
      return
    }
    for (const problem of running.problems) this.problem(problem)
    if (!isAgain) this.#count(record, running.state)
  }

  #count(record: string, state: RecordState): void {
    this.#counts[state] += 1
    this.#onRecord(record, state)
  }
}
