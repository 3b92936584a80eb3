/** The thread that writes the index: a connection of its own, so that a slow or hanging disk never stops the event loop. */
import { parentPort, workerData } from 'node:worker_threads'
import { checkpoint, ROWS_PER_CHECKPOINT } from './checkpoint.ts'
import { rowsOf, type EncodedBatch } from './index-batch.ts'
import { closeFile, openIndexFile } from './open-file.ts'
import { createSqliteIndexWriter } from './sqlite-index-writer.ts'
import type { ThreadAnswer } from './thread-line.ts'

/** Without rows: close the database and end, after the orders before it. */
export interface WriteOrder {
  readonly id: number
  readonly batch: EncodedBatch | null
}

if (parentPort === null || typeof workerData !== 'string') {
  throw new Error('index-write-thread runs as a worker of the store.')
}
const port = parentPort
const database = await openIndexFile(workerData)
const write = createSqliteIndexWriter(database)
let rowsSince = 0
let turn: Promise<void> = Promise.resolve()

async function apply(id: number, batch: EncodedBatch): Promise<void> {
  const answer = await write(batch).then(
    (): ThreadAnswer => ({ id, kind: 'value', value: undefined }),
    (error: unknown): ThreadAnswer => ({ id, kind: 'error', message: String(error) }),
  )
  port.postMessage(answer)
  rowsSince += rowsOf(batch)
  if (rowsSince < ROWS_PER_CHECKPOINT) return
  rowsSince = 0
  checkpoint(database)
}

port.on('message', ({ id, batch }: WriteOrder) => {
  turn = turn.then(() => {
    if (batch !== null) return apply(id, batch)
    closeFile(database)
    port.postMessage({ id, kind: 'value', value: undefined } satisfies ThreadAnswer)
    port.close()
    return undefined
  })
})
