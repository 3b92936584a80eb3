/** Knows which blocks and lists are stored already: a bounded memory first, the index for what it has forgotten. */
import type { InstanceId } from '../lib/ids.ts'
import type { ExchangeIndex } from '../store/exchange-index.ts'
import { withDeadline } from '../lib/with-deadline.ts'

/** Two generations: what was asked for lately is young, the rest is forgotten when the young are too many. */
interface Generations {
  young: Set<string>
  old: Set<string>
}

/** Fewer misses than this, after a first part that is known, are taken as new content without asking the index. */
const NEW_CONTENT_MAX = 8
const RECALL_MS_MAX = 200

export class BlockDirectory {
  readonly #index: ExchangeIndex
  readonly #entriesMax: number
  readonly #isLocal: (instance: InstanceId) => boolean
  readonly #classes = new Map<string, Generations>()
  /** Being erased: known again when stored again. */
  readonly #condemned = new Map<string, Set<string>>()
  /** True while everything that was ever stored in this folder is in memory: then no miss needs the index. */
  #complete: boolean

  constructor(options: {
    readonly index: ExchangeIndex
    readonly entriesMax: number
    readonly isLocal: (instance: InstanceId) => boolean
    readonly folderIsEmpty: boolean
  }) {
    this.#index = options.index
    this.#entriesMax = options.entriesMax
    this.#isLocal = options.isLocal
    this.#complete = options.folderIsEmpty
  }

  has(retentionClass: string, key: string): boolean {
    const generations = this.#classes.get(retentionClass)
    if (generations === undefined) return false
    if (generations.young.has(key)) return true
    if (!generations.old.delete(key)) return false
    this.claim(retentionClass, key)
    return true
  }

  /** Call in the same tick as the append of the block's frame: later openings then rely on that frame. */
  claim(retentionClass: string, key: string): void {
    this.#condemned.get(retentionClass)?.delete(key)
    let generations = this.#classes.get(retentionClass)
    if (generations === undefined) {
      generations = { young: new Set(), old: new Set() }
      this.#classes.set(retentionClass, generations)
    }
    generations.young.add(key)
    if (generations.young.size < this.#entriesMax / 2) return
    if (generations.old.size > 0) this.#complete = false
    generations.old = generations.young
    generations.young = new Set()
  }

  /** From now on nothing relies on what is stored under these keys. Replaces those condemned before. */
  condemn(retentionClass: string, keys: readonly string[]): void {
    const generations = this.#classes.get(retentionClass)
    for (const key of keys) {
      generations?.young.delete(key)
      generations?.old.delete(key)
    }
    this.#condemned.set(retentionClass, new Set(keys))
  }

  /** Could the index know blocks that memory does not? `firstIsKnown`: the body starts like one seen before. */
  mayKnow(missing: number, firstIsKnown: boolean): boolean {
    if (this.#complete || missing === 0) return false
    return !(firstIsKnown && missing <= NEW_CONTENT_MAX)
  }

  /** Asks the index. A database that is away or slow costs only bytes: the blocks are stored again. */
  async recall(retentionClass: string, missing: readonly string[]): Promise<void> {
    const rows = await withDeadline(
      this.#index.findBlocks(missing, retentionClass, null),
      RECALL_MS_MAX,
      'looking for stored blocks',
    ).catch(() => [])
    for (const row of rows) {
      const isCondemned = this.#condemned.get(retentionClass)?.has(row.id) ?? false
      if (this.#isLocal(row.instance) && !isCondemned) this.claim(retentionClass, row.id)
    }
  }
}
