/** Takes away bytes that were written and never acknowledged: what was written again elsewhere may be erased there only. */
import { dirname } from 'node:path'
import type { InstanceId } from '../../lib/ids.ts'
import type { Disk } from '../disk.ts'
import { planInstance } from '../segment-scan.ts'

/** The instance must write no segment that the plan names; a living one keeps what it has prepared for later. */
export async function removeLeftovers(
  disk: Disk,
  folder: string,
  instance: InstanceId,
  isLiving: boolean,
): Promise<void> {
  const plan = await planInstance(disk, folder, instance)
  for (const { path, end } of plan.segments) {
    if (end === null) continue
    const file = await disk.openWrite(path)
    try {
      if ((await file.size()) <= end) continue
      await file.truncate(end)
      await file.fdatasync()
    } finally {
      await file.close()
    }
  }
  const newest = plan.segments.at(-1)?.path ?? ''
  for (const path of plan.unused) {
    if (isLiving && path > newest) continue
    await disk.remove(path)
    await disk.syncFolder(dirname(path))
  }
}
