/** Erases exchanges: announced as evidence first, then overwritten in place, then forgotten by the index; finished after a crash. */
import type { Clock } from '../../lib/clock.ts'
import { newControlId, type ExchangeId, type InstanceId } from '../../lib/ids.ts'
import type { REFUSAL_REASONS } from '../../model/erasure-jobs.ts'
import type { BlockRow, EvidenceEvent, ExchangeRow } from '../../model/record.ts'
import type { ExchangeIndex } from '../../store/exchange-index.ts'
import type { Disk } from '../disk.ts'
import type { SegmentFiles } from '../segment-files.ts'
import { listInstances, planInstance } from '../segment-scan.ts'
import { blankFrames, type BlankedSegment } from './blank-frames.ts'
import { readPlans, removePlan, writePlan } from './erasure-files.ts'
import { planErasure, type ErasurePlan, type PlanSources } from './erasure-plan.ts'
import { removeLeftovers } from './leftovers.ts'
import { copyHolder, isCopyHolder, ReferenceBook } from './reference-book.ts'
import { returnSpace } from './return-space.ts'

/** So many go under one event; callers cut longer orders. */
export const ERASURE_EXCHANGES_MAX = 64
const ORPHAN_AGE_MS = 600_000

export interface ErasureOrder {
  readonly exchanges: readonly ExchangeId[]
  readonly cause: 'retention' | 'request'
  /** Retention class, or what kind of request it was. */
  readonly rule: string
  /** Empty when the gateway itself. */
  readonly actor: string
  readonly reason: string
  readonly details?: EvidenceEvent['details']
  /** Asked when everything is ready: what it names is not erased, and then nothing is. */
  readonly guard: (rows: readonly ExchangeRow[]) => Promise<readonly ErasureRefusal[]>
}

export interface ErasureRefusal {
  readonly exchange: ExchangeId
  readonly why: (typeof REFUSAL_REASONS)[number]
  /** For people. */
  readonly detail: string
}

export interface ErasureReceipt {
  readonly erasure: string
  readonly event: string
  readonly atMs: number
  readonly exchanges: readonly ExchangeId[]
  readonly frames: number
  readonly bytes: number
  /** Blocks and lists that other exchanges refer to: they stay. */
  readonly shared: number
}

export type ErasureOutcome =
  | { readonly kind: 'erased'; readonly receipt: ErasureReceipt }
  | { readonly kind: 'refused'; readonly refusals: readonly ErasureRefusal[] }

export interface EraserOptions {
  readonly disk: Disk
  readonly folder: string
  readonly files: SegmentFiles
  readonly index: ExchangeIndex
  readonly clock: Clock
  readonly living: InstanceId
  readonly note: (event: EvidenceEvent) => Promise<void>
  /** Makes everything handed over durable, indexed and logged. Rejects while index or log do not answer. */
  readonly settle: () => Promise<void>
  /** Begins a new segment when this is the one being written. */
  readonly leaveSegment: (segment: number) => Promise<void>
  /** From now on these blocks are stored again when they come. */
  readonly condemn: (retentionClass: string, ids: readonly string[]) => void
  /** Bodies kept in memory are let go. */
  readonly forgetBodies: () => void
  /** Takes away what others derived from it. */
  readonly forgetDerived: (forgotten: Forgotten) => Promise<void>
}

/** What is gone: ids of exchanges, and of the blocks and lists that went with them. */
export interface Forgotten {
  readonly exchanges: readonly ExchangeId[]
  readonly blocks: readonly string[]
}

export class Eraser {
  readonly #options: EraserOptions
  readonly #book: ReferenceBook
  #queue: Promise<unknown> = Promise.resolve()

  constructor(options: EraserOptions) {
    this.#options = options
    const { disk, folder, files, index, living } = options
    this.#book = new ReferenceBook({ disk, folder, files, index: index.erasure, living })
  }

