/** Overwrites frames in place so that head and digest stay and nothing else does. Doing it again does no harm. */
import type { InstanceId } from '../../lib/ids.ts'
import type { Disk } from '../disk.ts'
import {
  CIPHERTEXT_AT,
  decodeFrameHead,
  FRAME_BODY_AT,
  STATE_AT,
  STATE_ERASED,
} from '../segment-format.ts'
import { segmentPath } from '../segment-scan.ts'
import type { DoomedFrame } from './erasure-plan.ts'

const ZEROS = Buffer.alloc(1024 * 1024)

export interface BlankedSegment {
  readonly instance: InstanceId
  readonly segment: number
}

/**
 * State and digest first, of every frame; zeros when those are durable: a frame that is half overwritten is never taken
 * for a damaged one. Segments that are gone as a whole are passed over.
 */
export async function blankFrames(
  disk: Disk,
  folder: string,
  frames: readonly DoomedFrame[],
): Promise<readonly BlankedSegment[]> {
  const bySegment = new Map<string, DoomedFrame[]>()
  for (const frame of frames) {
    const path = segmentPath(folder, frame.instance, frame.segment)
    bySegment.set(path, [...(bySegment.get(path) ?? []), frame])
  }
  const touched: BlankedSegment[] = []
  for (const [path, doomed] of bySegment) {
    const [first] = doomed
    if (first === undefined || !(await disk.exists(path))) continue
    await blankIn(
      disk,
      path,
      doomed.toSorted((a, b) => a.offset - b.offset),
    )
    touched.push({ instance: first.instance, segment: first.segment })
  }
  return touched
}

async function blankIn(disk: Disk, path: string, frames: readonly DoomedFrame[]): Promise<void> {
  const file = await disk.openWrite(path)
  try {
    for (const { offset, length, digest } of frames) {
      const bytes = await file.read(offset, FRAME_BODY_AT)
      const reading = decodeFrameHead(bytes)
      if (reading.kind !== 'ok' || reading.value.length !== length)
        throw new Error(`${path} has another frame at ${offset} than the one to be erased`)
      const kept = Buffer.alloc(CIPHERTEXT_AT)
      bytes.copy(kept)
      kept[STATE_AT] = STATE_ERASED
      kept.write(digest, FRAME_BODY_AT, 'hex')
      await file.write(kept.subarray(STATE_AT), offset + STATE_AT)
    }
    await file.fdatasync()
    for (const { offset, length } of frames) {
      for (let at = CIPHERTEXT_AT; at < length; at += ZEROS.length) {
        await file.write(ZEROS.subarray(0, Math.min(ZEROS.length, length - at)), offset + at)
      }
    }
    await file.fdatasync()
  } finally {
    await file.close()
  }
}
