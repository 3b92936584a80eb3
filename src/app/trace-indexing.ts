/** Starts the thread that keeps the trace index up, hands it what the record feed gathered, waits for it when somebody asks, and starts it again when it ends of an error or stands still. */
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { RecordFeed } from '../incident/trace/record-feed.ts'
import { WorkMark } from '../incident/trace/work-mark.ts'
import { faultText } from '../lib/fault-text.ts'
import { isPassingFault } from '../lib/passing-fault.ts'
import { LOOKS, Standstill } from '../lib/standstill.ts'
import { threadScript } from '../lib/thread-script.ts'
import type { AsideRecord, RecordAtWork } from '../store/trace/aside-records.ts'
import type { TracingSource } from './open-tracing.ts'
import type { IndexThreadNews, IndexThreadOrder, IndexThreadSource } from './trace-index-thread.ts'

export interface IndexThreadOptions extends TracingSource {
  readonly feed: RecordFeed
  /** The thread ended, or set records aside. */
  readonly onFault: (message: string) => void
  /** Before it is started again; twice as long each time, up to a minute. */
  readonly pauseMs?: number
  /** A thread that does nothing for so long is ended. */
  readonly standsStillMs?: number
  /** After the first record; a question does not wait for it. */
  readonly beginAfterMs?: number | undefined
}

export interface IndexThreadState {
  /** What ended the thread, or that it stood still, while it has done nothing since. */
  readonly fault: string | null
  /** How often it was started again. */
  readonly restarts: number
  /** Not in the index, because reading them ended the thread again and again. */
  readonly aside: readonly AsideRecord[]
}

/** The thread is given all that is recorded in this time at once. */
const GIVE_EVERY_MS = 500
/** After the start-up of everything else. */
export const BEGIN_AFTER_MS = 2_000
/** A question asked right after an exchange waits for the index this long. */
const CATCH_UP_MS = 8_000
const LOOK_MS = 20
const PAUSE_MS = 1_000
const PAUSE_MAX_MS = 60_000
/** No step of its work takes so long, also where the gateway leaves it hardly any of the processor. */
const STANDS_STILL_MS = 300_000
/** So often a disk or a database may fail at one record before the record is blamed. */
const PASSING_MAX = 10

/** Starts some time after the first record, or with the first question. */
export class IndexThread {
  readonly #options: IndexThreadOptions
  readonly #mark = new WorkMark()
  #worker: Worker | null = null
  #timer: NodeJS.Timeout | null = null
  #isGiving = false
  #isStopped = false
  #asked = 0
  #committed = 0
  /** Waits to be started again. */
  #restart: NodeJS.Timeout | null = null
  /** Since it did something. */
  #ends = 0
  #restarts = 0
  #fault: string | null = null
  #blame: IndexThreadSource['blame'] = null
  #watch: NodeJS.Timeout | null = null
  /** What passed, as it seemed, at one record. */
  #passed = { at: '', times: 0 }
  #aside: readonly AsideRecord[] = []

