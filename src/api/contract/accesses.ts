/** Restricted content: asking to read it, and another person's answer. */
import { z } from '@hono/zod-openapi'
import {
  ExchangeIdText,
  IdempotencyHeader,
  NO_CONTENT,
  PageQuery,
  TimeMs,
  apiRoute,
  body,
  json,
  pageOf,
} from './common.ts'

const ACCESS_EXCHANGES_MAX = 1000
const ACCESS_REASON_MIN = 10

export const Access = z
  .object({
    id: z.string(),
    person: z.string(),
    personName: z.string(),
    exchanges: z.array(z.string()),
    reason: z.string(),
    minutes: z.number().int(),
    createdAtMs: TimeMs,
    dueAtMs: TimeMs,
    state: z.enum(['pending', 'lapsed', 'active', 'expired', 'refused', 'ended']),
    decidedByName: z.string(),
    decidedAtMs: TimeMs.nullable(),
    decisionReason: z.string(),
    expiresAtMs: TimeMs.nullable(),
    mayDecide: z.boolean().openapi({ description: 'Pending, and somebody else asks.' }),
  })
  .openapi('Access')
export type Access = z.infer<typeof Access>

/** Of one exchange, for one person. */
export const Restriction = z
  .object({
    by: z.array(z.string()).openapi({ description: 'Why it takes a second person.' }),
    access: z.object({ id: z.string(), expiresAtMs: TimeMs }).nullable().openapi({
      description: 'While one was let in.',
    }),
  })
  .openapi('Restriction')

const tags = ['content']
const AccessParam = z.object({ id: z.string().max(40) })
const reason = z.string().trim().min(ACCESS_REASON_MIN).max(1000)

export const listAccesses = apiRoute('accesses.list', {
  method: 'get',
  path: '/accesses',
  tags,
  summary: 'Requests to read restricted content, newest first',
  request: {
    query: z.object({ ...PageQuery, which: z.enum(['all', 'pending']).default('all') }),
  },
  responses: { 200: json(pageOf(Access), 'A page.') },
})

export const askAccess = apiRoute('accesses.ask', {
  method: 'post',
  path: '/accesses',
  tags,
  summary: 'Asks another person to let one read restricted content for a while',
  description:
    'Content is restricted by `restricted` in custody.yaml, and by a sealed case that pins it for whoever is no member.',
  request: {
    headers: IdempotencyHeader,
    body: body(
      z.strictObject({
        exchanges: z.array(ExchangeIdText).min(1).max(ACCESS_EXCHANGES_MAX),
        reason,
        minutes: z.number().int().min(1).max(480).default(60),
      }),
    ),
  },
  responses: { 201: json(Access, 'Waits for somebody else.') },
})

export const decideAccess = apiRoute('accesses.decide', {
  method: 'post',
  path: '/accesses/{id}/decide',
  tags,
  summary: 'Grants or refuses what somebody else asked for',
  description:
    'Approvers and investigators decide, never about their own request; about what a sealed case pins, its members.',
  request: {
    params: AccessParam,
    body: body(z.strictObject({ verdict: z.enum(['grant', 'refuse']), reason })),
  },
  responses: { 200: json(Access, 'Decided.') },
})

export const endAccess = apiRoute('accesses.end', {
  method: 'delete',
  path: '/accesses/{id}',
  tags,
  summary: 'Takes one’s own request back, or gives back what was granted',
  request: { params: AccessParam },
  responses: NO_CONTENT,
})
