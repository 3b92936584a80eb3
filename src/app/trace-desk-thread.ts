/** Answers traces off the event loop of the gateway: reads records, decrypts, compares. */
import { parentPort, workerData } from 'node:worker_threads'
import type { TraceResult } from '../incident/trace/trace-result.ts'
import { openStore } from '../store/store.ts'
import { openTracing, type TracingSource } from './open-tracing.ts'

export interface DeskQuestion {
  readonly id: number
  readonly asks: { readonly text: string } | { readonly block: string }
  /** Host of each upstream. */
  readonly hosts: ReadonlyMap<string, string>
}

export type DeskAnswer =
  | { readonly id: number; readonly kind: 'traced'; readonly result: TraceResult }
  | { readonly id: number; readonly kind: 'failed' }

if (parentPort === null) throw new Error('trace-desk-thread runs as a worker of the gateway.')
const port = parentPort
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the gateway starts it with nothing else
const source = workerData as TracingSource
const store = await openStore(source.storage)
let hosts: ReadonlyMap<string, string> = new Map()
const tracing = await openTracing(source, store, (upstream) => hosts.get(upstream) ?? '')

function traced(asks: DeskQuestion['asks']): Promise<TraceResult> {
  if ('text' in asks) return tracing.tracer.trace(asks.text)
  const hit = {
    place: 'block',
    id: asks.block,
    entity: '',
    bytes: 0,
    spans: [],
    coverage: 1,
  } as const
  return tracing.tracer.exposure([hit])
}

async function answer(question: DeskQuestion): Promise<DeskAnswer> {
  hosts = question.hosts
  try {
    const result = await traced(question.asks)
    return { id: question.id, kind: 'traced', result }
  } catch {
    // The message of a fault could quote the text.
    return { id: question.id, kind: 'failed' }
  }
}

port.on('message', (question: DeskQuestion) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  void answer(question).then((answered) => port.postMessage(answered))
})
