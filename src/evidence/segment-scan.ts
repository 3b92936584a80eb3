/** Walks the frames of an instance's segments in order, and says where they are damaged or end. */
import { join } from 'node:path'
import type { InstanceId } from '../lib/ids.ts'
import type { FrameAddress } from '../model/record.ts'
import type { Disk, DiskFile } from './disk.ts'
import {
  bodyCrcMatches,
  decodeFrameHead,
  decodeHeader,
  FRAME_BODY_AT,
  isInstanceId,
  type FrameHead,
  type SegmentHeader,
} from './segment-format.ts'

const WINDOW_BYTES = 1024 * 1024
const ZEROS = Buffer.alloc(WINDOW_BYTES)
const HEADER_BYTES_MAX = 256 * 1024
/** Most headers are shorter. */
const HEADER_READ = 2048
const NAME_SHAPE = /^(\d{10})\.seg$/

export interface ScannedFrame {
  readonly kind: 'frame'
  readonly address: FrameAddress
  readonly head: FrameHead
  /** The whole frame. Valid only until the next one is asked for. */
  readonly bytes: Buffer
  readonly header: SegmentHeader
}

export interface ScannedDamage {
  readonly kind: 'damage'
  readonly address: FrameAddress
  readonly bytes: number
  readonly reason: string
}

/** Always the last thing of a walk. */
export interface ScannedEnd {
  readonly kind: 'end'
  /** End of the last whole frame. */
  readonly address: FrameAddress
  /** Bytes after it that are not zero: a group that was being written. */
  readonly tornBytes: number
}

export type Scanned = ScannedFrame | ScannedDamage | ScannedEnd

/** A segment that counts, and how far. */
export interface PlannedSegment {
  readonly segment: number
  readonly path: string
  readonly header: SegmentHeader
  readonly framesAt: number
  /** Null for the newest: it ends with its last whole frame. */
  readonly end: number | null
}

export interface InstancePlan {
  readonly segments: readonly PlannedSegment[]
  /** Files that hold no frame that counts: prepared and never used, or given up before anything in them was durable. */
  readonly unused: readonly string[]
  readonly problems: readonly ScannedDamage[]
  /** Highest number in use, also by files that do not count. */
  readonly lastNumber: number
}

const segmentsFolder = (folder: string): string => join(folder, 'segments')

export const instanceFolder = (folder: string, instance: InstanceId): string =>
  join(segmentsFolder(folder), instance)

/** Instances that have a folder, oldest first. */
export async function listInstances(disk: Disk, folder: string): Promise<readonly InstanceId[]> {
  return (await disk.list(segmentsFolder(folder))).filter(isInstanceId)
}

export async function listSegments(
  disk: Disk,
  folder: string,
  instance: InstanceId,
): Promise<readonly number[]> {
  const names = await disk.list(instanceFolder(folder, instance))
  return names.flatMap((name) => {
    const number = NAME_SHAPE.exec(name)?.[1]
    return number === undefined ? [] : [Number(number)]
  })
}

export const segmentPath = (folder: string, instance: InstanceId, segment: number): string =>
  join(instanceFolder(folder, instance), `${String(segment).padStart(10, '0')}.seg`)

export async function readSegmentHeader(file: DiskFile) {
  const reading = decodeHeader(await file.read(0, HEADER_READ))
  return reading.kind === 'bad' ? decodeHeader(await file.read(0, HEADER_BYTES_MAX)) : reading
}

async function headerOf(disk: Disk, path: string) {
  const file = await disk.openRead(path)
  try {
    return await readSegmentHeader(file)
  } finally {
    await file.close()
  }
}

/**
 * Which segments count, from the newest back: each header names the one before it and where that one's acknowledged
 * frames end. Throws on a version this reader does not know.
 */
