/** Requests to read restricted content, and answers to them. */
import { queryOptions } from '@tanstack/react-query'
import type {
  Access,
  askAccess,
  decideAccess,
  listAccesses,
} from '../../../src/api/contract/accesses.ts'
import { call } from './client.ts'

export type { Access }

export const accessesQuery = (which: 'all' | 'pending') =>
  queryOptions({
    queryKey: ['accesses', which],
    queryFn: ({ signal }): Promise<{ items: Access[]; next: string | null }> =>
      call<typeof listAccesses>('get', '/accesses', { signal, query: { which, limit: 50 } }),
    refetchInterval: 5_000,
  })

export function askToRead(exchanges: string[], reason: string, minutes: number): Promise<Access> {
  return call<typeof askAccess>('post', '/accesses', { body: { exchanges, reason, minutes } })
}

export function answerAccess(
  id: string,
  verdict: 'grant' | 'refuse',
  reason: string,
): Promise<Access> {
  return call<typeof decideAccess>('post', '/accesses/{id}/decide', {
    params: { id },
    body: { verdict, reason },
  })
}
