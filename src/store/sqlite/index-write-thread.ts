/** The thread that writes the index: a connection of its own, so that a slow or hanging disk never stops the event loop. */
import { parentPort, workerData } from 'node:worker_threads'
import { checkpoint, ROWS_PER_CHECKPOINT } from './checkpoint.ts'
import { rowsOf, type EncodedBatch } from './index-batch.ts'
import { closeFile, openIndexFile } from './open-file.ts'
import { createSqliteIndexWriter } from './sqlite-index-writer.ts'

export type WriteOrder =
  | { readonly kind: 'apply'; readonly id: number; readonly batch: EncodedBatch }
  | { readonly kind: 'close' }

export type WriteAnswer =
  | { readonly id: number; readonly kind: 'written' }
  | { readonly id: number; readonly kind: 'failed'; readonly message: string }

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
    (): WriteAnswer => ({ id, kind: 'written' }),
    (error: unknown): WriteAnswer => ({ id, kind: 'failed', message: String(error) }),
  )
  port.postMessage(answer)
  rowsSince += rowsOf(batch)
  if (rowsSince < ROWS_PER_CHECKPOINT) return
  rowsSince = 0
  checkpoint(database)
}

port.on('message', (order: WriteOrder) => {
  turn = turn.then(() => {
    if (order.kind === 'apply') return apply(order.id, order.batch)
    closeFile(database)
    port.close()
    return undefined
  })
})
