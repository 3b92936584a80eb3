/** Adds what the recorder stored to the trace index, as it is handed over or read from the record; goes on where it stopped. */
import { setTimeout as pause } from 'node:timers/promises'
import { listInstances, scanInstance } from '../../evidence/segment-scan.ts'
import { idTimeMs, type ExchangeId, type InstanceId } from '../../lib/ids.ts'
import { isPassingFault } from '../../lib/passing-fault.ts'
import type { RecordAtWork } from '../../store/trace/aside-records.ts'
import type { TracePlace, TraceStore } from '../../store/trace/trace-store.ts'
import { blockDocument } from './documents.ts'
import { EpochRing, type OpenEpoch } from './epoch-ring.ts'
import type { FedBatch, FedPlace } from './fed-batch.ts'
import { fedItems, type FedItemsOptions } from './fed-items.ts'
import { PendingPostings } from './pending-postings.ts'
import {
  halfOf,
  RecordItems,
  type FrameItems,
  type RecordItem,
  type RecordItemsOptions,
} from './record-items.ts'
import { Suspects } from './suspects.ts'
import { textKeys } from './text-postings.ts'
import { selectionKey } from './trace-keys.ts'
import { newestOf, TRACE_VERSIONS, type TraceVersion, type TraceVersions } from './versions.ts'
import type { SelectionKey } from './winnow.ts'
import { WorkMark } from './work-mark.ts'

export interface TraceIndexerOptions extends RecordItemsOptions {
  readonly store: TraceStore
  /** From `openTraceSecret`. */
  readonly secret: Buffer
  /** The newest is written; tests take others. */
  readonly versions?: TraceVersions
  /** Says which record is being read. */
  readonly mark?: WorkMark
  /** Tests wait less. */
  readonly readPausesMs?: readonly number[]
}

export interface IndexRun {
  readonly isOver: () => boolean
  /** The instance that `take` is given; it is not read from the record. */
  readonly fed?: InstanceId | null
  /** Between two tickets, for what must not wait. */
  readonly breathe?: () => Promise<void>
}

/** Before a read that failed for a moment is tried again; beyond them it is an error. */
const READ_PAUSES_MS = [50, 250, 1_000, 3_000]
/** Postings that are gathered before they are written. */
const COMMIT_POSTINGS = 250_000

export class TraceIndexer {
  readonly #options: TraceIndexerOptions
  readonly #items: RecordItems
  readonly #epochs: EpochRing
  readonly #selection: SelectionKey
  readonly #version: TraceVersion
  readonly #pending = new PendingPostings()
  readonly #suspects: Suspects
  /** Erased exchanges met since the last commit. */
  #erased: ExchangeId[] = []
  /** Instances that ended and were read to their end. */
  readonly #done = new Set<InstanceId>()
  /** How far each instance was read; null until it is asked for. */
  #places: Map<InstanceId, TracePlace> | null = null
  /** Places that no commit knows of. */
  #reached = new Map<InstanceId, TracePlace>()

  constructor(options: TraceIndexerOptions) {
    const { keyProvider, store, secret } = options
    this.#options = options
    this.#items = new RecordItems(options)
    this.#epochs = new EpochRing(store, keyProvider)
    this.#selection = selectionKey(secret)
    this.#version = newestOf(options.versions ?? TRACE_VERSIONS)
    this.#suspects = new Suspects(store.aside, options.mark ?? new WorkMark())
  }

  /** Time to commit, lest what waits grows. */
  get isFull(): boolean {
    return this.#pending.length >= COMMIT_POSTINGS
  }

