/** Gives storage back: copies a segment without the zeros of its erased frames, which the file system then keeps as holes. */
import { dirname } from 'node:path'
import type { Disk, DiskFile } from '../disk.ts'
import { CIPHERTEXT_AT } from '../segment-format.ts'
import { scanSegment, type PlannedSegment } from '../segment-scan.ts'

/** File systems keep holes in whole blocks of this size. */
const BLOCK = 4096
/** Less is not worth a copy. */
const WORTH_BYTES = 256 * 1024

interface Span {
  readonly start: number
  readonly end: number
}

/** Whole blocks inside the zeros of an erased frame. */
function holeOf(offset: number, length: number): Span | null {
  const start = Math.ceil((offset + CIPHERTEXT_AT) / BLOCK) * BLOCK
  const end = Math.floor((offset + length) / BLOCK) * BLOCK
  return end > start ? { start, end } : null
}

/**
 * Returns the bytes given back. The copy has the same length and the same bytes at every place, so nothing that was
 * said about the segment changes; the name goes over to it at once or not at all. The segment must be sealed.
 */
export async function returnSpace(
  disk: Disk,
  planned: PlannedSegment,
  worthBytes = WORTH_BYTES,
): Promise<number> {
  const holes: Span[] = []
  let length = planned.framesAt
  for await (const found of scanSegment(disk, planned, 0)) {
    // What is damaged is not touched: somebody will want to look at it.
    if (found.kind === 'damage') return 0
    if (found.kind === 'end') length = found.address.offset
    if (found.kind !== 'frame' || !found.head.erased) continue
    const hole = holeOf(found.address.offset, found.head.length)
    if (hole !== null) holes.push(hole)
  }
  const bytes = holes.reduce((sum, { start, end }) => sum + end - start, 0)
  if (bytes < worthBytes) return 0
  const half = `${planned.path}.new`
  if (await disk.exists(half)) await disk.remove(half)
  const source = await disk.openRead(planned.path)
  try {
    const target = await disk.create(half)
    try {
      await copyAround(source, target, holes, length)
      await target.truncate(length)
      await target.fdatasync()
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
  await disk.rename(half, planned.path)
  await disk.syncFolder(dirname(planned.path))
  return bytes
}

const WINDOW = 1024 * 1024

async function copyAround(
  source: DiskFile,
  target: DiskFile,
  holes: readonly Span[],
  length: number,
): Promise<void> {
  let at = 0
  for (const { start, end } of [...holes, { start: length, end: length }]) {
    for (; at < start; at += WINDOW) {
      await target.write(await source.read(at, Math.min(WINDOW, start - at)), at)
    }
    at = end
  }
}
