/** A line to a thread of the store: asks it, gives each answer to who asked, and lets nobody wait for a thread that ended. */
import { Worker } from 'node:worker_threads'
import { threadScript } from '../../lib/thread-script.ts'

/** What a thread answers; `id` is that of the question. */
export type ThreadAnswer =
  | { readonly id: number; readonly kind: 'value'; readonly value: unknown }
  | { readonly id: number; readonly kind: 'error'; readonly message: string }

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

export class ThreadLine<Question extends { readonly id: number }> {
  readonly #script: string
  readonly #path: string
  readonly #waiting = new Map<number, Waiting>()
  #asked = 0
  #worker: Worker | null = null

  /** `script`: name of a file beside this one, without its ending. `path`: the database, handed to the thread. */
  constructor(script: string, path: string) {
    this.#script = script
    this.#path = path
  }

  get isOpen(): boolean {
    return this.#worker !== null
  }

  /** The process ends although the thread lives, unless somebody waits for an answer. */
  start(): Worker {
    if (this.#worker !== null) return this.#worker
    const script = threadScript(this.#script, import.meta)
    const worker = new Worker(script, { workerData: this.#path })
    worker.unref()
    worker.on('message', (answer: ThreadAnswer) => {
      const waits = this.#waiting.get(answer.id)
      this.#waiting.delete(answer.id)
      if (answer.kind === 'value') waits?.resolve(answer.value)
      else waits?.reject(new Error(answer.message))
      if (this.#waiting.size === 0) worker.unref()
    })
    worker.on('error', (error) =>
      this.#lost(worker, error instanceof Error ? error : new Error(String(error))),
    )
    worker.on('exit', () => this.#lost(worker, new Error(`the ${this.#script} ended`)))
    this.#worker = worker
    return worker
  }

  /** Starts the thread where there is none. Rejects with what it says, and when it ends before it answers. */
  ask(question: (id: number) => Question): Promise<unknown> {
    const worker = this.start()
    this.#asked += 1
    const id = this.#asked
    const answered = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
    })
    worker.ref()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage(question(id))
    return answered
  }

  /** Ends the thread at once; whoever waits is told so. */
  async cut(error: Error): Promise<void> {
    const worker = this.#worker
    if (worker === null) return
    this.#lost(worker, error)
    await worker.terminate()
  }

  #lost(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return
    this.#worker = null
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
