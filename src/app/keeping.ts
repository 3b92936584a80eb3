/** Wires retention, holds, erasure and export; and erases what is due, a little at a time. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import { nodeDisk } from '../evidence/disk.ts'
import type { Evidence } from '../evidence/open-evidence.ts'
import { openProofDesk } from '../evidence/proof-desk.ts'
import { listInstances } from '../evidence/segment-scan.ts'
import { createExportOrderDesk } from '../incident/export/export-orders.ts'
import { coveredNow, holdsNaming, toldOfHolds } from '../incident/keeping/covered-now.ts'
import { createErasureJobs } from '../incident/keeping/erasure-jobs.ts'
import { createErasureDesk } from '../incident/keeping/erasures.ts'
import { createHoldDesk } from '../incident/keeping/hold-desk.ts'
import { bundleMaker, type Keeping } from '../incident/keeping/keeping.ts'
import { Retention } from '../incident/keeping/retention.ts'
import type { Clock } from '../lib/clock.ts'
import type { Store } from '../store/store.ts'
import type { Logger } from '../telemetry/logger.ts'
import { decodedBody } from './decode-pieces.ts'
import { recordedAnswer } from './recorded-answer.ts'
import { storageOf } from './storage-of.ts'
import { createValueSearcher } from './value-searcher.ts'

/** So often is looked what is due. */
const LOOK_EVERY_MS = 60_000
/** While there is something to do: this much, then a rest, so that traffic goes first. */
const STEP_EXCHANGES = 16
const REST_MS = 250

export interface KeepingParts {
  readonly store: Store
  readonly evidence: Evidence
  readonly clock: Clock
  readonly log: Logger
  readonly config: () => Config
  /** For digests of values. */
  readonly key: Buffer
  /** Asks witnesses to sign what is logged, for proofs that are handed out. */
  readonly cosign: () => Promise<void>
}

export interface RunningKeeping extends AsyncDisposable {
  readonly keeping: Keeping
}

export function startKeeping(parts: KeepingParts): RunningKeeping {
  const { store, evidence, clock, log } = parts
  const { folder } = parts.config().storage
  const { eraser } = evidence
  const rules = () => parts.config().retention
  const openProofs = async () => {
    await evidence.flush()
    return openProofDesk(evidence.log, parts.cosign)
  }
  const holds = createHoldDesk({
    table: store.control.holds,
    everPinned: store.control.cases.everPinned,
    clock,
    note: (event) => evidence.recorder.note(event),
    exclusively: (work) => eraser.exclusively(work),
    coveredNow: (scope) => coveredNow(store, scope),
    told: () => toldOfHolds(store.index, evidence),
    namedBy: (exchange) => holdsNaming(store.index, exchange),
    changes: store.search,
  })
  const retention = new Retention({
    index: store.index.erasure,
    eraser,
    holds,
    clock,
    rules,
    instances: () => listInstances(nodeDisk, folder),
  })
  const reading = { index: store.index, reader: evidence.reader, readAnswer: recordedAnswer }
  const erasures = createErasureDesk({
    ...reading,
    decode: decodedBody,
    clock,
    search: store.search,
    eraser,
    holds,
    rules,
    openProofs,
  })
  const erasureJobs = createErasureJobs({
    table: store.control.erasureJobs,
    clock,
    erasures,
    searcher: createValueSearcher({ folder, storage: storageOf(parts.config()) }, parts.key, log),
    onFault: (error) => log.warn({}, 'an erasure of a value did not come to its end', error),
  })
  const keeping: Keeping = {
    holds,
    retention,
    erasures,
    erasureJobs,
    exportOrders: createExportOrderDesk({
      table: store.control.exportOrders,
      clock,
      rules: () => parts.config().bundles,
      note: (event) => evidence.recorder.note(event),
    }),
    export: bundleMaker({ ...reading, files: evidence.files, openProofs }),
  }
  const stop = new AbortController()
  const running = loop(keeping, eraser, log, stop.signal)
  return {
    keeping,
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await erasureJobs[Symbol.asyncDispose]()
      await running
    },
  }
}

async function loop(
  { retention, holds }: Keeping,
  eraser: Evidence['eraser'],
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const pause = (ms: number): Promise<void> =>
    sleep(ms, undefined, { signal, ref: false }).catch(() => undefined)
  const tellOfHolds = (): Promise<void> =>
    holds
      .catchUp()
      .catch((error: unknown) => log.warn({}, 'the log was not told of all legal holds', error))
  await tellOfHolds()
  while (!signal.aborted) {
    await pause(LOOK_EVERY_MS)
    if (signal.aborted) return
    await tellOfHolds()
    try {
      const finished = await eraser.resume()
      if (finished > 0) log.info({ erasures: finished }, 'interrupted erasures finished')
      if (retention.isActive) await eraseDue(retention, eraser, log, signal, pause)
    } catch (error) {
      log.warn({}, 'retention did not come to its end; it is tried again', error)
    }
  }
}

async function eraseDue(
  retention: Retention,
  eraser: Evidence['eraser'],
  log: Logger,
  signal: AbortSignal,
  pause: (ms: number) => Promise<void>,
): Promise<void> {
  await eraser.prepare()
  for (const { name, due, held } of await retention.plan(0)) {
    if (due.exchanges > held)
      log.info({ class: name, ...due, held }, 'retention erases what is due')
  }
  let erased = 0
  for (let more = true; more && !signal.aborted;) {
    const step = await retention.step(STEP_EXCHANGES)
    erased += step.erased
    more = step.more
    if (more) await pause(REST_MS)
  }
  if (erased > 0) log.info({ exchanges: erased }, 'retention erased')
}
