/** A few threads that look into large texts; each compiles the rules it is asked about once. */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { CompiledRules } from '../../detect/compiled-rules.ts'
import { threadScript } from '../../lib/thread-script.ts'
import { NOTHING_INSPECTED } from './inspect-texts.ts'
import type { InspectionSettings, ValueInspection } from './inspect-texts.ts'
import type { ThreadAnswer, ThreadQuestion } from './inspection-thread.ts'
import type { IssuedToken } from './mask-keys.ts'
import type { PackedValues } from './packed-values.ts'

export interface PoolQuestion {
  readonly rules: CompiledRules
  readonly master: Buffer
  readonly scope: string
  readonly settings: InspectionSettings
  readonly values: PackedValues
}

export interface PoolAnswer {
  readonly inspections: readonly ValueInspection[]
  readonly tokens: readonly IssuedToken[]
}

export interface InspectionPool extends AsyncDisposable {
  /** Rejects when the texts could not be looked into: then nothing may pass. */
  readonly inspect: (question: PoolQuestion) => Promise<PoolAnswer>
}

interface Waiting {
  /** How many values were sent. */
  readonly count: number
  readonly inspections: ValueInspection[]
  readonly resolve: (answer: PoolAnswer) => void
  readonly reject: (error: Error) => void
}

interface Thread {
  readonly worker: Worker
  readonly known: Set<number>
  readonly waiting: Map<number, Waiting>
}

const THREADS_MAX = 4

export function createInspectionPool(
  size = Math.max(1, Math.min(THREADS_MAX, availableParallelism() - 1)),
): InspectionPool {
  const ids = new WeakMap<CompiledRules, number>()
  let threads: readonly Thread[] = []
  let asked = 0
  let named = 0
  let isClosed = false

  const idOf = (rules: CompiledRules): number => {
    const known = ids.get(rules)
    if (known !== undefined) return known
    named += 1
    ids.set(rules, named)
    return named
  }
  const lost = (thread: Thread): void => {
    threads = threads.filter((other) => other !== thread)
    for (const { reject } of thread.waiting.values())
      reject(new Error('an inspection thread ended'))
    thread.waiting.clear()
  }
  const start = (): Thread => {
    const script = threadScript('inspection-thread', import.meta)
    const worker = new Worker(script)
    const thread: Thread = { worker, known: new Set(), waiting: new Map() }
    worker.unref()
    worker.on('message', (answer: ThreadAnswer) => {
      const waits = thread.waiting.get(answer.id)
      if (waits === undefined) return
      const { inspections } = waits
      if (answer.kind === 'part') {
        const from = inspections.length
        for (let n = 0; n < answer.count; n += 1) inspections.push(NOTHING_INSPECTED)
        for (const [nth, inspection] of answer.found) inspections[from + nth] = inspection
        return
      }
      thread.waiting.delete(answer.id)
      if (thread.waiting.size === 0) worker.unref()
      if (answer.kind === 'done' && inspections.length === waits.count)
        waits.resolve({ inspections, tokens: answer.tokens })
      else waits.reject(new Error('the texts could not be inspected'))
    })
    worker.on('error', () => lost(thread))
    worker.on('exit', () => lost(thread))
    threads = [...threads, thread]
    return thread
  }
  const leastBusy = (): Thread => {
    const [best] = threads.toSorted((a, b) => a.waiting.size - b.waiting.size)
    return best === undefined || (best.waiting.size > 0 && threads.length < size) ? start() : best
  }
  const post = (
    thread: Thread,
    question: ThreadQuestion,
    handedOver: readonly ArrayBuffer[] = [],
  ): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    thread.worker.postMessage(question, handedOver)
  }
  return {
    inspect: ({ rules, ...question }) => {
      if (isClosed) return Promise.reject(new Error('the inspection threads are closed'))
      const thread = leastBusy()
      const rulesId = idOf(rules)
      if (!thread.known.has(rulesId)) {
        post(thread, { kind: 'rules', rulesId, source: rules.source })
        thread.known.add(rulesId)
      }
      asked += 1
      const count = question.values.values.length
      const id = asked
      thread.worker.ref()
      return new Promise((resolve, reject) => {
        thread.waiting.set(id, { count, inspections: [], resolve, reject })
        const { buffer } = question.values.bytes
        post(thread, { kind: 'inspect', id, rulesId, ...question }, [buffer])
      })
    },
    async [Symbol.asyncDispose]() {
      isClosed = true
      await Promise.all(threads.map(({ worker }) => worker.terminate()))
    },
  }
}
