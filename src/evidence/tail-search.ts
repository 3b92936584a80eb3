/** Looks for rows in the frames that the index does not know yet. */
import type { ExchangeIndex, IndexBatch } from '../store/exchange-index.ts'
import type { Disk } from './disk.ts'
import { feedIndex } from './index-feed.ts'
import type { SegmentFiles } from './segment-files.ts'
import { listInstances } from './segment-scan.ts'

/** The first batch of unindexed rows that `isWanted`; null when there is none. Newest instances first. */
export async function findInTail(
  options: {
    readonly folder: string
    readonly index: ExchangeIndex
    readonly disk: Disk
    readonly files: SegmentFiles
  },
  isWanted: (batch: IndexBatch) => boolean,
): Promise<IndexBatch | null> {
  const { folder, index, disk, files } = options
  const positions = new Map((await index.positions()).map((row) => [row.instance, row]))
  for (const instance of (await listInstances(disk, folder)).toReversed()) {
    const from = positions.get(instance) ?? null
    for await (const batch of feedIndex({ disk, folder, files, instance, from })) {
      if (isWanted(batch)) return batch
    }
  }
  return null
}
