/** Saved views: names that a person gives to searches. */
import { queryOptions } from '@tanstack/react-query'
import type {
  SavedView,
  createView,
  deleteView,
  listViews,
  updateView,
} from '../../../src/api/contract/views.ts'
import { call } from './client.ts'

export type { SavedView }

export const viewsQuery = queryOptions({
  queryKey: ['views'],
  queryFn: ({ signal }): Promise<{ items: SavedView[] }> =>
    call<typeof listViews>('get', '/views', { signal }),
  staleTime: 60_000,
})

export function saveView(view: { name: string; page: string; query: string }): Promise<SavedView> {
  return call<typeof createView>('post', '/views', { body: view })
}

export function changeView(
  { id, etag }: SavedView,
  change: { name: string; query: string },
): Promise<SavedView> {
  return call<typeof updateView>('patch', '/views/{id}', {
    params: { id },
    ifMatch: etag,
    body: change,
  })
}

/** With the alerts that hang on it. */
export function removeView(view: SavedView): Promise<undefined> {
  return call<typeof deleteView>('delete', '/views/{id}', {
    params: { id: view.id },
    query: view.alerts.length === 0 ? {} : { alerts: 'stop' },
    ifMatch: view.etag,
  })
}

/** The query that it brings back. */
export function searchOf({ query }: SavedView): string {
  return new URLSearchParams(query).get('q') ?? ''
}
