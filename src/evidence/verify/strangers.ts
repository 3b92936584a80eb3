/** Finds what lies among the evidence and is none of it: files that no record stands in, and bytes behind the end of a segment. */
import { join } from 'node:path'
import type { Disk } from '../disk.ts'
import { logFolder } from '../evidence-log.ts'
import { instanceFolder, planInstance, type InstancePlan } from '../segment-scan.ts'
import { isInstanceId } from '../segment-format.ts'

/** More are not named. */
const NAMED_MAX = 1_000
const CHUNK_BYTES = 1024 * 1024

const LOG_FILE = /^(checkpoint(\.witnessed)?|rotation\.\d+|revocation\.\d+|tile|stamps)(\.new)?$/
const STAMP_FILE = /^\d+\.(checkpoint|tsr)(\.new)?$/
const SEGMENT_FILE = /^(\d{10})\.(seg|keys)$/

/** Paths below the folder. None of it counts as evidence, so none of it is a problem; somebody put it there, or a failed write left it. */
export async function findStrangers(disk: Disk, folder: string): Promise<readonly string[]> {
  const found: string[] = []
  for (const name of await disk.list(join(folder, 'segments'))) {
    if (isInstanceId(name)) found.push(...(await inRun(disk, folder, name)))
    else found.push(`segments/${name}`)
    if (found.length >= NAMED_MAX) break
  }
  const log = logFolder(folder)
  const strange = (names: readonly string[], known: RegExp, below: string): readonly string[] =>
    names.filter((name) => !known.test(name)).map((name) => below + name)
  found.push(...strange(await disk.list(log), LOG_FILE, 'log/'))
  found.push(...strange(await disk.list(join(log, 'stamps')), STAMP_FILE, 'log/stamps/'))
  return found.slice(0, NAMED_MAX)
}

async function inRun(
  disk: Disk,
  folder: string,
  instance: Parameters<typeof planInstance>[2],
): Promise<readonly string[]> {
  // What this version does not know is named as damage.
  const plan = await planInstance(disk, folder, instance).catch(() => null)
  if (plan === null) return []
  const known = new Set(plan.segments.map(({ segment }) => segment))
  const below = `segments/${instance}/`
  const names = (await disk.list(instanceFolder(folder, instance))).filter((name) => {
    const number = SEGMENT_FILE.exec(name)?.[1]
    return number === undefined || !known.has(Number(number))
  })
  return [...names.map((name) => below + name), ...(await behindTheEnd(disk, plan, below))]
}

async function behindTheEnd(
  disk: Disk,
  { segments }: InstancePlan,
  below: string,
): Promise<readonly string[]> {
  const found: string[] = []
  for (const { path, end } of segments) {
    if (end === null) continue
    const file = await disk.openRead(path)
    try {
      const size = await file.size()
      for (let at = end; at < size; at += CHUNK_BYTES) {
        const bytes = await file.read(at, Math.min(CHUNK_BYTES, size - at))
        if (bytes.every((byte) => byte === 0)) continue
        found.push(`${below}${path.slice(path.lastIndexOf('/') + 1)} behind ${end}`)
        break
      }
    } finally {
      await file.close()
    }
  }
  return found
}
