/** Carries rows to the index in batches, off the request path; segments are the spool when the database is away. */
import type { ExchangeId, InstanceId } from '../lib/ids.ts'
import type { FindingRow } from '../model/masking.ts'
import type { BlockRow, ExchangeRow } from '../model/record.ts'
import type { EventRow, ExchangeIndex, IndexBatch, IndexPosition } from '../store/exchange-index.ts'
import { findingRows, type NewFindings } from './finding-rows.ts'
import type { EvidenceLimits } from './limits.ts'

/** Reads the rows of the segments between two positions, in batches, each with the position it reaches. */
export type RowSource = (from: IndexPosition, to: IndexPosition) => AsyncIterable<IndexBatch>

const RETRY_FIRST_MS = 100
const RETRY_MAX_MS = 5_000

export class IndexWriter {
  readonly #index: ExchangeIndex
  readonly #limits: EvidenceLimits
  readonly #replay: RowSource
  #exchanges = new Map<ExchangeId, () => ExchangeRow>()
  #blocks: BlockRow[] = []
  #events: EventRow[] = []
  #findings: FindingRow[] = []
  /** Everything before it is durable, and its rows are here, in the index, or (when behind) in the segments. */
  #durable: IndexPosition
  #applied: IndexPosition
  /** Rows were let go; they are read from the segments again. */
  #behind = false
  #timer: NodeJS.Timeout | null = null
  #running: Promise<void> | null = null
  #failures = 0
  #closed = false
  #appliedAt = Number.NEGATIVE_INFINITY

  constructor(options: {
    readonly index: ExchangeIndex
    readonly instance: InstanceId
    readonly limits: EvidenceLimits
    readonly replay: RowSource
  }) {
    this.#index = options.index
    this.#limits = options.limits
    this.#replay = options.replay
    this.#durable = { instance: options.instance, segment: 0, offset: 0 }
    this.#applied = this.#durable
  }

  get isBehind(): boolean {
    return this.#behind || this.#failures > 0
  }

  /** `row` is asked for when it is written: most rows are replaced before. `found`: what this state of the exchange adds. */
  exchange(id: ExchangeId, row: () => ExchangeRow, found: NewFindings): void {
    if (this.#behind) return
    this.#exchanges.set(id, row)
    const { request, answer } = found
    if (request !== undefined) this.#findings.push(...findingRows(id, 'request', request))
    if (answer !== undefined) this.#findings.push(...findingRows(id, 'answer', answer))
  }

  block(row: BlockRow): void {
    if (!this.#behind) this.#blocks.push(row)
  }

  event(row: EventRow): void {
    if (!this.#behind) this.#events.push(row)
  }

  /** Everything handed over so far is durable up to here. */
  advance(segment: number, offset: number): void {
    this.#durable = { ...this.#durable, segment, offset }
    const waiting = this.#waiting
    if (waiting > this.#limits.indexBacklogMax) this.#letGo()
    if (waiting >= this.#limits.indexRowsMax && this.#failures === 0) this.#start(0)
    else this.#start(this.#pause())
  }

  /** Under load rows gather longer: the opening and the closing of an exchange then become one write. */
  #pause(): number {
    const { indexDelayMs, indexBusyDelayMs } = this.#limits
    const isBusy = performance.now() - this.#appliedAt < indexBusyDelayMs
    return isBusy ? indexBusyDelayMs : indexDelayMs
  }

  /** Resolves when the index has everything that is durable, or cannot be reached. */
  async flush(): Promise<void> {
    this.#stopTimer()
    await this.#run()
    if (this.#failures === 0) await this.#run()
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.flush()
    this.#stopTimer()
  }

  /** Rows that wait here; those that were let go are not counted. */
  get waiting(): number {
    return this.#waiting
  }

  get #waiting(): number {
    return this.#exchanges.size + this.#blocks.length + this.#events.length
  }

  get #isDone(): boolean {
    const { segment, offset } = this.#durable
    return segment === this.#applied.segment && offset === this.#applied.offset
  }

  #letGo(): void {
    this.#behind = true
    this.#exchanges = new Map()
    this.#blocks = []
    this.#events = []
    this.#findings = []
  }

  #start(delayMs: number): void {
    if (this.#timer !== null || this.#running !== null) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      void this.#run()
    }, delayMs)
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #run(): Promise<void> {
    this.#running ??= this.#apply().finally(() => {
      this.#running = null
      if (this.#closed || this.#isDone) return
      const backoff = Math.min(RETRY_FIRST_MS * 2 ** this.#failures, RETRY_MAX_MS)
      this.#start(this.#failures === 0 ? this.#pause() : backoff)
    })
    return this.#running
  }

  async #apply(): Promise<void> {
    try {
      if (this.#behind) await this.#catchUp()
      else if (!this.#isDone) await this.#applyRows()
      this.#failures = 0
    } catch {
      // The database is away: rows stay, segments keep them, and the next round tries again.
      this.#failures += 1
    }
  }

  async #applyRows(): Promise<void> {
    const batch: IndexBatch = {
      exchanges: Array.from(this.#exchanges.values(), (row) => row()),
      blocks: this.#blocks,
      events: this.#events,
      findings: this.#findings,
      position: this.#durable,
    }
    this.#exchanges = new Map()
    this.#blocks = []
    this.#events = []
    this.#findings = []
    try {
      await this.#index.apply(batch)
      this.#applied = batch.position
      this.#appliedAt = performance.now()
    } catch (error) {
      this.#putBack(batch)
      throw error
    }
  }

  #putBack(batch: IndexBatch): void {
    if (this.#behind) return
    const newer = this.#exchanges
    this.#exchanges = new Map(batch.exchanges.map((row) => [row.id, () => row]))
    for (const [id, row] of newer) this.#exchanges.set(id, row)
    this.#blocks = [...batch.blocks, ...this.#blocks]
    this.#events = [...batch.events, ...this.#events]
    this.#findings = [...batch.findings, ...this.#findings]
  }

  async #catchUp(): Promise<void> {
    while (!this.#isDone) {
      for await (const batch of this.#replay(this.#applied, this.#durable)) {
        await this.#index.apply(batch)
        this.#applied = batch.position
      }
    }
    // Same tick as the check above: from here on new rows are kept again.
    this.#behind = false
  }
}
