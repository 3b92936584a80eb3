/** Finds leaves in a log: by the frame that they speak of in a few reads, by their record in one pass. */
import type { FrameAddress } from '../../model/record.ts'
import { isBefore, parsePlace } from './frame-place.ts'
import { parseLeaf, type Leaf } from './leaf.ts'
import type { TileReader } from './tile-reader.ts'
import { TILE_WIDTH } from './tiles.ts'

export interface FoundLeaf {
  readonly leaf: Leaf
  /** Its bytes in the log. */
  readonly entry: Buffer
}

async function bundleOf(reader: TileReader, index: number): Promise<readonly FoundLeaf[]> {
  const entries = await reader.entries(index)
  if (entries === null) throw new Error(`entry bundle ${index} of the log is not whole`)
  return entries.flatMap((entry) => {
    const reading = parseLeaf(entry)
    return reading.kind === 'ok' ? [{ leaf: reading.leaf, entry }] : []
  })
}

/** Leaves that have a frame come in the order of their frames, so halves can be left out. */
export async function leafOfFrame(
  reader: TileReader,
  size: number,
  frame: FrameAddress,
): Promise<FoundLeaf | null> {
  let low = 0
  let high = Math.ceil(size / TILE_WIDTH) - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const framed = (await bundleOf(reader, middle)).flatMap((found) =>
      found.leaf.frame === null ? [] : [{ ...found, place: parsePlace(found.leaf.frame) }],
    )
    const [first] = framed
    const last = framed.at(-1)
    // A bundle of heartbeats alone says nothing of either side.
    if (first === undefined || last === undefined) return linearSearch(reader, low, high, frame)
    if (isBefore(frame, first.place)) high = middle - 1
    else if (isBefore(last.place, frame)) low = middle + 1
    else
      return framed.find(({ place }) => !isBefore(place, frame) && !isBefore(frame, place)) ?? null
  }
  return null
}

async function linearSearch(
  reader: TileReader,
  low: number,
  high: number,
  frame: FrameAddress,
): Promise<FoundLeaf | null> {
  for (let index = low; index <= high; index += 1) {
    for (const found of await bundleOf(reader, index)) {
      if (found.leaf.frame === null) continue
      const place = parsePlace(found.leaf.frame)
      if (!isBefore(place, frame) && !isBefore(frame, place)) return found
    }
  }
  return null
}

/** Every leaf of a record; reads all entries. */
export async function leavesOfRecord(
  reader: TileReader,
  size: number,
  record: string,
): Promise<readonly FoundLeaf[]> {
  const leaves: FoundLeaf[] = []
  for (let index = 0; index * TILE_WIDTH < size; index += 1) {
    const entries = await reader.entries(index)
    for (const entry of entries ?? []) {
      if (!entry.includes(record)) continue
      const reading = parseLeaf(entry)
      if (reading.kind === 'ok' && reading.leaf.record === record)
        leaves.push({ leaf: reading.leaf, entry })
    }
  }
  return leaves
}
