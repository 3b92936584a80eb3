/** Runs one hunt off the event loop of the gateway: decrypts the record slice by slice, tells what it found after each. */
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { nodeDisk } from '../evidence/disk.ts'
import { openMaskingKey } from '../evidence/keyring.ts'
import type { HuntNews, HuntOrder } from '../incident/hunt/hunt-desk.ts'
import { bareHit, hitOf, huntSummary } from '../incident/hunt/hunt-summary.ts'
import { readPlace, scanRecord, writePlace } from '../incident/trace/scan-record.ts'
import type { Hit } from '../incident/trace/trace-result.ts'
import { systemClock } from '../lib/clock.ts'
import { NOTHING_FOUND } from '../model/hunts.ts'
import { openStore } from '../store/store.ts'
import { huntFinder } from './hunt-finder.ts'
import { huntPolicy } from './hunt-policy.ts'
import { huntedRule } from './hunted-rule.ts'
import { openTracing, type TracingSource } from './open-tracing.ts'

export interface HuntThreadData {
  readonly source: TracingSource
  readonly order: HuntOrder
  /** Of the operator's own detectors, which a policy rule may name. */
  readonly entities: readonly string[]
  /** 1 as soon as it is to end. */
  readonly cancelled: Int32Array
}

/** After so long what was found is told, and the place is kept that one can go on from. */
const SLICE_MS = 1_000
/** What is kept of one hunt. */
const HITS_MAX = 2_000

if (parentPort === null) throw new Error('hunt-thread runs as a worker of the gateway.')
const port = parentPort
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the gateway starts it with nothing else
const { source, order, entities, cancelled } = workerData as HuntThreadData
const isCancelled = (): boolean => Atomics.load(cancelled, 0) === 1

function tell(news: HuntNews): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  port.postMessage(news)
}

async function recordBytes(folder: string): Promise<number> {
  const segments = join(folder, 'segments')
  let total = 0
  for (const instance of await nodeDisk.list(segments)) {
    for (const name of await nodeDisk.list(join(segments, instance)).catch(() => [])) {
      const file = await nodeDisk.openRead(join(segments, instance, name)).catch(() => null)
      if (file === null) continue
      total += await file.size()
      await file.close()
    }
  }
  return total
}

async function hunt(): Promise<void> {
  await using store = await openStore(source.storage)
  await using tracing = await openTracing(source, store, () => '')
  if (order.kind === 'policy') {
    const policy = huntedRule(order.text, entities)
    if (typeof policy === 'string') throw new Error(policy)
    const { reader, keyProvider } = tracing.parts
    const master = await openMaskingKey(join(source.folder, 'keys'), keyProvider)
    // Awaited here: store and readers are closed when this function ends.
    await huntPolicy(policy, order, { store, reader, master, isCancelled, tell })
    return
  }
  const finder = huntFinder(order.kind, order.text)
  if (typeof finder === 'string') throw new Error(finder)
  const bytesTotal = await recordBytes(source.folder)
  const hits: Hit[] = order.hits.map(hitOf)
  let { bytes, place } = order
  let summary = NOTHING_FOUND
  let summed = -1
  for (;;) {
    const startedMs = systemClock.monotonicMs()
    let sliced = 0
    const slice = await scanRecord({
      ...tracing.parts,
      disk: nodeDisk,
      folder: source.folder,
      finder,
      from: place === '' ? null : readPlace(place),
      isOver: () => isCancelled() || systemClock.monotonicMs() - startedMs > SLICE_MS,
      onProgress: (progress) => {
        sliced = progress.bytes
      },
    })
    bytes += sliced
    hits.push(...slice.hits.slice(0, HITS_MAX - hits.length))
    place = slice.next === null ? '' : writePlace(slice.next)
    if (hits.length !== summed) {
      summary = huntSummary(await tracing.tracer.exposure(hits), order.query)
      summed = hits.length
    }
    const isFull = hits.length >= HITS_MAX && slice.next !== null
    const state =
      slice.next === null ? 'done' : isFull ? 'full' : isCancelled() ? 'cancelled' : 'running'
    tell({
      bytes: state === 'done' ? Math.max(bytes, bytesTotal) : Math.min(bytes, bytesTotal),
      bytesTotal: Math.max(bytes, bytesTotal),
      place,
      hits: hits.map(bareHit),
      summary,
      state,
    })
    if (state !== 'running') return
  }
}

// Searches are answered by a thread that keeps nobody alive: this port does, until the hunt is over.
port.on('message', () => {})
try {
  await hunt()
} finally {
  port.close()
}
