/** Saved views: names that a person gives to searches. */
import { queryOptions } from '@tanstack/react-query'
import type {
  SavedView,
  createView,
  deleteView,
  listViews,
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

export function removeView(view: SavedView): Promise<undefined> {
  return call<typeof deleteView>('delete', '/views/{id}', {
    params: { id: view.id },
    ifMatch: view.etag,
  })
}
