/** Reads the record for a value off the event loop of the gateway: everything is decrypted for it. */
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { openLocalKeyProvider } from '../evidence/key-provider.ts'
import { EvidenceReader } from '../evidence/reader.ts'
import {
  searchRecord,
  type SearchNews,
  type SearchOrder,
} from '../incident/keeping/search-record.ts'
import { systemClock } from '../lib/clock.ts'
import { openStore } from '../store/store.ts'
import { decodedBody } from './decode-pieces.ts'
import type { TracingSource } from './open-tracing.ts'
import { recordedAnswer } from './recorded-answer.ts'

export interface ValueSearchData {
  readonly source: TracingSource
  readonly order: SearchOrder
  /** 1 as soon as it is to end. */
  readonly cancelled: Int32Array
}

if (parentPort === null) throw new Error('value-search-thread runs as a worker of the gateway.')
const port = parentPort
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the gateway starts it with nothing else
const { source, order, cancelled } = workerData as ValueSearchData

async function search(): Promise<void> {
  const { folder, storage } = source
  await using store = await openStore(storage)
  const keyProvider = await openLocalKeyProvider(join(folder, 'keys'))
  await searchRecord(
    {
      index: store.index,
      search: store.search,
      reader: new EvidenceReader({ folder, index: store.index, keyProvider }),
      readAnswer: recordedAnswer,
      decode: decodedBody,
      clock: systemClock,
      isCancelled: () => Atomics.load(cancelled, 0) === 1,
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      tell: (news: SearchNews) => port.postMessage(news),
    },
    order,
  )
}

await search()
