/** Keeps the trace index up with the record, in a thread of the lowest priority: the gateway goes first. */
import { readlinkSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { basename } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import type { FedBatch } from '../incident/trace/fed-batch.ts'
import { isSetAside } from '../incident/trace/suspects.ts'
import { WorkMark } from '../incident/trace/work-mark.ts'
import type { InstanceId } from '../lib/ids.ts'
import { openStore } from '../store/store.ts'
import type { AsideRecord, RecordAtWork } from '../store/trace/aside-records.ts'
import { openTracing, type Tracing, type TracingSource } from './open-tracing.ts'

export interface IndexThreadSource extends TracingSource {
  /** Whose record comes in batches. */
  readonly fed: InstanceId | null
  /** Of a `WorkMark`: outlives the thread. */
  readonly mark: SharedArrayBuffer
  /** What ended the thread before this one while it read a record. */
  readonly blame: { readonly record: RecordAtWork; readonly reason: string } | null
}

/** `stop`: end soon, keeping what was read. */
export type IndexThreadOrder =
  | { readonly kind: 'batch'; readonly batch: FedBatch }
  | { readonly kind: 'commit'; readonly id: number }
  | { readonly kind: 'stop' }
export type IndexThreadNews =
  | { readonly kind: 'taken'; readonly bytes: number }
  | { readonly kind: 'committed'; readonly id: number }
  /** Something is in the index that was not, or there is nothing more. */
  | { readonly kind: 'well' }
  /** Not read any more. */
  | { readonly kind: 'aside'; readonly records: readonly AsideRecord[] }

/** What was gathered is written at least so often: a question from another process sees it then. */
const COMMIT_AFTER_MS = 2_000
/** Long work lets messages in this often. */
const YIELD_EVERY_MS = 20
/** Who asks right after a start waits this long for what the last run left. */
const OLD_WAIT_MS = 1_500

if (parentPort === null) throw new Error('trace-index-thread runs as a worker of the gateway.')
const port = parentPort

function say(news: IndexThreadNews): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  port.postMessage(news)
}

/** Linux gives each thread a priority of its own; elsewhere the thread runs as the others do. */
function stepBack(): void {
  try {
    setPriority(
      Number(basename(readlinkSync('/proc/thread-self'))),
      constants.priority.PRIORITY_LOW,
    )
  } catch {
    // No /proc, or not allowed: the thread still sleeps between its batches.
  }
}

class Indexing {
  readonly #tracing: Tracing
  readonly #fed: InstanceId | null
  readonly #isStopped: () => boolean
  readonly #orders: Orders
  readonly #mark: WorkMark
  /** Everything of earlier runs of the gateway is indexed. */
  #hasOld = false
  #isWell = false
  #isTidying = false
  /** Nothing that was erased is left in the index. */
  #isTidy = true
  #committedMs = performance.now()
  #yieldedMs = performance.now()

  constructor(tracing: Tracing, fed: InstanceId | null, orders: Orders, mark: WorkMark) {
    this.#mark = mark
    this.#tracing = tracing
    this.#fed = fed
    this.#orders = orders
    this.#isStopped = () => orders.isStopped
  }

  /** Until it is stopped. An error ends the thread: the next one begins where the last commit ended. */
  async work(): Promise<void> {
    while (!this.#orders.isStopped) {
      await this.#breathe()
      if (!this.#hasOld) await this.#readOld()
      else await this.#orders.next(COMMIT_AFTER_MS)
    }
    await this.#takeAll()
    await this.#tracing.indexer.commit()
  }

  async #readOld(): Promise<void> {
    const isOver = this.#isStopped
    const breathe = () => this.#breathe()
    this.#hasOld = await this.#tracing.indexer.run({ isOver, fed: this.#fed, breathe })
    if (this.#hasOld) await this.#tracing.dropOldVersions()
    await this.#commit()
  }

  /** Between two steps of long work: takes what came, and commits when it is time. */
  async #breathe(): Promise<void> {
    this.#mark.beat()
    if (performance.now() - this.#yieldedMs > YIELD_EVERY_MS) {
      await setImmediate()
      this.#yieldedMs = performance.now()
    }
    await this.#takeAll()
    const isAsked = this.#orders.asked.length > 0
    const isLate = performance.now() - this.#committedMs > COMMIT_AFTER_MS
    if (isAsked || isLate || this.#tracing.indexer.isFull) await this.#commit()
  }

  async #takeAll(): Promise<void> {
    const { batches } = this.#orders
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      await this.#tracing.indexer.take(batch)
      say({ kind: 'taken', bytes: batch.entries.length + batch.bytes.length })
      if (this.#tracing.indexer.isFull) await this.#tracing.indexer.commit()
    }
  }

  async #commit(): Promise<void> {
    const isNew = await this.#tracing.indexer.commit()
    const nowMs = performance.now()
    this.#committedMs = nowMs
    if (!this.#isWell && (isNew || this.#hasOld)) say({ kind: 'well' })
    this.#isWell ||= isNew || this.#hasOld
    this.#orders.answer((askedMs) => this.#hasOld || nowMs - askedMs > OLD_WAIT_MS)
    // What is merged breathes too: it commits then, and no more.
    if ((!isNew && this.#isTidy) || this.#isTidying) return
    this.#isTidying = true
    try {
      this.#isTidy = await this.#tracing.tidy(this.#isStopped, () => this.#breathe())
    } finally {
      this.#isTidying = false
    }
  }
}

/** What the gateway asked for and has not got yet. */
class Orders {
  isStopped = false
  readonly batches: FedBatch[] = []
  asked: { readonly id: number; readonly atMs: number }[] = []
  #wake: (() => void) | null = null

  take(order: IndexThreadOrder): void {
    if (order.kind === 'stop') this.isStopped = true
    else if (order.kind === 'commit') this.asked.push({ id: order.id, atMs: performance.now() })
    else this.batches.push(order.batch)
    this.#wake?.()
  }

  /** Those that asked when there was nothing more to take for them. */
  answer(mayAnswer: (askedMs: number) => boolean): void {
    if (this.batches.length > 0) return
    for (const { id } of this.asked.filter(({ atMs }) => mayAnswer(atMs)))
      say({ kind: 'committed', id })
    this.asked = this.asked.filter(({ atMs }) => !mayAnswer(atMs))
  }

  /** Resolves when there is something, or after a while. */
  async next(mostMs: number): Promise<void> {
    if (this.isStopped || this.batches.length > 0 || this.asked.length > 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, mostMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = null
  }
}

async function work({ fed, mark: memory, blame, ...source }: IndexThreadSource): Promise<void> {
  const mark = new WorkMark(memory)
  mark.beat()
  const orders = new Orders()
  port.on('message', (order: IndexThreadOrder) => orders.take(order))
  await using store = await openStore(source.storage)
  await using tracing = await openTracing(source, store, () => '', mark)
  const { aside } = tracing.index
  if (blame !== null) await aside.blame(blame.record, blame.reason)
  say({ kind: 'aside', records: (await aside.list()).filter(isSetAside) })
  await new Indexing(tracing, fed, orders, mark).work()
}

stepBack()
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the gateway starts it with nothing else
await work(workerData as IndexThreadSource)
port.close()
