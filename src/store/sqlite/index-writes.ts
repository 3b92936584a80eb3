/** Where batches of the index are written: in this thread while they are few, then in a thread of their own. */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { rowsOf, type EncodedBatch } from './index-batch.ts'
import type { WriteAnswer, WriteOrder } from './index-write-thread.ts'

/** A thread costs some 40 ms of CPU: a command that writes a few rows is done before. */
const ROWS_BEFORE_THREAD = 256

export interface IndexWrites extends AsyncDisposable {
  /** Rejects when the rows were not written; the caller gives them again. */
  readonly apply: (batch: EncodedBatch) => Promise<void>
}

export interface IndexWritesOptions {
  readonly path: string
  readonly writeHere: (batch: EncodedBatch) => Promise<void>
  /** From the first row: for a process that serves callers, where nothing may wait for a disk but the recorder. */
  readonly fromStart: boolean
}

interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export function createIndexWrites({ path, writeHere, fromStart }: IndexWritesOptions): IndexWrites {
  const waiting = new Map<number, Waiting>()
  let rows = 0
  let asked = 0
  let thread: Worker | null = null

  const lost = (worker: Worker, error: Error): void => {
    if (thread !== worker) return
    thread = null
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  const start = (): Worker => {
    // This file is .ts in a clone and .js in a built package.
    const script = new URL(`./index-write-thread${extname(import.meta.filename)}`, import.meta.url)
    const worker = new Worker(script, { workerData: path })
    worker.unref()
    worker.on('message', (answer: WriteAnswer) => {
      const waits = waiting.get(answer.id)
      waiting.delete(answer.id)
      if (answer.kind === 'written') waits?.resolve()
      else waits?.reject(new Error(answer.message))
      if (waiting.size === 0) worker.unref()
    })
    worker.on('error', (error) =>
      lost(worker, error instanceof Error ? error : new Error(String(error))),
    )
    worker.on('exit', () => lost(worker, new Error('the thread that writes the index ended')))
    return worker
  }
  const send = (worker: Worker, order: WriteOrder): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage(order)
  }
  if (fromStart) thread = start()
  return {
    apply: async (batch) => {
      rows += rowsOf(batch)
      if (thread === null && !fromStart && rows < ROWS_BEFORE_THREAD) return writeHere(batch)
      const worker = (thread ??= start())
      asked += 1
      const id = asked
      worker.ref()
      await new Promise<void>((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        send(worker, { kind: 'apply', id, batch })
      })
    },
    [Symbol.asyncDispose]: async () => {
      const worker = thread
      if (worker === null) return
      // After the orders before it. The last to close a database file writes its log into it.
      const ended = new Promise((resolve) => worker.once('exit', resolve))
      worker.ref()
      send(worker, { kind: 'close' })
      await ended
    },
  }
}