  /** One after the other; `guard` and what it looks at must change under `exclusively` only. */
  erase(order: ErasureOrder): Promise<ErasureOutcome> {
    return this.exclusively(() => this.#erase(order))
  }

  /** Runs `work` while nothing is being erased. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    const running = this.#queue.then(work)
    this.#queue = running.catch(() => {})
    return running
  }

  /** Finishes what a crash or a failing disk interrupted. Returns how many erasures that were. */
  resume(): Promise<number> {
    return this.exclusively(async () => {
      const { disk, folder } = this.#options
      const plans = await readPlans(disk, folder)
      if (plans.length === 0) return 0
      // What was announced is in the index then, and what is not there was never announced.
      await this.#options.settle()
      let finished = 0
      for (const plan of plans) {
        if (await this.#wasAnnounced(plan)) {
          await this.#finish(plan)
          finished += 1
        } else await this.#giveUp(plan)
      }
      return finished
    })
  }

  /** Reads what was recorded since the last time, so that an erasure need not. */
  async prepare(): Promise<void> {
    await this.exclusively(() => this.#book.catchUp())
  }

  async #erase(order: ErasureOrder): Promise<ErasureOutcome> {
    if (order.exchanges.length === 0 || order.exchanges.length > ERASURE_EXCHANGES_MAX)
      throw new Error(`an erasure takes 1 to ${ERASURE_EXCHANGES_MAX} exchanges`)
    const { clock, index, settle, note } = this.#options
    await settle()
    const { rows, refusals } = await this.#rows(order.exchanges)
    if (refusals.length > 0) return { kind: 'refused', refusals }
    const erasure = newControlId('er', clock.nowMs())
    const ready = await this.#ready(erasure, rows, order)
    if (ready.kind === 'refused') return ready
    const { plan } = ready
    const atMs = clock.nowMs()
    await note({
      type: 'record.erased',
      atMs,
      actor: order.actor,
      details: {
        ...order.details,
        erasure,
        cause: order.cause,
        rule: order.rule,
        reason: order.reason,
        exchanges: plan.exchanges.length,
        frames: plan.frames.length,
        bytes: bytesOf(plan),
        shared: plan.shared,
      },
      records: plan.exchanges,
    })
    await this.#finish(plan)
    const [first] = plan.exchanges
    const tombstone = first === undefined ? null : await index.erasure.tombstone(first)
    return {
      kind: 'erased',
      receipt: {
        erasure,
        event: tombstone?.event ?? '',
        atMs,
        exchanges: plan.exchanges,
        frames: plan.frames.length,
        bytes: bytesOf(plan),
        shared: plan.shared,
      },
    }
  }

  /** Until it is announced, whatever goes wrong leaves everything as it was, now or at the next start. */
  async #ready(
    erasure: string,
    rows: readonly ExchangeRow[],
    { guard }: ErasureOrder,
  ): Promise<
    | { readonly kind: 'ready'; readonly plan: ErasurePlan }
    | { readonly kind: 'refused'; readonly refusals: readonly ErasureRefusal[] }
  > {
    const { disk, folder } = this.#options
    await this.#book.catchUp()
    const first = await planErasure(this.#sources(), erasure, rows)
    // Before a row of the index goes: the file says what to put back.
    await writePlan(disk, folder, first)
    try {
      const plan = await this.#planAlone(first, rows)
      await writePlan(disk, folder, plan)
      const refusals = await guard(rows)
      if (refusals.length === 0) return { kind: 'ready', plan }
      await this.#giveUp(first)
      return { kind: 'refused', refusals }
    } catch (error) {
      await this.#giveUp(first).catch(() => {})
      throw error
    }
  }

  async #rows(ids: readonly ExchangeId[]) {
    const { index, disk, folder } = this.#options
    const local = new Set(await listInstances(disk, folder))
    const rows: ExchangeRow[] = []
    const refusals: ErasureRefusal[] = []
    for (const exchange of new Set(ids)) {
      const row = await index.exchange(exchange)
      const refuse = (why: ErasureRefusal['why'], detail: string): void =>
        void refusals.push({ exchange, why, detail })
      if (row === null) {
        const gone = await index.erasure.tombstone(exchange)
        if (gone === null) refuse('not-found', 'no such exchange is recorded')
        else refuse('erased', `it was erased before (${gone.erasure})`)
      } else if (row.state === 'open') refuse('open', 'it has not ended yet')
      else if (!local.has(row.instance)) refuse('elsewhere', 'another gateway recorded it')
      else rows.push(row)
    }
    return { rows, refusals }
  }