  /**
   * Reads and commits everything that is stored now, or until `isOver` says so between two tickets. True when nothing was left.
   * The newest comes first: it does not wait for what a new version makes again.
   */
  async run({ isOver, fed, breathe }: IndexRun): Promise<boolean> {
    const { disk, folder } = this.#options
    const instances = await listInstances(disk, folder)
    const newest = instances.at(-1)
    for (const instance of instances.toReversed()) {
      if (instance === fed || this.#done.has(instance)) continue
      const isWhole = await this.#scan(instance, async () => {
        await breathe?.()
        if (this.isFull) await this.commit()
        return isOver()
      })
      await this.commit()
      if (!isWhole) return false
      if (instance !== newest) this.#done.add(instance)
    }
    return true
  }

  /** What the recorder handed over; where something before it is missing, that is read from the record first. */
  async take(batch: FedBatch): Promise<void> {
    const { instance, from, to } = batch
    const place = (await this.#read()).get(instance) ?? { segment: 0, offset: 0 }
    if (!isBefore(place, to)) return
    if (isBefore(place, from)) await this.#scanTo(instance, from)
    if (isBefore(from, place)) await this.#scanTo(instance, to)
    else await this.#patiently(instance, () => this.#takeFed(batch))
    this.#reach({ instance, ...to })
  }

  /** True when there was something. */
  async commit(): Promise<boolean> {
    const [erased, reached] = [this.#erased, [...this.#reached.values()]]
    if (this.#pending.length === 0 && erased.length === 0 && reached.length === 0) return false
    this.#erased = []
    this.#reached = new Map()
    const { store } = this.#options
    try {
      const runs = await this.#pending.take(store)
      await store.commit(this.#version.version, runs, reached, erased)
      await this.#suspects.forgive()
    } catch (error) {
      // What was gathered is gone: it is read again, from where the last commit ended.
      this.#places = null
      this.#done.clear()
      throw error
    }
    return true
  }

  /** Reads one record that was set aside once more, besides what is read in order. */
  async readAgain({ exchange, half, ...place }: RecordAtWork): Promise<void> {
    const { disk, folder } = this.#options
    let groups = 0
    for await (const found of scanInstance(disk, folder, place.instance, place)) {
      if (found.kind !== 'frame') continue
      if (found.head.startsGroup) groups += 1
      if (groups > 1) break
      const isMeant = found.head.record === exchange && halfOf(found.head.type) === half
      if (isMeant) await this.#addAll(await this.#items.of(found))
    }
    await this.commit()
  }

  async #read(): Promise<Map<InstanceId, TracePlace>> {
    await this.#suspects.load()
    this.#places ??= new Map(
      (await this.#options.store.positions(this.#version.version)).map((place) => [
        place.instance,
        place,
      ]),
    )
    return this.#places
  }

  #reach({ instance, segment, offset }: TracePlace): void {
    const place = { instance, segment, offset }
    const known = this.#places?.get(instance)
    if (known?.segment === segment && known.offset === offset) return
    this.#places?.set(instance, place)
    this.#reached.set(instance, place)
  }

  async #takeFed(batch: FedBatch): Promise<void> {
    const { readAnswer, decode } = this.#options
    const place = { instance: batch.instance, ...batch.from }
    const enters: FedItemsOptions['enters'] = (record, half) =>
      this.#suspects.enters(record, half, place)
    const found = fedItems(batch, { readAnswer, decode, record: this.#items, enters })
    for await (const items of found) await this.#addAll(items)
    this.#suspects.leaves()
  }

  async #scanTo(instance: InstanceId, to: FedPlace): Promise<void> {
    await this.#scan(instance, async (place) => {
      if (this.isFull) await this.commit()
      return !isBefore(place, to)
    })
  }

  /**
   * `isOver` is asked between tickets only: an opening must be read together with the blocks before it. False when it said so.
   * What cannot be read for a moment is read again from the last ticket: a posting that comes twice counts once.
   */
  async #scan(
    instance: InstanceId,
    isOver: (place: TracePlace) => Promise<boolean>,
  ): Promise<boolean> {
    return this.#patiently(instance, () => this.#scanOnce(instance, isOver))
  }

  async #patiently<Result>(instance: InstanceId, read: () => Promise<Result>): Promise<Result> {
    const { readPausesMs = READ_PAUSES_MS } = this.#options
    const places = await this.#read()
    for (let tries = 0; ;) {
      const from = places.get(instance)
      try {
        return await read()
      } catch (error) {
        // A commit that failed took what was gathered with it.
        if (!isPassingFault(error) || this.#places !== places) throw error
        if (places.get(instance) !== from) tries = 0
        const pauseMs = readPausesMs[tries]
        if (pauseMs === undefined) throw error
        tries += 1
        await pause(pauseMs)
      }
    }
  }

  async #scanOnce(
    instance: InstanceId,
    isOver: (place: TracePlace) => Promise<boolean>,
  ): Promise<boolean> {
    const { disk, folder } = this.#options
    const from = (await this.#read()).get(instance) ?? null
    let group: TracePlace = from ?? { instance, segment: 0, offset: 0 }
    for await (const found of scanInstance(disk, folder, instance, from)) {
      this.#suspects.leaves()
      if (found.kind === 'end') this.#reach(found.address)
      if (found.kind !== 'frame') continue
      if (found.head.startsGroup) {
        group = found.address
        this.#reach(found.address)
        if (await isOver(found.address)) return false
      }
      const { record, type } = found.head
      if (this.#suspects.enters(record, halfOf(type), group)) {
        await this.#addAll(await this.#items.of(found))
        // What fails between two records is the fault of neither.
        this.#suspects.leaves()
      }
    }
    return true
  }

  async #addAll({ retentionClass, items }: FrameItems): Promise<void> {
    for (const item of items) {
      if (item.kind === 'erased') this.#erased.push(...item.exchanges)
      else {
        const epoch = this.#epochs.for(retentionClass, idTimeMs(item.exchange))
        this.#add(epoch instanceof Promise ? await epoch : epoch, item)
      }
    }
  }

  #add({ epoch, digests }: OpenEpoch, item: Exclude<RecordItem, { kind: 'erased' }>): void {
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

function isBefore(a: FedPlace, b: FedPlace): boolean {
  return a.segment < b.segment || (a.segment === b.segment && a.offset < b.offset)
}