export async function planInstance(
  disk: Disk,
  folder: string,
  instance: InstanceId,
): Promise<InstancePlan> {
  const numbers = await listSegments(disk, folder, instance)
  const segments: PlannedSegment[] = []
  const unused: string[] = []
  const problems: ScannedDamage[] = []
  let expected: { readonly segment: number; readonly end: number } | null = null
  for (const segment of numbers.toReversed()) {
    const path = segmentPath(folder, instance, segment)
    if (expected !== null && segment > expected.segment) {
      unused.push(path)
      continue
    }
    const reading = await headerOf(disk, path)
    if (reading.kind === 'unknown') throw new Error(`${path}: ${reading.reason}`)
    const address = { instance, segment, offset: 0 }
    if (reading.kind === 'end') {
      unused.push(path)
      continue
    }
    if (
      reading.kind === 'bad' ||
      reading.value.header.segment !== segment ||
      reading.value.header.instance !== instance
    ) {
      const reason = reading.kind === 'bad' ? reading.reason : 'the header names another segment'
      problems.push({ kind: 'damage', address, bytes: 0, reason })
      continue
    }
    if (expected !== null && expected.segment !== segment) {
      problems.push({
        kind: 'damage',
        address: { ...address, segment: expected.segment },
        bytes: expected.end,
        reason: 'the segment is missing',
      })
      expected = null
    }
    const { header, length } = reading.value
    segments.unshift({ segment, path, header, framesAt: length, end: expected?.end ?? null })
    expected = { segment: header.previousSegment, end: header.previousEnd }
  }
  if (expected !== null && expected.segment !== 0) {
    problems.push({
      kind: 'damage',
      address: { instance, segment: expected.segment, offset: 0 },
      bytes: expected.end,
      reason: 'the segment is missing',
    })
  }
  return { segments, unused, problems, lastNumber: numbers.at(-1) ?? 0 }
}

/** Reads a file through a window, so that small frames do not cost a read each. */
class Window {
  readonly #file: DiskFile
  #from = 0
  #bytes: Buffer = Buffer.alloc(0)

  constructor(file: DiskFile) {
    this.#file = file
  }

  /** Up to `length` bytes at `position`; fewer at the end of the file. */
  async at(position: number, length: number): Promise<Buffer> {
    const start = position - this.#from
    if (start >= 0 && start + length <= this.#bytes.length) {
      return this.#bytes.subarray(start, start + length)
    }
    this.#bytes = await this.#file.read(position, Math.max(length, WINDOW_BYTES))
    this.#from = position
    return this.#bytes.subarray(0, length)
  }
}

type FrameReading =
  | { readonly kind: 'frame'; readonly head: FrameHead; readonly bytes: Buffer }
  | { readonly kind: 'end' }
  | { readonly kind: 'bad'; readonly reason: string }

async function readFrame(window: Window, offset: number, end: number): Promise<FrameReading> {
  if (offset >= end) return { kind: 'end' }
  const reading = decodeFrameHead(await window.at(offset, Math.min(FRAME_BODY_AT, end - offset)))
  if (reading.kind === 'unknown') throw new Error(reading.reason)
  if (reading.kind !== 'ok') return reading
  const head = reading.value
  if (offset + head.length > end) return { kind: 'bad', reason: 'the frame is cut short' }
  const bytes = await window.at(offset, head.length)
  if (bytes.length < head.length) return { kind: 'bad', reason: 'the frame is cut short' }
  if (!head.erased && !bodyCrcMatches(bytes)) {
    return { kind: 'bad', reason: 'the frame checksum does not match' }
  }
  return { kind: 'frame', head, bytes }
}

/** Could a frame header with at least this ordinal start here? Cheap, so that it can be asked of every byte. */
function looksLikeFrame(bytes: Buffer, at: number, ordinal: number): boolean {
  const type = bytes[at + 4] ?? 0
  if (type < 1 || type > 8 || (bytes[at + 5] ?? 0) > 1 || (bytes[at + 7] ?? 0) > 7) return false
  return bytes.readUInt32LE(at + 8) >= ordinal
}

/** The next whole frame after a damaged place; `groupStart` asks for one that was written after it was durable. */
async function findNext(
  window: Window,
  after: number,
  end: number,
  ordinal: number,
  groupStart: boolean,
): Promise<number | null> {
  for (let from = after + 1; from + FRAME_BODY_AT <= end; from += WINDOW_BYTES) {
    const length = Math.min(WINDOW_BYTES + FRAME_BODY_AT, end - from)
    const bytes = Buffer.from(await window.at(from, length))
    for (let at = 0; at < WINDOW_BYTES && at + FRAME_BODY_AT <= bytes.length; at += 1) {
      if (!looksLikeFrame(bytes, at, ordinal)) continue
      const reading = decodeFrameHead(bytes.subarray(at, at + FRAME_BODY_AT))
      if (reading.kind !== 'ok' || (groupStart && !reading.value.startsGroup)) continue
      if ((await readFrame(window, from + at, end)).kind === 'frame') return from + at
    }
  }
  return null
}

