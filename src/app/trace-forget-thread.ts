/** Takes what was erased out of the trace index, in a thread of its own: the index is read as a whole for it. */
import { workerData } from 'node:worker_threads'
import type { Forgotten } from '../evidence/erasure/eraser.ts'
import { blockDocument, exchangeDocument } from '../incident/trace/documents.ts'
import { forgetDocuments } from '../incident/trace/merge-runs.ts'
import type { StoreOptions } from '../store/store.ts'
import { openTraceStore } from '../store/trace/open-trace-store.ts'

export interface ForgetOrder {
  readonly storage: StoreOptions
  readonly forgotten: Forgotten
}

/** Runs may be merged by the indexer while they are rewritten here; then they are read again. */
const PASSES_MAX = 10

async function forget({ storage, forgotten }: ForgetOrder): Promise<void> {
  await using traces = await openTraceStore(storage)
  if ((await traces.runs()).length === 0) return
  const numbers = await traces.numbers(forgotten.exchanges)
  const documents = new Set(forgotten.blocks.map(blockDocument))
  for (const number of numbers.values()) {
    documents.add(exchangeDocument(number, 'answer'))
    documents.add(exchangeDocument(number, 'upload'))
  }
  for (let pass = 0; pass < PASSES_MAX; pass += 1) {
    if ((await forgetDocuments(traces, documents)) === 0) return
  }
  throw new Error('the trace index changes too fast to forget what was erased')
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the gateway starts it with nothing else
await forget(workerData as ForgetOrder)
