/** Asks the trace index: which documents share fingerprints with a question, and what holds a block. */
import type { TraceFamily } from '../../store/schema.ts'
import { documentsIn } from '../../store/trace/posting-page.ts'
import type { TraceRun, TraceStore } from '../../store/trace/trace-store.ts'
import { readDocument } from './documents.ts'
import type { EpochRing, OpenEpoch } from './epoch-ring.ts'
import type { Question } from './match.ts'
import type { TraceVersion } from './versions.ts'
import { askedGrams, type SelectionKey } from './winnow.ts'

/** A merge may take runs away while they are read. */
const TRIES = 4
const LEVELS_MAX = 16
const HOLDERS_MAX = 50_000

export interface Candidate {
  readonly document: number
  /** Fingerprints and values that it shares with the question. */
  readonly shared: number
}

export class TraceLookUp {
  readonly #store: TraceStore
  readonly #epochs: EpochRing
  readonly #selection: SelectionKey
  readonly #versions: readonly TraceVersion[]

  constructor(
    store: TraceStore,
    epochs: EpochRing,
    selection: SelectionKey,
    versions: readonly TraceVersion[],
  ) {
    this.#store = store
    this.#epochs = epochs
    this.#selection = selection
    this.#versions = versions
  }

  /** Most shared first. While a new version is made the old one answers too: what both find counts once. */
  candidates(question: Question): Promise<readonly Candidate[]> {
    return this.#steadily(async (runs) => {
      const shared = new Map<number, number>()
      for (const version of this.#versions) {
        const own = runs.filter((run) => run.version === version.version)
        if (own.length === 0) continue
        for (const [document, count] of await this.#sharedIn(own, version, question)) {
          shared.set(document, Math.max(count, shared.get(document) ?? 0))
        }
      }
      return [...shared]
        .map(([document, count]) => ({ document, shared: count }))
        .sort((a, b) => b.shared - a.shared || b.document - a.document)
    })
  }

  async #sharedIn(
    runs: readonly TraceRun[],
    version: TraceVersion,
    question: Question,
  ): Promise<ReadonlyMap<number, number>> {
    const shared = new Map<number, number>()
    for (const epoch of await this.#epochs.all()) {
      const own = runs.filter((run) => run.epoch === epoch.epoch)
      if (own.length === 0) continue
      const { passages, values } = this.#keysOf(epoch, version, question)
      for (const [family, keys] of [
        ['passage', passages],
        ['value', values],
      ] as const) {
        for (const documents of (await this.#found(own, family, keys)).values()) {
          for (const document of documents) shared.set(document, (shared.get(document) ?? 0) + 1)
        }
      }
    }
    return shared
  }

  #keysOf(epoch: OpenEpoch, version: TraceVersion, question: Question) {
    const digests = epoch.digests(version)
    const passages = new Set<number>()
    for (const { text } of question.pieces) {
      const normalised = version.normalise(text)
      const asked = askedGrams(normalised, this.#selection)
      for (const key of digests.passages(normalised, asked)) passages.add(key)
    }
    return { passages, values: new Set(Array.from(question.values, digests.value)) }
  }

  /** Numbers of the exchanges whose request held each of the blocks, directly or in a list. */
  holders(blocks: readonly number[]): Promise<{
    readonly byBlock: ReadonlyMap<number, ReadonlySet<number>>
    readonly isWhole: boolean
  }> {
    return this.#steadily(async (runs) => {
      const byBlock = new Map<number, Set<number>>(blocks.map((block) => [block, new Set()]))
      /** Which of the blocks each list or block at hand holds or is. */
      let level = new Map(blocks.map((block) => [block, new Set([block])]))
      let held = 0
      let isWhole = true
      for (let depth = 0; depth < LEVELS_MAX && level.size > 0; depth += 1) {
        const above = new Map<number, Set<number>>()
        for (const [child, parents] of await this.#found(runs, 'edge', new Set(level.keys()))) {
          const inside = level.get(child) ?? new Set()
          for (const parent of parents) {
            const holder = readDocument(parent)
            if (holder.kind === 'block') {
              const known = above.get(parent) ?? new Set()
              for (const block of inside) known.add(block)
              above.set(parent, known)
            } else if (held >= HOLDERS_MAX) isWhole = false
            else {
              for (const block of inside) byBlock.get(block)?.add(holder.number)
              held += 1
            }
          }
        }
        level = above
      }
      return { byBlock, isWhole }
    })
  }

  async #found(
    runs: readonly TraceRun[],
    family: TraceFamily,
    keys: ReadonlySet<number>,
  ): Promise<ReadonlyMap<number, ReadonlySet<number>>> {
    const found = new Map<number, Set<number>>()
    const own = runs.filter((run) => run.family === family).map(({ run }) => run)
    if (own.length === 0 || keys.size === 0) return found
    for (const page of await this.#store.pagesWith(own, [...keys])) {
      for (const [key, documents] of documentsIn(page.firstKey, page.data, page.keys)) {
        const known = found.get(key) ?? new Set()
        for (const document of documents) known.add(document)
        found.set(key, known)
      }
    }
    return found
  }

  /** Looks again when runs that were there at the beginning went meanwhile. */
  async #steadily<Result>(look: (runs: readonly TraceRun[]) => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries += 1) {
      const runs = await this.#store.runs()
      const result = await look(runs)
      if (tries === TRIES) return result
      const now = new Set((await this.#store.runs()).map(({ run }) => run))
      if (runs.every(({ run }) => now.has(run))) return result
    }
  }
}
