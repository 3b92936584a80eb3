/** Copies the write-ahead log of a database into its file and starts the log anew. Waits for fsync: not for the event loop. */
import type { DatabaseSync } from 'node:sqlite'
import { isBusy } from './when-free.ts'

/** Rows after which a thread that writes does so: about 10 MB of log. */
export const ROWS_PER_CHECKPOINT = 5000

/** A database that is in use is left for the next time. */
export function checkpoint(database: DatabaseSync): void {
  try {
    // `passive` copies nearly everything beside the writer; `restart` then keeps the writer out for the small rest.
    database.exec('pragma wal_checkpoint(passive)')
    database.exec('pragma wal_checkpoint(restart)')
  } catch (error) {
    if (!isBusy(error)) throw error
  }
}
