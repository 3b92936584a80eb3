/** Brings the evidence of dead writers into order: indexes what they left, and closes what they left open. */
import { join } from 'node:path'
import type { Clock } from '../lib/clock.ts'
import { newEventId, type InstanceId } from '../lib/ids.ts'
import type { EvidenceEvent, ExchangeRow } from '../model/record.ts'
import type { ExchangeIndex, IndexPosition } from '../store/exchange-index.ts'
import type { Disk } from './disk.ts'
import { contentOf } from './drafts.ts'
import { feedIndex, isBefore, type Place } from './index-feed.ts'
import type { KeyProvider } from './key-provider.ts'
import { EVIDENCE_LIMITS } from './limits.ts'
import { packCommitted } from './payloads.ts'
import { addFrame, Remains } from './remains.ts'
import { openBlockKey } from './keyring.ts'
import {
  readOpenFrames,
  removeOpenFrames,
  type FramePlace,
  type OpenFrames,
} from './open-frames.ts'
import { EVENT_CLASS } from './recorder.ts'
import { SegmentFiles } from './segment-files.ts'
import {
  instanceFolder,
  listInstances,
  listSegments,
  planInstance,
  scanInstance,
  segmentPath,
  type ScannedEnd,
} from './segment-scan.ts'
import { SegmentWriter } from './segment-writer.ts'

export interface RecoveryOptions {
  readonly folder: string
  readonly disk: Disk
  readonly index: ExchangeIndex
  readonly provider: KeyProvider
  readonly clock: Clock
  /** The living instance, when there is one. */
  readonly except?: InstanceId
}

export interface Recovered {
  /** Instances that had something to put in order. */
  readonly instances: number
  /** Exchanges closed as crashed. */
  readonly closed: number
  /** Bytes of half-written groups that were left out. */
  readonly tornBytes: number
  readonly damaged: number
  readonly durationMs: number
}

/** What the writer noted of these exchanges; those of which it cannot be relied on are left out. */
async function notedRemains(
  instance: InstanceId,
  rows: readonly ExchangeRow[],
  noted: OpenFrames,
  files: SegmentFiles,
): Promise<ReadonlyMap<string, Remains>> {
  const remains = new Map<string, Remains>()
  const frames: { readonly id: string; readonly place: FramePlace }[] = []
  for (const row of rows) {
    const places = noted.exchanges[row.id]
    if (places === undefined || !places.every(isBehindItsElder)) continue
    remains.set(row.id, new Remains(row))
    for (const place of places) frames.push({ id: row.id, place })
  }
  // Those of all exchanges lie among each other, so that one way through the segments meets them all.
  frames.sort(({ place: one }, { place: other }) => one[0] - other[0] || one[1] - other[1])
  const places = frames.map(({ place }) => place)
  let at = 0
  try {
    for await (const opened of files.readInOrder(instance, places)) {
      const id = frames[at]?.id ?? ''
      at += 1
      const owner = remains.get(id)
      if (owner === undefined) continue
      if (opened?.head.record !== id) remains.delete(id)
      else addFrame(owner, opened)
    }
  } catch {
    // A segment is gone: nobody knows of whom frames were in it.
    return new Map()
  }
  return remains
}

function isBehindItsElder(place: FramePlace, at: number, places: readonly FramePlace[]): boolean {
  const before = places[at - 1]
  if (before === undefined) return true
  return before[0] < place[0] || (before[0] === place[0] && before[1] < place[1])
}

/**
 * The frames of the open exchanges: those that were noted one by one, the others in one pass, from the last note or from the
 * earliest opening that it does not know of.
 */
async function collectRemains(
  options: RecoveryOptions,
  files: SegmentFiles,
  instance: InstanceId,
  rows: readonly ExchangeRow[],
): Promise<readonly Remains[]> {
  const remains = new Map<string, Remains>()
  const { disk, folder, provider } = options
  const openKey = () => openBlockKey(join(folder, 'keys'), provider, disk)
  const noted = await readOpenFrames(disk, folder, instance, openKey).catch(() => null)
  const lastNote = noted?.place ?? null
  let from: Place | null = null
  const openingOf = (row: ExchangeRow): Place => ({
    segment: row.openSegment,
    offset: row.openOffset,
  })
  const isNoted = (row: ExchangeRow): boolean =>
    lastNote !== null && isBefore(openingOf(row), lastNote)
  const known =
    noted === null
      ? new Map<string, Remains>()
      : await notedRemains(instance, rows.filter(isNoted), noted, files)
  for (const row of rows) {
    const found = known.get(row.id)
    remains.set(row.id, found ?? new Remains(row))
    const start = found === undefined ? openingOf(row) : lastNote
    if (start !== null && (from === null || isBefore(start, from))) from = start
  }
  for await (const found of scanInstance(options.disk, options.folder, instance, from)) {
    if (found.kind !== 'frame') continue
    const { head, address } = found
    if (head.type !== 'request' && head.type !== 'answer') continue
    const owner = remains.get(head.record)
    if (owner === undefined) continue
    addFrame(owner, await files.open(address, head, found.bytes, found.header))
  }
  return [...remains.values()]
}

interface Aftermath {
  readonly instance: InstanceId
  readonly end: ScannedEnd
  readonly remains: readonly Remains[]
  readonly damaged: number
}