/** Where the last byte that is not zero lies, plus one; `from` when there is none. */
async function lastByteEnd(window: Window, from: number, end: number): Promise<number> {
  let last = from
  for (let at = from; at < end; at += WINDOW_BYTES) {
    const bytes = await window.at(at, Math.min(WINDOW_BYTES, end - at))
    if (bytes.equals(ZEROS.subarray(0, bytes.length))) continue
    for (let i = bytes.length - 1; i >= 0; i -= 1) {
      if (bytes[i] !== 0) {
        last = at + i + 1
        break
      }
    }
  }
  return last
}

/** Frames of one segment from `from` on. */
export async function* scanSegment(
  disk: Disk,
  planned: PlannedSegment,
  from: number,
): AsyncGenerator<Scanned, void> {
  const { header, segment } = planned
  const at = (offset: number): FrameAddress => ({ instance: header.instance, segment, offset })
  const file = await disk.openRead(planned.path)
  try {
    const window = new Window(file)
    const size = await file.size()
    const end = planned.end ?? size
    if (end > size) {
      yield {
        kind: 'damage',
        address: at(size),
        bytes: end - size,
        reason: 'the end of the segment is missing',
      }
    }
    const limit = Math.min(end, size)
    let offset = Math.max(from, planned.framesAt)
    let ordinal = 0
    for (;;) {
      const reading = await readFrame(window, offset, limit)
      if (reading.kind === 'frame') {
        yield {
          kind: 'frame',
          address: at(offset),
          head: reading.head,
          bytes: reading.bytes,
          header,
        }
        offset += reading.head.length
        ordinal = reading.head.ordinal + 1
        continue
      }
      if (offset >= limit) break
      const isNewest = planned.end === null
      const used = isNewest ? await lastByteEnd(window, offset, limit) : limit
      const next = used > offset ? await findNext(window, offset, used, ordinal, isNewest) : null
      if (next === null) {
        if (!isNewest) {
          const reason = reading.kind === 'bad' ? reading.reason : 'zeros where a frame was'
          yield { kind: 'damage', address: at(offset), bytes: limit - offset, reason }
        }
        break
      }
      const reason = reading.kind === 'bad' ? reading.reason : 'zeros where a frame was'
      yield { kind: 'damage', address: at(offset), bytes: next - offset, reason }
      offset = next
    }
    const torn = planned.end === null ? (await lastByteEnd(window, offset, size)) - offset : 0
    yield { kind: 'end', address: at(planned.end ?? offset), tornBytes: torn }
  } finally {
    await file.close()
  }
}

/** Everything of an instance from a position on; one `end` at the very end. */
export async function* scanInstance(
  disk: Disk,
  folder: string,
  instance: InstanceId,
  from: { readonly segment: number; readonly offset: number } | null = null,
): AsyncGenerator<Scanned, void> {
  const plan = await planInstance(disk, folder, instance)
  let last: ScannedEnd = {
    kind: 'end',
    address: { instance, segment: from?.segment ?? 0, offset: from?.offset ?? 0 },
    tornBytes: 0,
  }
  if (from === null) yield* plan.problems
  for (const planned of plan.segments) {
    if (from !== null && planned.segment < from.segment) continue
    const offset = planned.segment === from?.segment ? from.offset : 0
    for await (const found of scanSegment(disk, planned, offset)) {
      if (found.kind === 'end') last = found
      else yield found
    }
  }
  yield last
}

/** Every frame in a data folder, instance by instance. Opens nothing: payloads stay sealed. */
export async function* scanSegments(disk: Disk, folder: string): AsyncGenerator<Scanned, void> {
  for (const instance of await listInstances(disk, folder))
    yield* scanInstance(disk, folder, instance)
}
