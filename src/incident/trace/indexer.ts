/** Reads what the recorder stored, frame by frame, and adds it to the trace index; goes on where it stopped. */
import { listInstances, scanInstance, type ScannedFrame } from '../../evidence/segment-scan.ts'
import { idTimeMs, type ExchangeId, type InstanceId } from '../../lib/ids.ts'
import type { TracePlace, TraceStore } from '../../store/trace/trace-store.ts'
import { blockDocument } from './documents.ts'
import { EpochRing } from './epoch-ring.ts'
import { PendingPostings } from './pending-postings.ts'
import { RecordItems, type RecordItem, type RecordItemsOptions } from './record-items.ts'
import { textKeys } from './text-postings.ts'
import { selectionKey } from './trace-keys.ts'
import { newestOf, TRACE_VERSIONS, type TraceVersion, type TraceVersions } from './versions.ts'
import type { SelectionKey } from './winnow.ts'

export interface TraceIndexerOptions extends RecordItemsOptions {
  readonly store: TraceStore
  /** From `openTraceSecret`. */
  readonly secret: Buffer
  /** The newest is written; tests take others. */
  readonly versions?: TraceVersions
}

/** Postings that are gathered before they are written. */
const COMMIT_POSTINGS = 250_000

export class TraceIndexer {
  readonly #options: TraceIndexerOptions
  readonly #items: RecordItems
  readonly #epochs: EpochRing
  readonly #selection: SelectionKey
  readonly #version: TraceVersion
  readonly #pending = new PendingPostings()
  /** Erased exchanges met since the last commit. */
  #erased: ExchangeId[] = []
  /** Instances that ended and were read to their end. */
  readonly #done = new Set<InstanceId>()
  #places: Map<InstanceId, TracePlace> | null = null

  constructor(options: TraceIndexerOptions) {
    const { keyProvider, store, secret } = options
    this.#options = options
    this.#items = new RecordItems(options)
    this.#epochs = new EpochRing(store, keyProvider)
    this.#selection = selectionKey(secret)
    this.#version = newestOf(options.versions ?? TRACE_VERSIONS)
  }

  /**
   * Indexes everything that is stored now, or until `isOver` says so between two tickets. True when nothing was left.
   * The newest comes first: it does not wait for what a new version makes again.
   */
  async run(isOver: () => boolean): Promise<boolean> {
    const { disk, folder } = this.#options
    const instances = await listInstances(disk, folder)
    const newest = instances.at(-1)
    for (const instance of instances.toReversed()) {
      if (this.#done.has(instance)) continue
      const isWhole = await this.#instance(instance, isOver)
      if (!isWhole) return false
      if (instance !== newest) this.#done.add(instance)
    }
    return true
  }

  async #instance(instance: InstanceId, isOver: () => boolean): Promise<boolean> {
    const { disk, folder, store } = this.#options
    this.#places ??= new Map(
      (await store.positions(this.#version.version)).map((place) => [place.instance, place]),
    )
    const from = this.#places.get(instance) ?? null
    for await (const found of scanInstance(disk, folder, instance, from)) {
      if (found.kind === 'end') {
        await this.#commit(found.address)
        return true
      }
      if (found.kind !== 'frame') continue
      // Between tickets only: an opening must be read together with the blocks before it.
      if (found.head.startsGroup) {
        const stops = isOver()
        if (stops || this.#pending.length >= COMMIT_POSTINGS) await this.#commit(found.address)
        if (stops) return false
      }
      await this.#frame(found)
    }
    return true
  }

  async #commit(place: TracePlace): Promise<void> {
    const known = this.#places?.get(place.instance)
    const isSame = known?.segment === place.segment && known.offset === place.offset
    if (this.#pending.length === 0 && this.#erased.length === 0 && isSame) return
    const { store } = this.#options
    const { instance, segment, offset } = place
    const runs = await this.#pending.take(store)
    await store.commit(this.#version.version, runs, { instance, segment, offset }, this.#erased)
    this.#erased = []
    this.#places?.set(instance, { instance, segment, offset })
  }

  async #frame(frame: ScannedFrame): Promise<void> {
    const { retentionClass, items } = await this.#items.of(frame)
    for (const item of items) {
      if (item.kind === 'erased') this.#erased.push(...item.exchanges)
      else await this.#add(retentionClass, item)
    }
  }

  async #add(retentionClass: string, item: Exclude<RecordItem, { kind: 'erased' }>): Promise<void> {
    const found = this.#epochs.for(retentionClass, idTimeMs(item.exchange))
    const { epoch, digests } = found instanceof Promise ? await found : found
    if (item.kind === 'holds') {
      const child = [blockDocument(item.child)]
      if (item.list === null) this.#pending.addOf(epoch, 'edge', child, item.exchange, 'answer')
      else this.#pending.add(epoch, 'edge', child, blockDocument(item.list))
      return
    }
    const keys = textKeys(item.text, this.#version, this.#selection, digests(this.#version))
    for (const [family, all] of [
      ['passage', keys.passages],
      ['value', keys.values],
    ] as const) {
      if (item.kind === 'block') this.#pending.add(epoch, family, all, blockDocument(item.id))
      else this.#pending.addOf(epoch, family, all, item.exchange, item.part)
    }
  }
}