  constructor(options: IndexThreadOptions) {
    this.#options = options
    options.feed.connect((isMuch) => this.#news(isMuch))
  }

  state(): IndexThreadState {
    return { fault: this.#fault, restarts: this.#restarts, aside: this.#aside }
  }

  /** As far as it comes in a short while. */
  async caughtUp(): Promise<void> {
    if (this.#isStopped) return
    this.#begin()
    this.#asked += 1
    const id = this.#asked
    this.#order({ kind: 'commit', id })
    for (
      let waited = 0;
      this.#committed < id && this.#worker !== null && !this.#isStopped && waited < CATCH_UP_MS;
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
    if (this.#watch !== null) clearInterval(this.#watch)
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#restart !== null) clearTimeout(this.#restart)
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
        this.#begin()
      },
      this.#worker === null ? (this.#options.beginAfterMs ?? BEGIN_AFTER_MS) : GIVE_EVERY_MS,
    )
    this.#timer.unref()
  }

  /** Not while it waits to be started again. */
  #begin(): void {
    if (this.#isStopped || this.#restart !== null) return
    this.#worker ??= this.#start()
    this.#give()
  }

  #give(): void {
    if (this.#isStopped || this.#worker === null) return
    const batch = this.#options.feed.take()
    if (batch === null) return
    const order: IndexThreadOrder = { kind: 'batch', batch }
    this.#worker.postMessage(order, [batch.bytes.buffer])
  }

  #start(): Worker {
    const { folder, storage, feed } = this.#options
    const workerData: IndexThreadSource = {
      folder,
      storage,
      fed: feed.instance,
      mark: this.#mark.memory,
      blame: this.#blame,
    }
    this.#mark.reset()
    const script = threadScript('trace-index-thread', import.meta)
    const worker = new Worker(script, { workerData })
    worker.unref()
    worker.on('message', (news: IndexThreadNews) => this.#heard(news))
    worker.on('error', (error) => this.#ended(worker, faultText(error), error))
    worker.on('exit', (code) => this.#ended(worker, `exit code ${code}`))
    this.#watchOver(worker)
    return worker
  }

  #watchOver(worker: Worker): void {
    const { standsStillMs = STANDS_STILL_MS } = this.#options
    const still = new Standstill()
    if (this.#watch !== null) clearInterval(this.#watch)
    this.#watch = setInterval(() => {
      if (worker !== this.#worker || !still.stands(this.#mark.beats)) return
      this.#ended(worker, `it stood still for ${Math.round(standsStillMs / 1000)} s`)
      // A call of the system that never returns keeps it until it does: nobody waits.
      void worker.terminate()
    }, standsStillMs / LOOKS)
    this.#watch.unref()
  }

  #heard(news: IndexThreadNews): void {
    switch (news.kind) {
      case 'taken':
        this.#options.feed.taken(news.bytes)
        break
      case 'committed':
        this.#committed = Math.max(this.#committed, news.id)
        break
      case 'well':
        this.#ends = 0
        this.#fault = null
        break
      case 'aside':
        this.#blame = null
        if (news.records.length > this.#aside.length)
          this.#options.onFault(asideText(news.records) ?? '')
        this.#aside = news.records
    }
  }

  #ended(worker: Worker, fault: string, error: unknown = null): void {
    if (worker !== this.#worker) return
    this.#worker = null
    if (this.#isStopped) return
    const { feed, onFault, pauseMs = PAUSE_MS } = this.#options
    feed.lost()
    const record = this.#mark.get()
    // A thread that ended before it could write down what ended the one before it leaves that to the next.
    if (record !== null && this.#isItsFault(record, error)) this.#blame = { record, reason: fault }
    this.#fault = fault
    onFault(`the index thread ended (${fault}); it is started again`)
    const waitMs = Math.min(pauseMs * 2 ** this.#ends, PAUSE_MAX_MS)
    this.#ends += 1
    this.#restart = setTimeout(() => {
      this.#restart = null
      this.#restarts += 1
      this.#begin()
    }, waitMs)
    this.#restart.unref()
  }

  /** A disk that fails passes, as a rule: trying again costs time, setting a record aside costs its answers. */
  #isItsFault({ exchange, half }: RecordAtWork, error: unknown): boolean {
    if (!isPassingFault(error)) return true
    const at = `${exchange} ${half}`
    this.#passed = { at, times: this.#passed.at === at ? this.#passed.times + 1 : 1 }
    return this.#passed.times > PASSING_MAX
  }

  #order(order: IndexThreadOrder): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker?.postMessage(order)
  }
}

const NAMED_MAX = 3

/** Null when there is none. */
export function asideText(records: readonly AsideRecord[]): string | null {
  if (records.length === 0) return null
  const named = records
    .slice(0, NAMED_MAX)
    .map(({ exchange, half, reason }) => `${exchange} (${half}: ${reason})`)
  const more = records.length - named.length
  return [
    `${records.length} set aside: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    '`custody reindex` reads them again',
  ].join('; ')
}
