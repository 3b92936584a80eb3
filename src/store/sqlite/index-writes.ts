/** Where batches of the index are written: in this thread while they are few, then in a thread of their own. */
import { rowsOf, type EncodedBatch } from './index-batch.ts'
import type { WriteOrder } from './index-write-thread.ts'
import { ThreadLine } from './thread-line.ts'

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

export function createIndexWrites({ path, writeHere, fromStart }: IndexWritesOptions): IndexWrites {
  const line = new ThreadLine<WriteOrder>('index-write-thread', path)
  let rows = 0
  if (fromStart) line.start()
  return {
    apply: async (batch) => {
      rows += rowsOf(batch)
      if (!line.isOpen && !fromStart && rows < ROWS_BEFORE_THREAD) return writeHere(batch)
      await line.ask((id) => ({ id, batch }))
      return undefined
    },
    [Symbol.asyncDispose]: async () => {
      if (!line.isOpen) return
      // The last to close a database file writes its log into it. A thread that ended by itself has nothing to close.
      await line.ask((id) => ({ id, batch: null })).catch(() => undefined)
      await line.cut(new Error('the store is closed'))
    },
  }
}
