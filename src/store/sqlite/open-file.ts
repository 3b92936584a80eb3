/** Opens one database file of the data folder the way every writer of it must. */
import { chmodSync, closeSync, openSync } from 'node:fs'
import { basename } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { whenFree } from './when-free.ts'

/** Longer waits do not belong inside a synchronous call; see `whenFree`. */
const BUSY_TIMEOUT_MS = 20

/** Throws with the remedy when the file cannot be used. */
async function openFile(
  path: string,
  synchronous: 'normal' | 'full',
  remedy: string,
): Promise<DatabaseSync> {
  // SQLite gives the -wal and -shm files the mode of the database.
  closeSync(openSync(path, 'a', 0o600))
  chmodSync(path, 0o600)
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
  try {
    await whenFree(() => database.exec('pragma journal_mode = wal'))
    database.exec(`pragma synchronous = ${synchronous}`)
    // What is deleted or replaced is overwritten with zeros: erasure must leave nothing in free space of a page.
    database.exec('pragma secure_delete = on')
    return database
  } catch (error) {
    database.close()
    throw new Error(`${basename(path)} cannot be used. ${remedy}`, { cause: error })
  }
}

/** A rebuildable file needs no fsync at each commit, and its log is copied by whoever has the time for it. */
export async function openIndexFile(path: string): Promise<DatabaseSync> {
  const database = await openFile(path, 'normal', 'Remove it and run: custody reindex.')
  // A thread that writes copies the log earlier; this is the bound where nobody does.
  database.exec('pragma wal_autocheckpoint = 20000; pragma cache_size = -32768')
  return database
}

export function openControlFile(path: string): Promise<DatabaseSync> {
  return openFile(path, 'full', 'It holds the gateway keys: restore it from a backup.')
}

export function closeFile(database: DatabaseSync): void {
  if (database.isOpen) database.close()
}
