/** Hunts: a text, a pattern or a detector rule looked for in everything recorded, as a job that can be cancelled and taken up again. */
import { z } from '@hono/zod-openapi'
import { HUNT_KINDS, HUNT_STATES } from '../../model/hunts.ts'
import { QUERY_CHARS_MAX } from '../../model/query/parse.ts'
import { TimeMs, apiRoute, body, json } from './common.ts'

const HUNT_CHARS_MAX = 20_000

const Count = z.object({ value: z.string(), count: z.number().int() })

export const HuntHead = z
  .object({
    id: z.string(),
    kind: z.enum(HUNT_KINDS),
    title: z.string(),
    digest: z.string().openapi({
      description: 'Keyed digest of what is looked for, as the audit trail has it.',
    }),
    scope: z.string().openapi({ description: 'Query of the exchanges that count; empty for all.' }),
    personName: z.string(),
    state: z.enum([...HUNT_STATES, 'interrupted']).openapi({
      description:
        '`interrupted`: its gateway ended. `full`: more was found than is kept; narrow it.',
    }),
    createdAtMs: TimeMs,
    updatedAtMs: TimeMs,
    bytes: z.number().openapi({ description: 'Looked into; of a policy rule: exchanges.' }),
    bytesTotal: z.number(),
    texts: z.number().int().openapi({ description: 'Texts in which something was found.' }),
    exchanges: z.number().int().openapi({ description: 'Of the scope, that held such a text.' }),
  })
  .openapi('HuntHead')
export type HuntHead = z.infer<typeof HuntHead>

export const Hunt = HuntHead.extend({
  source: z.string().openapi({ description: 'Of rules; texts and patterns are kept nowhere.' }),
  services: z.array(Count),
  principals: z.array(Count),
  days: z.array(Count),
  samples: z.array(
    z.object({
      exchange: z.string(),
      atMs: TimeMs,
      direction: z.enum(['sent', 'received']),
      treatment: z.enum(['raw', 'masked', 'stopped', 'unknown']),
      principal: z.string(),
      service: z.string(),
      model: z.string(),
      matches: z.number().int(),
      excerpt: z.string().openapi({
        description: 'Masked; of the match only its shape. Empty after a restart.',
      }),
    }),
  ),
}).openapi('Hunt')
export type Hunt = z.infer<typeof Hunt>

export const NewHunt = z
  .strictObject({
    kind: z.enum(HUNT_KINDS).openapi({
      description:
        '`text` whatever its case; `pattern` in RE2 syntax; `rule` a detector rule in YAML; `policy` one policy rule in YAML, which recorded requests are put before.',
    }),
    text: z.string().min(1).max(HUNT_CHARS_MAX),
    title: z.string().trim().min(1).max(120).openapi({
      description: 'What people call it. It is kept: do not write what is looked for.',
    }),
    q: z.string().max(QUERY_CHARS_MAX).default(''),
  })
  .openapi('NewHunt')

const tags = ['trace']
const HuntParam = z.object({ id: z.string().max(40) })

export const listHunts = apiRoute('hunts.list', {
  method: 'get',
  path: '/hunts',
  tags,
  summary: 'Hunts, newest first',
  responses: { 200: json(z.object({ items: z.array(HuntHead) }), 'Hunts.') },
})

export const beginHunt = apiRoute('hunts.begin', {
  method: 'post',
  path: '/hunts',
  tags,
  summary: 'Decrypts the record and looks for a text, a pattern, or what a rule says',
  description: 'What is looked for is in memory while the hunt runs, and kept nowhere.',
  request: { body: body(NewHunt) },
  responses: { 201: json(Hunt, 'It runs.') },
})

export const readHunt = apiRoute('hunts.read', {
  method: 'get',
  path: '/hunts/{id}',
  tags,
  summary: 'How far a hunt has come, and what it has found so far',
  request: { params: HuntParam },
  responses: { 200: json(Hunt, 'The hunt.') },
})

export const cancelHunt = apiRoute('hunts.cancel', {
  method: 'post',
  path: '/hunts/{id}/cancel',
  tags,
  summary: 'Cancels a hunt; what was found stays',
  request: { params: HuntParam },
  responses: { 200: json(Hunt, 'The hunt.') },
})

export const resumeHunt = apiRoute('hunts.resume', {
  method: 'post',
  path: '/hunts/{id}/resume',
  tags,
  summary: 'Goes on where a hunt was cancelled or interrupted',
  request: {
    params: HuntParam,
    body: body(
      z.strictObject({
        text: z.string().max(HUNT_CHARS_MAX).default('').openapi({
          description: 'The same text or pattern again; of a rule nothing.',
        }),
      }),
    ),
  },
  responses: { 200: json(Hunt, 'It runs.') },
})
