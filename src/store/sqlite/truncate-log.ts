/** Empties the write-ahead log of a database: pages from before a deletion lie there until it starts anew. */
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

const TRIES_MAX = 40
const PAUSE_MS = 50

/** Throws when readers or other writers kept it from being emptied. */
export async function truncateLog(database: DatabaseSync): Promise<void> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    try {
      const result = database.prepare('pragma wal_checkpoint(truncate)').get()
      if (Number(result?.['busy'] ?? 1) === 0) return
    } catch (error) {
      if (tries === TRIES_MAX - 1) throw error
    }
    await sleep(PAUSE_MS)
  }
  throw new Error('the write-ahead log could not be emptied: somebody reads from it')
}
