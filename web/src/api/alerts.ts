/** Alerts on searches. */
import { queryOptions } from '@tanstack/react-query'
import type {
  SearchAlert,
  createAlert,
  deleteAlert,
  listAlerts,
  updateAlert,
} from '../../../src/api/contract/alerts.ts'
import { call } from './client.ts'
import type { CallInput } from './client.ts'

export type { SearchAlert }

export const alertsQuery = queryOptions({
  queryKey: ['alerts'],
  queryFn: ({ signal }): Promise<{ items: SearchAlert[]; channels: string[] }> =>
    call<typeof listAlerts>('get', '/alerts', { signal }),
  refetchInterval: 5_000,
})

export type NewAlert = CallInput<typeof createAlert>['body']
export type AlertChange = CallInput<typeof updateAlert>['body']

export const setAlert = (body: NewAlert): Promise<SearchAlert> =>
  call<typeof createAlert>('post', '/alerts', { body })

export const changeAlert = (id: string, body: AlertChange): Promise<SearchAlert> =>
  call<typeof updateAlert>('patch', '/alerts/{id}', { params: { id }, body })

export const removeAlert = (id: string): Promise<undefined> =>
  call<typeof deleteAlert>('delete', '/alerts/{id}', { params: { id } })