function recoveredEvent(aftermath: Aftermath, nowMs: number): EvidenceEvent {
  return {
    type: 'gateway.recovered',
    atMs: nowMs,
    actor: '',
    details: {
      instance: aftermath.instance,
      segment: aftermath.end.address.segment,
      end: aftermath.end.address.offset,
      tornBytes: aftermath.end.tornBytes,
      damaged: aftermath.damaged,
      closed: aftermath.remains.length,
    },
  }
}

/**
 * Adds one more segment to the dead instance: the closings, and an event that says what was found. Its header names
 * the end of the last whole frame, so that the torn bytes never count again; they are left where they are.
 */
async function writeAftermath(
  options: RecoveryOptions,
  aftermath: Aftermath,
  lastNumber: number,
): Promise<void> {
  const { disk, folder, provider, clock } = options
  const { instance, end, remains } = aftermath
  const classes = new Set([EVENT_CLASS, ...remains.map((found) => found.row.retentionClass)])
  const writer = await SegmentWriter.prepare({
    disk,
    folder: instanceFolder(folder, instance),
    instance,
    segment: lastNumber + 1,
    isFirst: false,
    retentionClasses: [...classes],
    provider,
    extentBytes: 4096,
    deadlineMs: EVIDENCE_LIMITS.diskDeadlineMs,
  })
  const nowMs = clock.nowMs()
  writer.activate(nowMs, { segment: end.address.segment, end: end.address.offset })
  for (const found of remains) writer.place(found.closing(), found.row.retentionClass)
  const event = recoveredEvent(aftermath, nowMs)
  writer.place(contentOf('event', newEventId(nowMs), packCommitted({ event }, [])), EVENT_CLASS)
  await writer.commit()
  await writer.seal()
}

async function isClean(
  options: RecoveryOptions,
  instance: InstanceId,
  position: IndexPosition | undefined,
): Promise<boolean> {
  if (position === undefined) return false
  const last = (await listSegments(options.disk, options.folder, instance)).at(-1)
  if (last !== position.segment) return last === undefined
  const file = await options.disk.openRead(segmentPath(options.folder, instance, last))
  try {
    return (await file.size()) === position.offset
  } finally {
    await file.close()
  }
}

async function indexRest(
  options: RecoveryOptions,
  files: SegmentFiles,
  instance: InstanceId,
  from: { readonly segment: number; readonly offset: number } | null,
): Promise<{ readonly end: ScannedEnd; readonly damaged: number }> {
  const { disk, folder, index } = options
  let end: ScannedEnd = { kind: 'end', address: { instance, segment: 0, offset: 0 }, tornBytes: 0 }
  let damaged = 0
  const feed = feedIndex({
    disk,
    folder,
    files,
    instance,
    from,
    onDamage: () => {
      damaged += 1
    },
    onEnd: (found) => {
      end = found
    },
  })
  for await (const batch of feed) await index.apply(batch)
  return { end, damaged }
}

/** Zeros written ahead are given back to the disk. */
async function trim(disk: Disk, path: string, length: number): Promise<void> {
  const file = await disk.openWrite(path)
  try {
    if ((await file.size()) > length) await file.truncate(length)
  } finally {
    await file.close()
  }
}

async function recoverInstance(
  options: RecoveryOptions,
  instance: InstanceId,
  position: IndexPosition | undefined,
): Promise<{
  readonly closed: number
  readonly tornBytes: number
  readonly damaged: number
} | null> {
  const { disk, folder, index, provider } = options
  const isNew = !(await isClean(options, instance, position))
  const open = await index.openExchanges(instance)
  if (!isNew && open.length === 0) return null
  const plan = await planInstance(disk, folder, instance)
  const files = new SegmentFiles(disk, folder, provider)
  const { end, damaged } = await indexRest(options, files, instance, position ?? null)
  const rows = await index.openExchanges(instance)
  const remains = rows.length === 0 ? [] : await collectRemains(options, files, instance, rows)
  if (remains.length > 0 || end.tornBytes > 0) {
    await writeAftermath(options, { instance, end, remains, damaged }, plan.lastNumber)
    await indexRest(options, files, instance, end.address)
  } else {
    const last = plan.segments.at(-1)
    if (last !== undefined) await trim(disk, last.path, end.address.offset)
    for (const path of plan.unused) await disk.remove(path)
  }
  await removeOpenFrames(disk, folder, instance)
  return { closed: remains.length, tornBytes: end.tornBytes, damaged }
}

/** The caller holds the folder's lock: every instance but `except` is dead. */
export async function recoverFolder(options: RecoveryOptions): Promise<Recovered> {
  const startedMs = options.clock.monotonicMs()
  const positions = new Map((await options.index.positions()).map((row) => [row.instance, row]))
  const sum = { instances: 0, closed: 0, tornBytes: 0, damaged: 0 }
  for (const instance of await listInstances(options.disk, options.folder)) {
    if (instance === options.except) continue
    const found = await recoverInstance(options, instance, positions.get(instance))
    if (found === null) continue
    sum.instances += 1
    sum.closed += found.closed
    sum.tornBytes += found.tornBytes
    sum.damaged += found.damaged
  }
  return { ...sum, durationMs: options.clock.monotonicMs() - startedMs }
}
