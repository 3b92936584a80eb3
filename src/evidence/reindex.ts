/** Builds the whole index again from segments alone. */
import type { ExchangeIndex } from '../store/exchange-index.ts'
import { nodeDisk, type Disk } from './disk.ts'
import { feedIndex } from './index-feed.ts'
import type { KeyProvider } from './key-provider.ts'
import { SegmentFiles } from './segment-files.ts'
import { listInstances, type ScannedDamage } from './segment-scan.ts'

export interface ReindexReport {
  readonly instances: number
  readonly exchanges: number
  readonly blocks: number
  readonly events: number
  readonly damage: readonly ScannedDamage[]
}

/** `exchanges` counts rows written; one exchange may be written twice (opened, closed). */
export async function reindex(options: {
  readonly folder: string
  readonly index: ExchangeIndex
  readonly keyProvider: KeyProvider
  readonly disk?: Disk
}): Promise<ReindexReport> {
  const { folder, index, keyProvider } = options
  const disk = options.disk ?? nodeDisk
  const files = new SegmentFiles(disk, folder, keyProvider)
  const damage: ScannedDamage[] = []
  let exchanges = 0
  let blocks = 0
  let events = 0
  await index.clear()
  const instances = await listInstances(disk, folder)
  for (const instance of instances) {
    const feed = { disk, folder, files, instance, from: null }
    for await (const batch of feedIndex({ ...feed, onDamage: (found) => damage.push(found) })) {
      exchanges += batch.exchanges.length
      blocks += batch.blocks.length
      events += batch.events.length
      await index.apply(batch)
    }
  }
  return { instances: instances.length, exchanges, blocks, events, damage }
}
