/** Runs the two threads of tracing: one keeps the index up with the record, one answers. */
import { createHmac } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import type { TraceDesk } from '../incident/trace/trace-desk.ts'
import type { TraceResult } from '../incident/trace/trace-result.ts'
import type { RecordFeed } from '../incident/trace/record-feed.ts'
import type { Config } from '../config/config.ts'
import { threadScript } from '../lib/thread-script.ts'
import { fail } from '../model/errors.ts'
import type { Upstream } from '../model/upstream.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { DeskAnswer, DeskQuestion } from './trace-desk-thread.ts'
import { asideText, IndexThread } from './trace-indexing.ts'
import { hostOfUrl, type TracingSource } from './open-tracing.ts'
import { storageOf } from './storage-of.ts'

export interface RunningTracing extends AsyncDisposable {
  readonly desk: TraceDesk
  /** `ok`, or what is wrong with the index. */
  readonly check: () => string
  readonly measure: (metrics: Metrics) => void
}

export interface TracingOptions extends TracingSource {
  /** Told what is recorded. */
  readonly feed: RecordFeed
  /** For digests of questions. */
  readonly key: Buffer
  readonly hosts: () => ReadonlyMap<string, string>
  readonly onFault: (message: string) => void
  readonly beginAfterMs?: number | undefined
}

export interface TracingOf extends Pick<TracingOptions, 'feed' | 'key' | 'beginAfterMs'> {
  readonly upstreams: () => readonly Upstream[]
  readonly log: Logger
}

export function traceFor(config: Config, of: TracingOf): RunningTracing {
  const { feed, key, upstreams, log, beginAfterMs } = of
  return startTracing({
    folder: config.storage.folder,
    storage: storageOf(config),
    feed,
    key,
    hosts: () => new Map(upstreams().map(({ name, baseUrl }) => [name, hostOfUrl(baseUrl)])),
    onFault: (message) => log.warn({ problem: message }, 'trace index'),
    beginAfterMs,
  })
}

function startTracing(options: TracingOptions): RunningTracing {
  const indexer = new IndexThread(options)
  const desk = new DeskThread(options, () => indexer.caughtUp())
  return {
    desk: {
      trace: (text) => desk.ask({ text }),
      block: (id) => desk.ask({ block: id }),
      digest: (text) =>
        createHmac('sha256', options.key)
          .update(`trace\0${text.trim()}`)
          .digest('hex')
          .slice(0, 16),
    },
    check: () => {
      const { fault, aside } = indexer.state()
      const ended = fault === null ? null : `ended (${fault}) and is started again`
      return [ended, asideText(aside)].filter((text) => text !== null).join('; ') || 'ok'
    },
    measure: (metrics) => {
      const { restarts, aside } = indexer.state()
      metrics.traceIndexRestarts.with().set(restarts)
      metrics.traceAside.with().set(aside.length)
    },
    [Symbol.asyncDispose]: async () => {
      await desk.stop()
      await indexer.stop()
    },
  }
}

interface Waiting {
  readonly resolve: (result: TraceResult) => void
  readonly reject: (error: Error) => void
}

/** Starts with the first question. */
class DeskThread {
  readonly #options: TracingOptions
  readonly #caughtUp: () => Promise<void>
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | null = null
  #asked = 0
  #isStopped = false

  constructor(options: TracingOptions, caughtUp: () => Promise<void>) {
    this.#options = options
    this.#caughtUp = caughtUp
  }

  async ask(asks: DeskQuestion['asks']): Promise<TraceResult> {
    await this.#caughtUp()
    if (this.#isStopped) throw fail('api.unreadable')
    const worker = (this.#worker ??= this.#start())
    this.#asked += 1
    const id = this.#asked
    const question: DeskQuestion = { id, asks, hosts: this.#options.hosts() }
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      worker.postMessage(question)
    })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    const worker = this.#worker
    this.#lost()
    await worker?.terminate()
  }

  #start(): Worker {
    const { folder, storage } = this.#options
    const worker = new Worker(threadScript('trace-desk-thread', import.meta), {
      workerData: { folder, storage },
    })
    worker.unref()
    worker.on('message', (answer: DeskAnswer) => {
      const waits = this.#waiting.get(answer.id)
      this.#waiting.delete(answer.id)
      if (answer.kind === 'traced') waits?.resolve(answer.result)
      else waits?.reject(fail('internal', 'The text could not be traced.'))
    })
    worker.on('error', (error) => {
      this.#options.onFault(error instanceof Error ? error.message : String(error))
      this.#lost()
    })
    worker.on('exit', () => this.#lost())
    return worker
  }

  #lost(): void {
    this.#worker = null
    for (const { reject } of this.#waiting.values()) reject(fail('internal', 'Tracing ended.'))
    this.#waiting.clear()
  }
}
