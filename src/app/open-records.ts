/** Opens what records and finds again: the index store, the keys of the data folder, and the evidence room above both. */
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import type { Disk } from '../evidence/disk.ts'
import { openLocalKeyProvider, type LocalKeyProvider } from '../evidence/key-provider.ts'
import { openEvidence, type Evidence } from '../evidence/open-evidence.ts'
import type { RecordTap } from '../evidence/record-tap.ts'
import type { Clock } from '../lib/clock.ts'
import { openStore, type Store } from '../store/store.ts'
import type { createMetrics } from '../telemetry/metrics.ts'
import { createForgetting, type Forgetting } from './forget-derived.ts'
import { createKeyringDesk, type KeyringDesk } from './keyring-desk.ts'
import { storageOf } from './storage-of.ts'

export interface Records extends AsyncDisposable {
  readonly store: Store
  readonly keysFolder: string
  readonly keyProvider: LocalKeyProvider
  readonly keyring: KeyringDesk
  readonly evidence: Evidence
  /** Told when something was erased. */
  readonly onErased: Forgetting['listeners']
}

export interface RecordParts {
  readonly clock: Clock
  readonly metrics: ReturnType<typeof createMetrics>
  /** The file system unless a test injects faults. */
  readonly disk: Disk | undefined
  /** See `OpenOptions` of the store. */
  readonly servesCallers: boolean
  /** Told everything that becomes durable. */
  readonly tap: RecordTap
}

export async function openRecords(config: Config, parts: RecordParts): Promise<Records> {
  await using stack = new AsyncDisposableStack()
  const { folder } = config.storage
  const { clock, metrics, disk, tap, servesCallers } = parts
  const storage = storageOf(config)
  const store = stack.use(await openStore(storage, { servesCallers }))
  const forgetting = createForgetting(storage, store, clock)
  const keysFolder = join(folder, 'keys')
  const keyProvider = await openLocalKeyProvider(keysFolder)
  const evidence = stack.use(
    await openEvidence({
      folder,
      index: store.index,
      clock,
      keyProvider,
      limits: evidenceLimits(config),
      retentionClasses: config.retention.map(({ name }) => name),
      forgetDerived: forgetting.forgetDerived,
      ...(disk === undefined ? {} : { disk }),
      tap,
      observer: {
        committed: (ms) => metrics.recorderCommit.with().observe(ms / 1000),
        writeFailed: () => metrics.recordWriteFailures.with().add(),
        gap: () => metrics.recordingGaps.with().add(),
      },
    }),
  )
  const owned = stack.move()
  return {
    store,
    keysFolder,
    keyProvider,
    evidence,
    onErased: forgetting.listeners,
    keyring: createKeyringDesk({ folder, evidence, provider: keyProvider, clock, storage }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function evidenceLimits(config: Config) {
  const { segmentBytesMax, segmentAgeMs, freeBytesMin, deadlineMs, flushMs } = config.recording
  return {
    segmentBytesMax,
    segmentAgeMs,
    freeBytesMin,
    openDeadlineMs: deadlineMs,
    // A hanging file call must be noticed while there is time to write to a new segment before callers give up.
    diskDeadlineMs: Math.ceil(deadlineMs * 0.6),
    // The promise is flushMs until durable; the commit itself takes part of it.
    streamCommitMs: Math.max(1, flushMs * 0.8),
  }
}
