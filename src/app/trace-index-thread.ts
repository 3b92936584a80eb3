/** Keeps the trace index up with the record, in a thread of the lowest priority: the gateway goes first. */
import { readlinkSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { basename } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { openStore } from '../store/store.ts'
import { openTracing, type TracingSource } from './open-tracing.ts'

/** `more`: something was recorded. `stop`: end soon, keeping what was read. */
export type IndexThreadOrder = 'more' | 'stop'
export type IndexThreadNews =
  | { readonly kind: 'caught-up' }
  | { readonly kind: 'failed'; readonly message: string }

const RETRY_MS = 2_000

if (parentPort === null) throw new Error('trace-index-thread runs as a worker of the gateway.')
const port = parentPort
/** Between two looks, so that what is recorded in a stream of exchanges becomes few runs. */
const REST_MS = 400

function say(news: IndexThreadNews): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  port.postMessage(news)
}

/** Linux gives each thread a priority of its own; elsewhere the thread runs as the others do. */
function stepBack(): void {
  try {
    setPriority(
      Number(basename(readlinkSync('/proc/thread-self'))),
      constants.priority.PRIORITY_LOW,
    )
  } catch {
    // No /proc, or not allowed: the indexer still rests between its looks.
  }
}

const state: { isStopped: boolean; hasMore: boolean; wake: (() => void) | null } = {
  isStopped: false,
  hasMore: true,
  wake: null,
}
port.on('message', (order: IndexThreadOrder) => {
  if (order === 'stop') state.isStopped = true
  else state.hasMore = true
  state.wake?.()
})

async function work(source: TracingSource): Promise<void> {
  await using store = await openStore(source.storage)
  await using tracing = await openTracing(source, store, () => '')
  while (!state.isStopped) {
    if (!state.hasMore) {
      await new Promise<void>((resolve) => {
        state.wake = resolve
      })
      state.wake = null
      continue
    }
    state.hasMore = false
    try {
      await tracing.catchUp(() => state.isStopped)
      say({ kind: 'caught-up' })
      await pause(REST_MS)
    } catch (error) {
      state.hasMore = true
      say({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
      await pause(RETRY_MS)
    }
  }
}

stepBack()
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the gateway starts it with nothing else
await work(workerData as TracingSource)
port.close()
