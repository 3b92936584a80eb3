/** Has a thread take erased exchanges out of the trace index; resolves when nothing there points at them. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Forgotten } from '../evidence/erasure/eraser.ts'
import { threadScript } from '../lib/thread-script.ts'
import type { StoreOptions } from '../store/store.ts'
import type { ForgetOrder } from './trace-forget-thread.ts'

export function traceForgetter(storage: StoreOptions): (forgotten: Forgotten) => Promise<void> {
  return async (forgotten) => {
    const workerData: ForgetOrder = { storage, forgotten }
    const script = threadScript('trace-forget-thread', import.meta)
    // Rejects when the thread fails; the erasure is then finished later.
    await once(new Worker(script, { workerData }), 'exit')
  }
}
