/** A lock on a data folder that the operating system frees when its process dies, `kill -9` included. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export interface FolderLock {
  readonly [Symbol.dispose]: () => void
}

const LOCK_FILE = 'lock.db'

/** Null when another process (or another part of this one) holds the folder. The folder must exist. */
export function acquireFolderLock(folder: string): FolderLock | null {
  const database = new DatabaseSync(join(folder, LOCK_FILE))
  try {
    database.exec('PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (error instanceof Error && /locked|busy/i.test(error.message)) return null
    throw error
  }
  return { [Symbol.dispose]: () => database.close() }
}

export function isLocked(folder: string): boolean {
  if (!existsSync(join(folder, LOCK_FILE))) return false
  const lock = acquireFolderLock(folder)
  lock?.[Symbol.dispose]()
  return lock === null
}
