/** Keeps the plan of an erasure beside the evidence until it is done: a crash in the middle is finished at the next start. */
import { join } from 'node:path'
import { isMissing } from '../../lib/error-code.ts'
import type { Disk } from '../disk.ts'
import { writeOnce } from '../key-provider.ts'
import type { ErasurePlan } from './erasure-plan.ts'

const NAME = /^er_[0-9a-z]{26}\.json$/

const erasuresFolder = (folder: string): string => join(folder, 'erasures')

const pathOf = (folder: string, erasure: string): string =>
  join(erasuresFolder(folder), `${erasure}.json`)

export async function writePlan(disk: Disk, folder: string, plan: ErasurePlan): Promise<void> {
  if (!(await disk.exists(erasuresFolder(folder)))) {
    await disk.makeFolder(erasuresFolder(folder))
    await disk.syncFolder(folder)
  }
  await writeOnce(disk, pathOf(folder, plan.erasure), Buffer.from(JSON.stringify(plan)))
}

/** Oldest first. Takes half-written ones away: nothing was done for them yet. */
export async function readPlans(disk: Disk, folder: string): Promise<readonly ErasurePlan[]> {
  const plans: ErasurePlan[] = []
  for (const name of await disk.list(erasuresFolder(folder))) {
    const path = join(erasuresFolder(folder), name)
    if (name.endsWith('.json.new')) await disk.remove(path)
    if (!NAME.test(name)) continue
    const plan: unknown = JSON.parse((await disk.readWhole(path)).toString('utf8'))
    if (!isPlan(plan)) throw new Error(`${path} is not an erasure plan that this version knows`)
    plans.push(plan)
  }
  return plans
}

export async function removePlan(disk: Disk, folder: string, erasure: string): Promise<void> {
  try {
    await disk.remove(pathOf(folder, erasure))
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  await disk.syncFolder(erasuresFolder(folder))
}

function isPlan(value: unknown): value is ErasurePlan {
  return typeof value === 'object' && value !== null && 'version' in value && value.version === 1
}
