/** Wires hunts: each runs in a thread of its own, which ends with it. */
import { createHmac } from 'node:crypto'
import { createHuntDesk } from '../incident/hunt/hunt-desk.ts'
import type { HuntDesk, HuntNews, HuntOrder, HuntRun } from '../incident/hunt/hunt-desk.ts'
import type { Clock } from '../lib/clock.ts'
import { threadScript } from '../lib/thread-script.ts'
import type { Store, StoreOptions } from '../store/store.ts'
import type { Logger } from '../telemetry/logger.ts'
import { huntFinder } from './hunt-finder.ts'
import { huntedRule } from './hunted-rule.ts'
import { runJob } from './job-thread.ts'
import type { HuntThreadData } from './hunt-thread.ts'

export interface HuntingOptions {
  readonly folder: string
  readonly storage: StoreOptions
  /** For digests of what is searched for. */
  readonly key: Buffer
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  /** Of the operator's own detectors. */
  readonly entities: readonly string[]
}

export function startHunting(options: HuntingOptions): HuntDesk {
  const { key, store, clock, log } = options
  return createHuntDesk({
    table: store.control.hunts,
    clock,
    onFault: (error) => log.warn({}, 'hunt not written', error),
    runner: {
      check: (kind, text) => {
        if (kind === 'policy') {
          const policy = huntedRule(text, options.entities)
          return typeof policy === 'string' ? policy : null
        }
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
  {
    folder,
    storage,
    log,
    entities = [],
  }: Pick<HuntingOptions, 'folder' | 'storage' | 'log'> & Partial<Pick<HuntingOptions, 'entities'>>,
  order: HuntOrder,
  tell: (news: HuntNews) => void,
): HuntRun {
  const script = threadScript('hunt-thread', import.meta)
  let last: HuntNews = {
    bytes: order.bytes,
    bytesTotal: 0,
    place: order.place,
    hits: order.hits,
    summary: order.summary,
    state: 'running',
  }
  return runJob<HuntThreadData, HuntNews>({
    script,
    data: { source: { folder, storage }, order, entities },
    tell: (news) => {
      last = news
      tell(news)
    },
    failed: () => log.warn({}, 'a hunt failed'),
    ended: () => {
      if (last.state === 'running') tell({ ...last, state: 'failed' })
    },
  })
}
