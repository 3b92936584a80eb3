/** Traces: a text goes in the body of a call, never into an address, a query key or a history. */
import { queryOptions } from '@tanstack/react-query'
import type { TraceAnswer, traceBlock, traceText } from '../../../src/api/contract/trace.ts'
import { call } from './client.ts'

export type { TraceAnswer }
export type Exposure = TraceAnswer['exposures'][number]
export type TraceGroup = TraceAnswer['principals'][number]
export type TraceHit = TraceAnswer['hits'][number]
export type TraceSpan = TraceHit['spans'][number]

export function askTrace(text: string, limit: number): Promise<TraceAnswer> {
  return call<typeof traceText>('post', '/trace', { body: { text, limit } })
}

export const blockQuery = (id: string) =>
  queryOptions({
    queryKey: ['trace', 'block', id],
    queryFn: ({ signal }): Promise<TraceAnswer> =>
      call<typeof traceBlock>('get', '/trace/blocks/{id}', { signal, params: { id } }),
    staleTime: 15_000,
  })
