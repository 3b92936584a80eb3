/** The checkpointer's thread: on each message it copies the write-ahead log of one database and starts the log anew. */
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { isBusy } from './when-free.ts'

const BUSY_TIMEOUT_MS = 1000

if (parentPort === null || typeof workerData !== 'string') {
  throw new Error('checkpoint-thread runs as a worker of the checkpointer.')
}
const port = parentPort
const database = new DatabaseSync(workerData, { timeout: BUSY_TIMEOUT_MS })

port.on('message', () => {
  try {
    // `passive` copies nearly everything beside the writer; `restart` then keeps the writer out for the small rest.
    database.exec('pragma wal_checkpoint(passive)')
    database.exec('pragma wal_checkpoint(restart)')
  } catch (error) {
    if (!isBusy(error)) throw error
  }
  port.postMessage('done')
})
