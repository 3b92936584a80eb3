/** Hunts: list, begin, follow, cancel, take up again. */
import { queryOptions } from '@tanstack/react-query'
import type {
  Hunt,
  HuntHead,
  beginHunt,
  cancelHunt,
  listHunts,
  readHunt,
  resumeHunt,
} from '../../../src/api/contract/hunts.ts'
import { call } from './client.ts'

export type { Hunt, HuntHead }

const FOLLOW_MS = 1_000

export const huntsQuery = queryOptions({
  queryKey: ['hunts'],
  queryFn: ({ signal }): Promise<{ items: HuntHead[] }> =>
    call<typeof listHunts>('get', '/hunts', { signal }),
  refetchInterval: ({ state }) =>
    state.data?.items.some((hunt) => hunt.state === 'running') === true ? FOLLOW_MS : false,
})

export const huntQuery = (id: string) =>
  queryOptions({
    queryKey: ['hunts', id],
    queryFn: ({ signal }): Promise<Hunt> =>
      call<typeof readHunt>('get', '/hunts/{id}', { signal, params: { id } }),
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? FOLLOW_MS : false),
  })

export interface HuntForm {
  readonly kind: Hunt['kind']
  readonly text: string
  readonly title: string
  readonly q: string
}

export const begin = (body: HuntForm): Promise<Hunt> =>
  call<typeof beginHunt>('post', '/hunts', { body })

export const cancel = (id: string): Promise<Hunt> =>
  call<typeof cancelHunt>('post', '/hunts/{id}/cancel', { params: { id } })

export const resume = (id: string, text: string): Promise<Hunt> =>
  call<typeof resumeHunt>('post', '/hunts/{id}/resume', { params: { id }, body: { text } })
