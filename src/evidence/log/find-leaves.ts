/** Finds every leaf of a record, in one pass over all entries. */
import type { FoundLeaf } from './find-leaf.ts'
import { parseLeaf } from './leaf.ts'
import type { TileReader } from './tile-reader.ts'
import { TILE_WIDTH } from './tiles.ts'

export async function leavesOfRecord(
  reader: TileReader,
  size: number,
  record: string,
): Promise<readonly FoundLeaf[]> {
  const leaves: FoundLeaf[] = []
  for (let bundle = 0; bundle * TILE_WIDTH < size; bundle += 1) {
    const entries = (await reader.entries(bundle)) ?? []
    for (const [at, entry] of entries.entries()) {
      if (!entry.includes(record)) continue
      const reading = parseLeaf(entry)
      if (reading.kind === 'ok' && reading.leaf.record === record)
        leaves.push({ index: bundle * TILE_WIDTH + at, leaf: reading.leaf, entry })
    }
  }
  return leaves
}
