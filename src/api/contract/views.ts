/** Saved views: a name for a search, kept per person. */
import { z } from '@hono/zod-openapi'
import {
  IdempotencyHeader,
  IfMatchHeader,
  NO_CONTENT,
  TimeMs,
  apiRoute,
  body,
  json,
} from './common.ts'

export const SavedView = z
  .object({
    id: z.string(),
    name: z.string(),
    page: z.string().openapi({ example: 'exchanges' }),
    query: z.string().openapi({ description: 'Search parameters of the page, as in its URL.' }),
    createdAtMs: TimeMs,
    updatedAtMs: TimeMs,
    etag: z.string(),
    alerts: z
      .array(z.object({ id: z.string(), channel: z.string(), enabled: z.boolean() }))
      .openapi({ description: 'Alerts that hang on it: they follow it, and stop with it.' }),
  })
  .openapi('SavedView')
export type SavedView = z.infer<typeof SavedView>

const fields = {
  name: z.string().trim().min(1).max(100),
  page: z.string().regex(/^[a-z][a-z-]{0,30}$/),
  query: z.string().max(4000),
}
const NewSavedView = z.strictObject(fields).openapi('NewSavedView')
const SavedViewChange = z.strictObject(fields).partial().openapi('SavedViewChange')

const tags = ['views']
const IdParam = z.object({ id: z.string().max(40) })

export const listViews = apiRoute('views.list', {
  method: 'get',
  path: '/views',
  tags,
  summary: 'One’s own saved views, oldest first',
  responses: { 200: json(z.object({ items: z.array(SavedView) }), 'Views.') },
})

export const createView = apiRoute('views.create', {
  method: 'post',
  path: '/views',
  tags,
  summary: 'Saves a view',
  request: { headers: IdempotencyHeader, body: body(NewSavedView) },
  responses: { 201: json(SavedView, 'Saved.') },
})

export const updateView = apiRoute('views.update', {
  method: 'patch',
  path: '/views/{id}',
  tags,
  summary: 'Changes a saved view; alerts that hang on it follow',
  request: { params: IdParam, headers: IfMatchHeader, body: body(SavedViewChange) },
  responses: { 200: json(SavedView, 'As it is afterwards.') },
})

export const deleteView = apiRoute('views.delete', {
  method: 'delete',
  path: '/views/{id}',
  tags,
  summary: 'Deletes a saved view',
  description:
    'Refused with 409 while alerts hang on it, unless `alerts=stop` says that they are to stop.',
  request: { params: IdParam, query: z.object({ alerts: z.enum(['stop']).optional() }) },
  responses: NO_CONTENT,
})
