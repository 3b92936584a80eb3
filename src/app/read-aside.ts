/** Reads once more what the trace index had set aside; whoever calls holds the folder. */
import type { Config } from '../config/config.ts'
import { isSetAside } from '../incident/trace/suspects.ts'
import { faultText } from '../lib/fault-text.ts'
import type { Store } from '../store/store.ts'
import type { AsideRecord } from '../store/trace/aside-records.ts'
import { openTracing } from './open-tracing.ts'
import { storageOf } from './storage-of.ts'

export interface AsideReport {
  readonly taken: number
  /** They still cannot be read, for this reason. */
  readonly left: readonly AsideRecord[]
}

export async function readAside(config: Config, store: Store): Promise<AsideReport> {
  const { folder } = config.storage
  await using tracing = await openTracing({ folder, storage: storageOf(config) }, store, () => '')
  const { index, indexer } = tracing
  const left: AsideRecord[] = []
  let taken = 0
  for (const record of (await index.aside.list()).filter(isSetAside)) {
    try {
      await indexer.readAgain(record)
      await index.aside.forgive([record])
      taken += 1
    } catch (error) {
      const reason = faultText(error)
      await index.aside.blame(record, reason)
      left.push({ ...record, reason })
    }
  }
  return { taken, left }
}
