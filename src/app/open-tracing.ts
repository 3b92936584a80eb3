/** Opens what tracing needs of a data folder: the index, its keys, the record, and the readers of answers. */
import { join } from 'node:path'
import { nodeDisk } from '../evidence/disk.ts'
import { openLocalKeyProvider } from '../evidence/key-provider.ts'
import { openMaskingKey, openTraceSecret } from '../evidence/keyring.ts'
import { EvidenceReader } from '../evidence/reader.ts'
import { createMaskKeys } from '../gateway/masking/mask-keys.ts'
import { forgetErased } from '../incident/trace/forget-erased.ts'
import { TraceIndexer } from '../incident/trace/indexer.ts'
import { mergeRuns } from '../incident/trace/merge-runs.ts'
import { createTracer } from '../incident/trace/tracer.ts'
import type { TracerParts } from '../incident/trace/tracer.ts'
import { newestOf, TRACE_VERSIONS } from '../incident/trace/versions.ts'
import { WorkMark } from '../incident/trace/work-mark.ts'
import { faultText } from '../lib/fault-text.ts'
import type { Store, StoreOptions } from '../store/store.ts'
import type { AsideRecords } from '../store/trace/aside-records.ts'
import { openTraceStore } from '../store/trace/open-trace-store.ts'
import type { TraceStore } from '../store/trace/trace-store.ts'
import { asSent } from './as-sent.ts'
import { decodePieces } from './decode-pieces.ts'
import { recordedAnswer } from './recorded-answer.ts'

export interface TracingSource {
  readonly folder: string
  readonly storage: StoreOptions
}

export interface Tracing extends AsyncDisposable {
  readonly parts: TracerParts
  readonly tracer: ReturnType<typeof createTracer>
  readonly index: TraceStore
  readonly indexer: TraceIndexer
  /** Adds what was recorded since; only who holds the folder may. True when nothing was left. */
  readonly catchUp: (isOver: () => boolean) => Promise<boolean>
  /** Call after commits: takes out what was erased, and merges. `breathe` is called between two steps. False when an erasure is still under way. */
  readonly tidy: (isOver: () => boolean, breathe: () => Promise<void>) => Promise<boolean>
  /** Once the newest version has read everything. */
  readonly dropOldVersions: () => Promise<void>
}

const NEWEST = newestOf(TRACE_VERSIONS).version
const DECODED_BYTES_MAX = 64 * 1024 * 1024

export async function openTracing(
  { folder, storage }: TracingSource,
  store: Store,
  hostOf: (upstream: string) => string,
  mark = new WorkMark(),
): Promise<Tracing> {
  const traces = await openTraceStore(storage)
  try {
    const keysFolder = join(folder, 'keys')
    const keyProvider = await openLocalKeyProvider(keysFolder)
    const secret = await openTraceSecret(keysFolder, keyProvider)
    const fingerprints = createMaskKeys(await openMaskingKey(keysFolder, keyProvider), '', () => {})
    const parts: TracerParts = {
      store: traces,
      index: store.index,
      search: store.search,
      reader: new EvidenceReader({ folder, index: store.index, keyProvider }),
      readAnswer: recordedAnswer,
      asSent,
      decode,
      keyProvider,
      secret,
      fingerprintOf: (value) => fingerprints.digest('fingerprint', value),
      audit: store.control.audit,
      hostOf,
      isBehind: () => isBehind(store, traces),
    }
    const tidy: Tracing['tidy'] = async (isOver, breathe) => {
      await forgetErased(traces, store.index, breathe)
      while (!isOver() && (await mergeRuns(traces, breathe)));
      return (await traces.erased()).length === 0
    }
    const indexerOf = () => new TraceIndexer({ ...parts, disk: nodeDisk, folder, mark })
    return {
      parts,
      tracer: createTracer(parts),
      index: traces,
      indexer: indexerOf(),
      catchUp: async (isOver) => {
        const isWhole = await runThrough(indexerOf, traces.aside, mark, isOver)
        if (isWhole) await dropOldVersions(traces)
        await tidy(isOver, async () => {})
        return isWhole
      },
      tidy,
      dropOldVersions: () => dropOldVersions(traces),
      [Symbol.asyncDispose]: () => traces[Symbol.asyncDispose](),
    }
  } catch (error) {
    await traces[Symbol.asyncDispose]()
    throw error
  }
}

/** Empty where the address is none, as that of an upstream that is not set up. */
export function hostOfUrl(url: string): string {
  return URL.canParse(url) ? new URL(url).host : ''
}

/** A record that cannot be read is set aside after some tries, each from where the last commit ended; the rest is read. */
async function runThrough(
  indexerOf: () => TraceIndexer,
  aside: AsideRecords,
  mark: WorkMark,
  isOver: () => boolean,
): Promise<boolean> {
  for (;;) {
    try {
      return await indexerOf().run({ isOver })
    } catch (error) {
      const record = mark.get()
      if (record === null) throw error
      await aside.blame(record, faultText(error))
      mark.clear()
    }
  }
}

/** An older version answers until the new one has read everything. */
async function dropOldVersions(traces: TraceStore): Promise<void> {
  const old = (await traces.runs()).filter(({ version }) => version < NEWEST)
  await traces.removeRuns(old.map(({ run }) => run))
  for (const version of new Set(old.map((run) => run.version))) await traces.restart(version)
}

async function isBehind(store: Store, traces: TraceStore): Promise<boolean> {
  const read = new Map((await traces.positions(NEWEST)).map((place) => [place.instance, place]))
  return (await store.index.positions()).some(({ instance, segment, offset }) => {
    const place = read.get(instance)
    if (place === undefined) return true
    return place.segment < segment || (place.segment === segment && place.offset < offset)
  })
}

async function decode(encoding: string, bytes: Buffer): Promise<Buffer | null> {
  const { pieces } = await decodePieces(encoding, [bytes], DECODED_BYTES_MAX)
  return pieces.length === 0 ? null : Buffer.concat(pieces)
}
