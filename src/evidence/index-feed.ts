/** Feeds the index from segments in bounded batches; recovery, catch-up and reindex share it. */
import type { InstanceId } from '../lib/ids.ts'
import type { IndexBatch } from '../store/exchange-index.ts'
import type { Disk } from './disk.ts'
import { FrameIndexer } from './frame-indexer.ts'
import type { SegmentFiles } from './segment-files.ts'
import { scanInstance, type ScannedDamage, type ScannedEnd } from './segment-scan.ts'

const BATCH_ROWS = 500

export interface Place {
  readonly segment: number
  readonly offset: number
}

export interface FeedOptions {
  readonly disk: Disk
  readonly folder: string
  readonly files: SegmentFiles
  readonly instance: InstanceId
  readonly from: Place | null
  /** Stops before the first frame at or after this place. */
  readonly to?: Place
  readonly onDamage?: (damage: ScannedDamage) => void
  readonly onEnd?: (end: ScannedEnd) => void
}

export const isBefore = (a: Place, b: Place): boolean =>
  a.segment < b.segment || (a.segment === b.segment && a.offset < b.offset)

/** Frames that cannot be opened are reported as damage and give no row. */
export async function* feedIndex(options: FeedOptions): AsyncGenerator<IndexBatch, void> {
  const { disk, folder, files, instance, from, to } = options
  const indexer = new FrameIndexer(files)
  for await (const found of scanInstance(disk, folder, instance, from)) {
    if (found.kind === 'damage') options.onDamage?.(found)
    if (found.kind === 'end') {
      options.onEnd?.(found)
      const { segment, offset } = to ?? found.address
      yield indexer.take({ instance, segment, offset })
    }
    if (found.kind !== 'frame') continue
    const { segment, offset } = found.address
    if (to !== undefined && !isBefore(found.address, to)) {
      yield indexer.take({ instance, segment: to.segment, offset: to.offset })
      return
    }
    // Between tickets only: an opening must be read together with the blocks before it.
    const startsTicket = found.head.startsGroup
    if (startsTicket && indexer.waiting >= BATCH_ROWS) {
      yield indexer.take({ instance, segment, offset })
    }
    try {
      await indexer.add(found)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      options.onDamage?.({
        kind: 'damage',
        address: found.address,
        bytes: found.head.length,
        reason,
      })
    }
  }
}
