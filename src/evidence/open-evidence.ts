/** Opens the evidence of a data folder: recovers what dead writers left, then starts a new instance. */
import { join } from 'node:path'
import type { Clock } from '../lib/clock.ts'
import { idTimeMs, newInstanceId, type InstanceId } from '../lib/ids.ts'
import type { Recorder } from '../model/recorder.ts'
import type { ExchangeIndex } from '../store/exchange-index.ts'
import { BlockDirectory } from './block-directory.ts'
import { BodyCache } from './body-cache.ts'
import { BodyStore } from './body-store.ts'
import { nodeDisk, type Disk } from './disk.ts'
import { EvidenceLog, type EvidenceLogOptions } from './evidence-log.ts'
import { Eraser, type Forgotten } from './erasure/eraser.ts'
import { feedIndex } from './index-feed.ts'
import { IndexWriter } from './index-writer.ts'
import { Journal } from './journal.ts'
import { openLocalKeyProvider, type KeyProvider } from './key-provider.ts'
import { openBlockKey } from './keyring.ts'
import { EVIDENCE_LIMITS, type EvidenceLimits } from './limits.ts'
import { silentObserver, type EvidenceLoad, type EvidenceObserver } from './observer.ts'
import { EvidenceReader } from './reader.ts'
import { silentTap, type RecordTap } from './record-tap.ts'
import { EVENT_CLASS, SegmentRecorder } from './recorder.ts'
import { OpenFramesFile } from './open-frames.ts'
import { recoverFolder, type Recovered } from './recovery.ts'
import { takeReadings } from './reading-notes.ts'
import { SegmentFiles } from './segment-files.ts'
import { withDeadline } from '../lib/with-deadline.ts'
import { instanceFolder, listInstances } from './segment-scan.ts'

export interface EvidenceOptions {
  /** The data folder. The caller holds its lock (`store/folder-lock.ts`). */
  readonly folder: string
  readonly index: ExchangeIndex
  readonly clock: Clock
  /** Default: a root key in `<folder>/keys/root.key`. */
  readonly keyProvider?: KeyProvider
  readonly disk?: Disk
  /** Told durations and counts; nobody unless given. */
  readonly observer?: EvidenceObserver
  /** Told everything that becomes durable; nobody unless given. */
  readonly tap?: RecordTap
  readonly limits?: Partial<EvidenceLimits>
  readonly log?: Pick<EvidenceLogOptions, 'limits' | 'heartbeatMs'>
  /** Classes whose keys every segment has from its start; others make the recorder begin a new segment once. */
  readonly retentionClasses?: readonly string[]
  /** Told what was erased, before the erasure counts as finished. */
  readonly forgetDerived?: (forgotten: Forgotten) => Promise<void>
}

export interface Evidence extends AsyncDisposable {
  readonly recorder: Recorder
  readonly eraser: Eraser
  readonly files: SegmentFiles
  readonly reader: EvidenceReader
  readonly instance: InstanceId
  /** Whether the segments of this instance lie in our folder. */
  readonly isLocal: (instance: InstanceId) => boolean
  readonly recovered: Recovered
  readonly log: EvidenceLog
  /** Resolves when everything handed over is durable and, when the database answers, indexed. */
  readonly flush: () => Promise<void>
  /** False while rows wait because the database does not answer. */
  readonly isIndexed: () => boolean
  readonly load: () => EvidenceLoad
  /** Resolves when the segment in use is sealed; the next one begins with keys of its own. */
  readonly leaveSegment: () => Promise<void>
  /** Makes events of what other processes noted of their readings. */
  readonly takeReadings: () => Promise<number>
}

