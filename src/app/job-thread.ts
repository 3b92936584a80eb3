/** Runs a long job in a thread of its own: it tells how far it came, can be cancelled, and ends with the gateway. */
import { Worker } from 'node:worker_threads'

export interface JobRun {
  /** It tells once more, and ends. */
  readonly cancel: () => void
  /** At once, without a word. */
  readonly stop: () => Promise<void>
}

export interface JobThread<Data, News> {
  readonly script: URL
  readonly data: Omit<Data, 'cancelled'>
  readonly tell: (news: News) => void
  /** Something in it failed. The message of the fault could quote what is searched for, so it is not given. */
  readonly failed: () => void
  /** It has ended, well or not. */
  readonly ended: () => void
}

export function runJob<Data extends { readonly cancelled: Int32Array }, News>(
  job: JobThread<Data, News>,
): JobRun {
  const cancelled = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(job.script, { workerData: { ...job.data, cancelled } })
  worker.unref()
  worker.on('message', job.tell)
  worker.on('error', job.failed)
  worker.on('exit', job.ended)
  return {
    cancel: () => void Atomics.store(cancelled, 0, 1),
    stop: async () => {
      worker.removeAllListeners()
      await worker.terminate()
    },
  }
}
