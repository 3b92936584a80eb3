/** Erasures of a text as jobs: begin, follow, cancel, go on, and the receipt of what was erased. */
import { queryOptions } from '@tanstack/react-query'
import type {
  ErasureJob,
  ErasureJobHead,
  beginErasureJob,
  cancelErasureJob,
  listErasureJobs,
  readErasureJob,
  resumeErasureJob,
} from '../../../src/api/contract/erasure-jobs.ts'
import type { readErasure } from '../../../src/api/contract/keeping.ts'
import { call } from './client.ts'
import type { CallInput } from './client.ts'

export type { ErasureJob, ErasureJobHead }

const FOLLOW_MS = 1_000

export const isUnderWay = ({ state }: Pick<ErasureJobHead, 'state'>): boolean =>
  state === 'searching' || state === 'erasing'

/** The list is what is looked at again and again: opening a job is a reading that evidence keeps. */
export const erasureJobsQuery = queryOptions({
  queryKey: ['erasure-jobs'],
  queryFn: ({ signal }): Promise<{ items: ErasureJobHead[] }> =>
    call<typeof listErasureJobs>('get', '/erasure-jobs', { signal }),
  refetchInterval: ({ state }) => (state.data?.items.some(isUnderWay) === true ? FOLLOW_MS : false),
})

/** As it ended at that moment. */
export const erasureJobQuery = ({ id, updatedAtMs }: ErasureJobHead) =>
  queryOptions({
    queryKey: ['erasure-jobs', id, updatedAtMs],
    queryFn: ({ signal }): Promise<ErasureJob> =>
      call<typeof readErasureJob>('get', '/erasure-jobs/{id}', { params: { id }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })

export const beginJob = (body: CallInput<typeof beginErasureJob>['body']): Promise<ErasureJob> =>
  call<typeof beginErasureJob>('post', '/erasure-jobs', { body })

export const cancelJob = (id: string): Promise<ErasureJob> =>
  call<typeof cancelErasureJob>('post', '/erasure-jobs/{id}/cancel', { params: { id } })

export const resumeJob = (id: string, value: string): Promise<ErasureJob> =>
  call<typeof resumeErasureJob>('post', '/erasure-jobs/{id}/resume', {
    params: { id },
    body: { value },
  })

/** What `custody erase --receipt` writes. */
export async function receiptOf(job: ErasureJob): Promise<string> {
  const erasures = await Promise.all(
    job.erasures.map((id) => call<typeof readErasure>('get', '/erasures/{id}', { params: { id } })),
  )
  return `${JSON.stringify({ ...job, erasures }, null, 2)}\n`
}
