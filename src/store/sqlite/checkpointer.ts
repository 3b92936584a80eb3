/** Has a thread of its own copy the write-ahead log into the database, so that its fsync never stops the event loop. */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'

/** About 10 MB of log. */
const ROWS_PER_CHECKPOINT = 5000

export interface Checkpointer extends AsyncDisposable {
  /** Counts written rows; now and then starts a checkpoint in the background. */
  readonly wrote: (rows: number) => void
}

/** The thread starts with the first checkpoint: a process that only reads never has one. */
export function createCheckpointer(path: string): Checkpointer {
  let rowsSince = 0
  let thread: Worker | null = null
  let isBusy = false
  return {
    wrote: (rows) => {
      rowsSince += rows
      if (isBusy || rowsSince < ROWS_PER_CHECKPOINT) return
      rowsSince = 0
      isBusy = true
      thread ??= startThread(path, {
        onDone: () => {
          isBusy = false
        },
        // SQLite's own checkpoint at `wal_autocheckpoint` pages takes over.
        onEnd: () => {
          thread = null
        },
      })
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      thread.postMessage('checkpoint')
    },
    [Symbol.asyncDispose]: async () => {
      await thread?.terminate()
    },
  }
}

function startThread(
  path: string,
  on: { readonly onDone: () => void; readonly onEnd: () => void },
): Worker {
  // This file is .ts in a clone and .js in a built package.
  const script = new URL(`./checkpoint-thread${extname(import.meta.filename)}`, import.meta.url)
  const thread = new Worker(script, { workerData: path })
  thread.unref()
  thread.on('message', on.onDone)
  thread.on('error', on.onEnd)
  thread.on('exit', on.onEnd)
  return thread
}