  /**
   * Plans twice. Blocks that seem to be unreferenced are condemned after the first time: exchanges that begin from then
   * on store them again. Those that had begun before are in the book when it is read the second time.
   */
  async #planAlone(first: ErasurePlan, rows: readonly ExchangeRow[]): Promise<ErasurePlan> {
    const { index, condemn, settle } = this.#options
    for (const [retentionClass, ids] of deadBlocks(first)) condemn(retentionClass, ids)
    await index.erasure.forgetBlocks(first.blocks)
    await settle()
    await this.#book.catchUp()
    const second = await planErasure(this.#sources(), first.erasure, rows)
    const doomed = new Set(second.frames.map(copyHolder))
    const isDoomed = (row: BlockRow): boolean => doomed.has(copyHolder(row))
    // Somebody came to refer to them in between.
    await index.erasure.restoreBlocks(first.blocks.filter((row) => !isDoomed(row)))
    await index.erasure.forgetBlocks(second.blocks)
    return { ...second, blocks: [...first.blocks.filter(isDoomed), ...second.blocks] }
  }

  #sources(): PlanSources {
    const { index, files, clock } = this.#options
    return { index, files, book: this.#book, orphanBeforeMs: clock.nowMs() - ORPHAN_AGE_MS }
  }

  /** `note` made the announcement durable, and the index has what is durable. */
  async #wasAnnounced(plan: ErasurePlan): Promise<boolean> {
    // Threat: an old plan put back with more in it than was announced.
    for (const id of plan.exchanges) {
      const tombstone = await this.#options.index.erasure.tombstone(id)
      if (tombstone?.erasure !== plan.erasure) return false
    }
    return plan.exchanges.length > 0
  }

  async #finish(plan: ErasurePlan): Promise<void> {
    const { disk, folder, index, note, clock, settle, forgetBodies } = this.#options
    forgetBodies()
    // The leaves of what goes, and of the announcement, are in the log: it cannot be written from erased frames.
    await settle()
    for (const segment of this.#ownSegments(plan)) await this.#options.leaveSegment(segment)
    const touched = await blankFrames(disk, folder, plan.frames)
    await this.#tidy(touched)
    await index.erasure.forget(plan)
    const blocks = [...deadBlocks(plan).values()].flat()
    await this.#options.forgetDerived({ exchanges: plan.exchanges, blocks })
    await index.erasure.scrub()
    await note({
      type: 'record.erasure-finished',
      atMs: clock.nowMs(),
      actor: '',
      details: { erasure: plan.erasure, frames: plan.frames.length, bytes: bytesOf(plan) },
      records: plan.exchanges,
    })
    await removePlan(disk, folder, plan.erasure)
  }

  async #giveUp(plan: ErasurePlan): Promise<void> {
    const { disk, folder, index } = this.#options
    await index.erasure.restoreBlocks(plan.blocks)
    await removePlan(disk, folder, plan.erasure)
  }

  #ownSegments(plan: ErasurePlan): ReadonlySet<number> {
    const { living } = this.#options
    return new Set(
      plan.frames.filter(({ instance }) => instance === living).map(({ segment }) => segment),
    )
  }

  async #tidy(touched: readonly BlankedSegment[]): Promise<void> {
    const { disk, folder, living } = this.#options
    for (const instance of new Set(touched.map((place) => place.instance))) {
      await removeLeftovers(disk, folder, instance, instance === living)
      const wanted = new Set(
        touched.filter((place) => place.instance === instance).map((place) => place.segment),
      )
      const plan = await planInstance(disk, folder, instance)
      for (const planned of plan.segments) {
        if (wanted.has(planned.segment)) await returnSpace(disk, planned)
      }
    }
  }
}

/** By retention class. */
function deadBlocks(plan: ErasurePlan): ReadonlyMap<string, readonly string[]> {
  const dead = new Map<string, string[]>()
  for (const { id, retentionClass, holder } of plan.refs) {
    if (isCopyHolder(holder)) dead.set(retentionClass, [...(dead.get(retentionClass) ?? []), id])
  }
  return dead
}

const bytesOf = (plan: ErasurePlan): number =>
  plan.frames.reduce((sum, { length }) => sum + length, 0)