export async function openEvidence(options: EvidenceOptions): Promise<Evidence> {
  const { folder, index, clock } = options
  const disk = options.disk ?? nodeDisk
  const observer = options.observer ?? silentObserver
  const limits = { ...EVIDENCE_LIMITS, ...options.limits }
  const keysFolder = join(folder, 'keys')
  const provider = options.keyProvider ?? (await openLocalKeyProvider(keysFolder, disk))
  const blockKey = await openBlockKey(keysFolder, provider, disk)
  const recovered = await recoverFolder({ folder, disk, index, provider, clock })
  const known = await listInstances(disk, folder)
  // A later run has a greater id, also when the clock went back: leaves, and verifiers, rely on this order.
  const newest = known.at(-1)
  const afterMs = newest === undefined ? 0 : idTimeMs(newest) + 1
  const instance = newInstanceId(Math.max(clock.nowMs(), afterMs))
  const local = new Set<InstanceId>([...known, instance])

  const directory = new BlockDirectory({
    index,
    entriesMax: limits.blockCacheEntries,
    isLocal: (name) => local.has(name),
    folderIsEmpty: known.length === 0,
  })
  const files = new SegmentFiles(disk, folder, provider)
  await using stack = new AsyncDisposableStack()
  const log = stack.use(
    await EvidenceLog.open({ disk, folder, provider, clock, files, ...options.log }),
  )
  log.begin(instance)
  const tap = options.tap ?? silentTap
  tap.begin(instance)
  const bodies = new BodyCache(limits.bodyCacheBytes)
  const indexWriter = new IndexWriter({
    index,
    instance,
    limits,
    replay: (from, to) =>
      feedIndex({ disk, folder, files, instance, from: from.segment === 0 ? null : from, to }),
  })
  const recorder = new SegmentRecorder(
    {
      disk,
      folder,
      instance,
      clock,
      limits,
      openFrames: new OpenFramesFile(disk, folder, instance, blockKey),
      bodies: new BodyStore(blockKey, bodies, directory),
      index: indexWriter,
      log,
      tap,
      observer,
    },
    (callbacks) =>
      new Journal({
        disk,
        folder: instanceFolder(folder, instance),
        instance,
        provider,
        clock,
        limits,
        observer,
        retentionClasses: [EVENT_CLASS, ...(options.retentionClasses ?? ['default'])],
        ...callbacks,
      }),
  )
  await recorder.look()
  void recorder.note({
    type: 'gateway.started',
    atMs: clock.nowMs(),
    actor: '',
    details: { instance, recoveredInstances: recovered.instances, closed: recovered.closed },
  })
  await recorder.flush()
  const settle = async (): Promise<void> => {
    await recorder.flush()
    await indexWriter.flush()
    if (indexWriter.isBehind) throw new Error('the index does not have everything yet')
    if (log.isBehind || log.failure !== '')
      throw new Error(`the transparency log does not have everything yet ${log.failure}`)
    await log.flush()
    if (!recorder.health().ready) throw new Error(recorder.health().reason)
  }
  const eraser = new Eraser({
    disk,
    folder,
    files,
    index,
    clock,
    living: instance,
    // A disk that hangs must not keep holds from being set, which wait for erasures.
    note: (event) => withDeadline(recorder.note(event), limits.openDeadlineMs, 'noting an erasure'),
    settle: () => withDeadline(settle(), limits.openDeadlineMs, 'settling evidence'),
    leaveSegment: (segment) => recorder.leaveSegment(segment),
    condemn: (retentionClass, ids) => directory.condemn(retentionClass, ids),
    forgetBodies: () => bodies.clear(),
    forgetDerived: options.forgetDerived ?? (async () => {}),
  })
  let turn: Promise<unknown> = Promise.resolve()
  // One after the other: of two at once, each would make an event of the same note.
  const takeUp = (): Promise<number> => {
    const taken = turn.then(() =>
      takeReadings(disk, folder, (event) =>
        withDeadline(recorder.note(event), limits.openDeadlineMs, 'noting a reading'),
      ),
    )
    turn = taken.catch(() => 0)
    return taken
  }
  // Notes that cannot be taken up now stay where they are.
  await takeUp().catch(() => 0)
  // A disk that fails here must not keep the gateway from starting: retention tries again.
  await eraser.resume().catch(() => 0)
  stack.move()
  return {
    recorder,
    eraser,
    files,
    reader: new EvidenceReader({ folder, index, keyProvider: provider, disk }),
    instance,
    isLocal: (name) => local.has(name),
    recovered,
    log,
    flush: async () => {
      await recorder.flush()
      await indexWriter.flush()
    },
    takeReadings: () => takeUp(),
    leaveSegment: () => recorder.leaveSegment(null),
    isIndexed: () => !indexWriter.isBehind,
    load: () => ({ pendingBytes: recorder.pendingBytes, indexLag: indexWriter.waiting }),
    [Symbol.asyncDispose]: async () => {
      void recorder.note({ type: 'gateway.stopped', atMs: clock.nowMs(), actor: '', details: {} })
      await recorder.close()
      await log[Symbol.asyncDispose]()
      await indexWriter.close()
    },
  }
}
