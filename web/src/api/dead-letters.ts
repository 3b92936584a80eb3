/** What receivers did not take. */
import { queryOptions } from '@tanstack/react-query'
import type {
  DeadLetter,
  dropDeadLetters,
  listDeadLetters,
  retryDeadLetters,
} from '../../../src/api/contract/dead-letters.ts'
import { call } from './client.ts'

export type { DeadLetter }

export const deadLettersQuery = queryOptions({
  queryKey: ['dead-letters'],
  queryFn: ({ signal }): Promise<{ items: DeadLetter[]; total: number }> =>
    call<typeof listDeadLetters>('get', '/dead-letters', { signal }),
  refetchInterval: 5_000,
})

export interface SettledLetters {
  readonly done: readonly string[]
  readonly unknown: readonly string[]
}

export const retryLetters = (ids: readonly string[]): Promise<SettledLetters> =>
  call<typeof retryDeadLetters>('post', '/dead-letters/retry', { body: { ids: [...ids] } })

export const dropLetters = (ids: readonly string[], reason: string): Promise<SettledLetters> =>
  call<typeof dropDeadLetters>('post', '/dead-letters/drop', { body: { ids: [...ids], reason } })
