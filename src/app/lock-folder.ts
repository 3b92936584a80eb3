/** Takes the data folder for this process: two gateways on one folder would write over each other's evidence. */
import { setTimeout as sleep } from 'node:timers/promises'
import { acquireFolderLock, type FolderLock } from '../store/folder-lock.ts'

/** A gateway that was killed may need a moment to let go of the folder. */
const LOCK_TRIES = 50
const LOCK_WAIT_MS = 100
export async function lockFolder(folder: string): Promise<FolderLock> {
  for (let tries = 0; tries < LOCK_TRIES; tries += 1) {
    const lock = acquireFolderLock(folder)
    if (lock !== null) return lock
    await sleep(LOCK_WAIT_MS)
  }
  throw new Error(
    `another gateway uses the data folder ${folder}; stop it or choose another with --data`,
  )
}
