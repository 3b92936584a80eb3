/** Takes the data folder for this process: two gateways on one folder would write over each other's evidence. */
import { accessSync, constants } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { lacksRootKey } from '../evidence/keyring/has-root-key.ts'
import { acquireFolderLock, type FolderLock } from '../store/folder-lock.ts'

/** A gateway that was killed may need a moment to let go of the folder. */
const LOCK_TRIES = 50
const LOCK_WAIT_MS = 100

export async function lockFolder(folder: string): Promise<FolderLock> {
  // Before the database says it in words of its own.
  accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  // A new root key would hide that the old one is gone.
  if (lacksRootKey(folder))
    throw new Error(
      `the root key of ${folder} is missing; put its keys folder back from your backup, or choose another folder with --data`,
    )
  for (let tries = 0; tries < LOCK_TRIES; tries += 1) {
    const lock = acquireFolderLock(folder)
    if (lock !== null) return lock
    await sleep(LOCK_WAIT_MS)
  }
  throw new Error(
    `another gateway uses the data folder ${folder}; stop it or choose another with --data`,
  )
}
