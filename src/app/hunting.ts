/** Wires hunts: each runs in a thread of its own, which ends with it. */
import { createHmac } from 'node:crypto'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { createHuntDesk } from '../incident/hunt/hunt-desk.ts'
import type { HuntDesk, HuntNews, HuntOrder, HuntRun } from '../incident/hunt/hunt-desk.ts'
import type { Clock } from '../lib/clock.ts'
import { NOTHING_FOUND } from '../model/hunts.ts'
import type { Store, StoreOptions } from '../store/store.ts'
import type { Logger } from '../telemetry/logger.ts'
import { huntFinder } from './hunt-finder.ts'
import type { HuntThreadData } from './hunt-thread.ts'

export interface HuntingOptions {
  readonly folder: string
  readonly storage: StoreOptions
  /** For digests of what is searched for. */
  readonly key: Buffer
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
}

export function startHunting(options: HuntingOptions): HuntDesk {
  const { key, store, clock, log } = options
  return createHuntDesk({
    table: store.control.hunts,
    clock,
    onFault: (error) => log.warn({}, 'hunt not written', error),
    runner: {
      check: (kind, text) => {
        const finder = huntFinder(kind, text)
        return typeof finder === 'string' ? finder : null
      },
      digest: (text) =>
        createHmac('sha256', key).update(`hunt\0${text.trim()}`).digest('hex').slice(0, 16),
      run: (order, tell) => runThread(options, order, tell),
    },
  })
}

export function runThread(
  { folder, storage, log }: Pick<HuntingOptions, 'folder' | 'storage' | 'log'>,
  order: HuntOrder,
  tell: (news: HuntNews) => void,
): HuntRun {
  const cancelled = new Int32Array(new SharedArrayBuffer(4))
  const workerData: HuntThreadData = { source: { folder, storage }, order, cancelled }
  // This file is .ts in a clone and .js in a built package.
  const script = new URL(`./hunt-thread${extname(import.meta.filename)}`, import.meta.url)
  const worker = new Worker(script, { workerData })
  worker.unref()
  let last: HuntNews = {
    bytes: order.bytes,
    bytesTotal: 0,
    place: order.place,
    hits: order.hits,
    summary: NOTHING_FOUND,
    state: 'running',
  }
  worker.on('message', (news: HuntNews) => {
    last = news
    tell(news)
  })
  // The message of a fault could quote what was searched for.
  worker.on('error', () => log.warn({}, 'a hunt failed'))
  worker.on('exit', () => {
    if (last.state === 'running') tell({ ...last, state: 'failed' })
  })
  return {
    cancel: () => void Atomics.store(cancelled, 0, 1),
    stop: async () => {
      worker.removeAllListeners()
      await worker.terminate()
    },
  }
}
