/** Asks the search thread; the thread starts with the first question, so a process that only records never has one. */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { ExchangeSearch } from '../../model/exchange-query.ts'
import type { SearchAnswer, SearchQuestion } from './search-thread.ts'

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

export function createSearchClient(path: string): ExchangeSearch & AsyncDisposable {
  const waiting = new Map<number, Waiting>()
  let asked = 0
  let thread: Worker | null = null
  let isClosed = false

  const lost = (worker: Worker, error: Error): void => {
    if (thread !== worker) return
    thread = null
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  const start = (): Worker => {
    // This file is .ts in a clone and .js in a built package.
    const script = new URL(`./search-thread${extname(import.meta.filename)}`, import.meta.url)
    const worker = new Worker(script, { workerData: path })
    worker.unref()
    worker.on('message', (answer: SearchAnswer) => {
      const waits = waiting.get(answer.id)
      waiting.delete(answer.id)
      if (answer.kind === 'value') waits?.resolve(answer.value)
      else waits?.reject(new Error(answer.message))
      if (waiting.size === 0) worker.unref()
    })
    worker.on('error', (error) =>
      lost(worker, error instanceof Error ? error : new Error(String(error))),
    )
    worker.on('exit', () => lost(worker, new Error('the search thread ended')))
    return worker
  }
  const ask =
    <Method extends SearchQuestion['method']>(method: Method) =>
    (...args: Parameters<ExchangeSearch[Method]>): ReturnType<ExchangeSearch[Method]> => {
      if (isClosed) throw new Error('the store is closed')
      thread ??= start()
      asked += 1
      const id = asked
      const question: SearchQuestion = { id, method, args }
      const answered = new Promise<unknown>((resolve, reject) => {
        waiting.set(id, { resolve, reject })
      })
      thread.ref()
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      thread.postMessage(question)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: the thread answers what the method returns
      return answered as ReturnType<ExchangeSearch[Method]>
    }
  return {
    list: ask('list'),
    facets: ask('facets'),
    histogram: ask('histogram'),
    changes: ask('changes'),
    newest: ask('newest'),
    conversations: ask('conversations'),
    upstreamTallies: ask('upstreamTallies'),
    profile: ask('profile'),
    findingsOf: ask('findingsOf'),
    findingGroups: ask('findingGroups'),
    byContext: ask('byContext'),
    listForward: ask('listForward'),
    byResponse: ask('byResponse'),
    [Symbol.asyncDispose]: async () => {
      isClosed = true
      const worker = thread
      if (worker !== null) {
        lost(worker, new Error('the store is closed'))
        await worker.terminate()
      }
    },
  }
}
