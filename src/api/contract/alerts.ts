/** Alerts on searches: whoever is told when an exchange matches, where, and how often. */
import { z } from '@hono/zod-openapi'
import { QUERY_CHARS_MAX } from '../../model/query/parse.ts'
import { NO_CONTENT, TimeMs, apiRoute, body, json } from './common.ts'

const MINUTE_MS = 60_000

export const SearchAlert = z
  .object({
    id: z.string(),
    view: z.string().openapi({ description: 'The saved search that it hangs on.' }),
    name: z.string().openapi({ description: 'Of the saved search.' }),
    q: z.string().openapi({ description: 'Of the saved search.' }),
    channel: z.string(),
    enabled: z.boolean(),
    mutedUntilMs: TimeMs.nullable(),
    everyMs: z.number(),
    personName: z.string(),
    own: z.boolean(),
    createdAtMs: TimeMs,
    matched: z.number().int().openapi({ description: 'Exchanges that matched, muted ones too.' }),
    sent: z.number().int().openapi({ description: 'Messages that were taken.' }),
    lastSentAtMs: TimeMs.nullable(),
    lastError: z.string().openapi({ description: 'Why the last message was not taken.' }),
    lastErrorAtMs: TimeMs.nullable(),
    retryAtMs: TimeMs.nullable(),
  })
  .openapi('SearchAlert')
export type SearchAlert = z.infer<typeof SearchAlert>

const name = z.string().trim().min(1).max(100)
const q = z.string().trim().min(1).max(QUERY_CHARS_MAX)
const everyMs = z
  .number()
  .int()
  .min(MINUTE_MS)
  .max(7 * 24 * 60 * MINUTE_MS)
  .openapi({ description: 'Told at most once in this time; the rest is told together.' })
const channel = z.string().max(200).openapi({
  description: 'One of `channels`: receivers that custody.yaml has under `approvals`.',
})

const tags = ['exchanges']
const AlertParam = z.object({ id: z.string().max(40) })

export const listAlerts = apiRoute('alerts.list', {
  method: 'get',
  path: '/alerts',
  tags,
  summary: 'Alerts on searches, and the channels they may use',
  responses: {
    200: json(
      z.object({ items: z.array(SearchAlert), channels: z.array(z.string()) }),
      'Alerts, oldest first.',
    ),
  },
})

export const createAlert = apiRoute('alerts.create', {
  method: 'post',
  path: '/alerts',
  tags,
  summary: 'Sets an alert on a saved search of one’s own',
  description:
    'Either `view`, a saved search of the page `exchanges`, or `name` and `q`, which are saved as one. Name and query of the alert are those of the saved search from then on.',
  request: {
    body: body(
      z.strictObject({
        view: z.string().max(40).optional(),
        name: name.optional(),
        q: q.optional(),
        channel,
        everyMs: everyMs.default(MINUTE_MS),
      }),
    ),
  },
  responses: { 201: json(SearchAlert, 'It watches what is indexed from now on.') },
})

export const updateAlert = apiRoute('alerts.update', {
  method: 'patch',
  path: '/alerts/{id}',
  tags,
  summary: 'Turns an alert on or off, mutes it, or changes where and how often it tells',
  request: {
    params: AlertParam,
    body: body(
      z.strictObject({
        channel: channel.optional(),
        everyMs: everyMs.optional(),
        enabled: z.boolean().optional(),
        mutedUntilMs: TimeMs.nullable().optional(),
      }),
    ),
  },
  responses: { 200: json(SearchAlert, 'As it is now.') },
})

export const deleteAlert = apiRoute('alerts.delete', {
  method: 'delete',
  path: '/alerts/{id}',
  tags,
  summary: 'Takes an alert away; the saved search stays',
  request: { params: AlertParam },
  responses: NO_CONTENT,
})
