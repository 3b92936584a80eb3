/** Walks the frames of a data folder as `scanSegments` does, many at a time: verifying waits for the disk, not for promises. */
import type { InstanceId } from '../../lib/ids.ts'
import type { FrameAddress } from '../../model/record.ts'
import type { Disk } from '../disk.ts'
import {
  bodyCrcMatches,
  decodeFrameHead,
  FRAME_BODY_AT,
  type FrameHead,
  type SegmentHeader,
} from '../segment-format.ts'
import {
  listInstances,
  planInstance,
  scanSegment,
  type PlannedSegment,
  type ScannedDamage,
} from '../segment-scan.ts'

const WINDOW_BYTES = 1 * 1024 * 1024

export interface WalkedFrame {
  readonly kind: 'frame'
  readonly address: FrameAddress
  readonly head: FrameHead
  /** Valid until the next batch is asked for. */
  readonly bytes: Buffer
  readonly header: SegmentHeader
}

export type Walked = WalkedFrame | ScannedDamage

export interface WalkOptions {
  readonly disk: Disk
  readonly folder: string
  /** Where to begin; null for the beginning. */
  readonly from: FrameAddress | null
  readonly onBytes: (count: number) => void
  /** Each segment that counts, before its frames. */
  readonly onSegment: (header: SegmentHeader) => void
}

export async function* walkFrames(options: WalkOptions): AsyncGenerator<readonly Walked[], void> {
  const { disk, folder, from } = options
  for (const instance of await listInstances(disk, folder)) {
    if (from !== null && instance < from.instance) continue
    yield* walkInstance(options, instance)
  }
}

async function* walkInstance(
  { disk, folder, from, onBytes, onSegment }: WalkOptions,
  instance: InstanceId,
): AsyncGenerator<readonly Walked[], void> {
  const whole = { instance, segment: 0, offset: 0 }
  const plan = await planInstance(disk, folder, instance).catch(reasonOf)
  if (typeof plan === 'string') {
    yield [{ kind: 'damage', address: whole, bytes: 0, reason: plan }]
    return
  }
  const start = from?.instance === instance ? from : null
  const isAhead = ({ address }: ScannedDamage): boolean => address.segment > (start?.segment ?? -1)
  const byPlace = (a: ScannedDamage, b: ScannedDamage) => a.address.segment - b.address.segment
  let problems = plan.problems.filter(isAhead).toSorted(byPlace)
  for (const planned of plan.segments) {
    if (start !== null && planned.segment < start.segment) continue
    // What is missing is said in its place: everything before it is held against the log first.
    const before = problems.filter(({ address }) => address.segment < planned.segment)
    problems = problems.slice(before.length)
    if (before.length > 0) yield before
    onSegment(planned.header)
    const offset = start?.segment === planned.segment ? start.offset : planned.framesAt
    let at = offset
    for await (const batch of wholeFrames(disk, planned, offset)) {
      at = batch.end
      onBytes(batch.bytes)
      yield batch.frames
    }
    // What is not a whole frame is looked at by the scan that knows all about damage and ends.
    try {
      for await (const found of scanSegment(disk, planned, at)) {
        if (found.kind === 'end') continue
        if (found.kind === 'frame') at = found.address.offset + found.bytes.length
        onBytes(found.kind === 'frame' ? found.bytes.length : found.bytes)
        yield [found]
      }
    } catch (error) {
      // Something that this version does not know: whatever stands behind it cannot be told from it.
      const address = { instance, segment: planned.segment, offset: at }
      const bytes = Number.MAX_SAFE_INTEGER - at
      yield [{ kind: 'damage', address, bytes, reason: reasonOf(error) }]
    }
  }
  if (problems.length > 0) yield problems
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

interface Batch {
  readonly frames: readonly WalkedFrame[]
  readonly bytes: number
  /** Where the frames end. */
  readonly end: number
}

/** Frames up to the first place where none begins, or where one is not as its checksums say. */
async function* wholeFrames(
  disk: Disk,
  planned: PlannedSegment,
  from: number,
): AsyncGenerator<Batch, void> {
  const file = await disk.openRead(planned.path)
  const { instance } = planned.header
  try {
    const size = await file.size()
    const limit = Math.min(planned.end ?? size, size)
    let at = from
    let length = WINDOW_BYTES
    // One for all windows: made anew each time, they cost a tenth of everything in garbage.
    const space = Buffer.allocUnsafe(Math.min(WINDOW_BYTES, Math.max(limit - at, 0)))
    while (at < limit) {
      const window = await file.read(at, Math.min(length, limit - at), space)
      const frames: WalkedFrame[] = []
      let used = 0
      let stopped = false
      while (window.length - used >= FRAME_BODY_AT) {
        const reading = decodeFrameHead(window.subarray(used, used + FRAME_BODY_AT))
        if (reading.kind !== 'ok') {
          stopped = true
          break
        }
        const head = reading.value
        if (used + head.length > window.length) {
          length = Math.max(WINDOW_BYTES, head.length)
          stopped = at + used + head.length > limit
          break
        }
        const bytes = window.subarray(used, used + head.length)
        if (!head.erased && !bodyCrcMatches(bytes)) {
          stopped = true
          break
        }
        const address = { instance, segment: planned.segment, offset: at + used }
        frames.push({ kind: 'frame', address, head, bytes, header: planned.header })
        used += head.length
      }
      at += used
      if (frames.length > 0) yield { frames, bytes: used, end: at }
      if (stopped || window.length < FRAME_BODY_AT) return
      if (used === 0 && length === WINDOW_BYTES) return
    }
  } finally {
    await file.close()
  }
}
