/** Everything the control plane may do about keeping, erasing and handing out, in one place. */
import type { BundleHead } from '../../evidence/bundle/manifest.ts'
import { exportBundle, type ExportSources } from '../export/bundle-export.ts'
import type { OtherFormat } from '../export/other-formats.ts'
import type { ExportOrderDesk } from '../export/export-orders.ts'
import { sealed } from '../export/seal.ts'
import type { ErasureJobs } from './erasure-jobs.ts'
import type { ErasureDesk } from './erasures.ts'
import type { HoldDesk } from './hold-desk.ts'
import type { Retention } from './retention.ts'

export interface Keeping {
  readonly holds: HoldDesk
  readonly retention: Retention
  readonly erasures: ErasureDesk
  readonly erasureJobs: ErasureJobs
  readonly exportOrders: ExportOrderDesk
  /** The bundle as a stream; it is made while it is read. */
  readonly export: (
    head: BundleHead,
    formats: readonly OtherFormat[],
  ) => Promise<ReadableStream<Uint8Array>>
}

export function bundleMaker(sources: ExportSources): Keeping['export'] {
  return (head, formats) =>
    sealed(head.recipients, async (sink) => {
      await exportBundle(sources, { head, formats }, sink)
    })
}
