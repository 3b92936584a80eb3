/** Starts the thread that keeps the trace index up, hands it what the record feed gathered, and waits for it when somebody asks. */
import { extname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { RecordFeed } from '../incident/trace/record-feed.ts'
import type { TracingSource } from './open-tracing.ts'
import type { IndexThreadNews, IndexThreadOrder, IndexThreadSource } from './trace-index-thread.ts'

export interface IndexThreadOptions extends TracingSource {
  readonly feed: RecordFeed
  readonly onFault: (message: string) => void
}

/** The thread is given all that is recorded in this time at once. */
const GIVE_EVERY_MS = 500
/** After the start-up of everything else. */
const START_AFTER_MS = 2_000
/** A question asked right after an exchange waits for the index this long. */
const CATCH_UP_MS = 8_000
const LOOK_MS = 20

/** Starts some time after the first record, or with the first question. */
export class IndexThread {
  readonly #options: IndexThreadOptions
  #worker: Worker | null = null
  #timer: NodeJS.Timeout | null = null
  #isGiving = false
  #isStopped = false
  #asked = 0
  #committed = 0

  constructor(options: IndexThreadOptions) {
    this.#options = options
    options.feed.connect((isMuch) => this.#news(isMuch))
  }

  /** As far as it comes in a short while. */
  async caughtUp(): Promise<void> {
    if (this.#isStopped) return
    this.#worker ??= this.#start()
    this.#give()
    this.#asked += 1
    const id = this.#asked
    this.#order({ kind: 'commit', id })
    for (
      let waited = 0;
      this.#committed < id && !this.#isStopped && waited < CATCH_UP_MS;
      waited += LOOK_MS
    ) {
      await pause(LOOK_MS)
    }
  }

  async stop(): Promise<void> {
    const worker = this.#worker
    if (!this.#isStopped && worker !== null) {
      this.#give()
      const ended = new Promise((resolve) => worker.once('exit', resolve))
      worker.ref()
      this.#order({ kind: 'stop' })
      this.#isStopped = true
      await ended
    }
    this.#isStopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  /** Called in the middle of the recorder's work: the giving is done after it. */
  #news(isMuch: boolean): void {
    if (this.#isStopped) return
    if (isMuch && this.#worker !== null && !this.#isGiving) {
      this.#isGiving = true
      setImmediate(() => {
        this.#isGiving = false
        this.#give()
      })
    }
    if (this.#timer !== null) return
    this.#timer = setTimeout(
      () => {
        this.#timer = null
        if (this.#isStopped) return
        this.#worker ??= this.#start()
        this.#give()
      },
      this.#worker === null ? START_AFTER_MS : GIVE_EVERY_MS,
    )
    this.#timer.unref()
  }

  #give(): void {
    if (this.#isStopped || this.#worker === null) return
    const batch = this.#options.feed.take()
    if (batch === null) return
    const order: IndexThreadOrder = { kind: 'batch', batch }
    this.#worker.postMessage(order, [batch.bytes.buffer])
  }

  #start(): Worker {
    const { folder, storage, feed, onFault } = this.#options
    const workerData: IndexThreadSource = { folder, storage, fed: feed.instance }
    // This file is .ts in a clone and .js in a built package.
    const script = new URL(`./trace-index-thread${extname(import.meta.filename)}`, import.meta.url)
    const worker = new Worker(script, { workerData })
    worker.unref()
    worker.on('message', (news: IndexThreadNews) => {
      if (news.kind === 'failed') onFault(news.message)
      else if (news.kind === 'taken') feed.taken(news.bytes)
      else this.#committed = Math.max(this.#committed, news.id)
    })
    worker.on('error', (error) => {
      this.#isStopped = true
      onFault(error instanceof Error ? error.message : String(error))
    })
    return worker
  }

  #order(order: IndexThreadOrder): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker?.postMessage(order)
  }
}
