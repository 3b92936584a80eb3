/** Trace: a text is put in, who was exposed to it comes out. */
import { z } from '@hono/zod-openapi'
import { TimeMs, apiRoute, body, json } from './common.ts'
import { Exchange } from './exchanges.ts'

export const TRACE_CHARS_MAX = 50_000

const direction = z
  .enum(['sent', 'received'])
  .openapi({ description: '`sent`: the request held it. `received`: the answer returned it.' })
const treatment = z.enum(['raw', 'masked', 'stopped', 'unknown']).openapi({
  description:
    'How it passed on: as it was, with a mask over it, not at all; `unknown` where the record was not read.',
})

export const TraceSpan = z
  .object({
    kind: z.enum(['passage', 'value']),
    start: z.number().int().openapi({ description: 'UTF-16 units of the recorded text.' }),
    end: z.number().int(),
    spelling: z.enum(['plain', 'base64', 'hex', 'percent', 'quoted-printable', 'html', 'escapes']),
    before: z.string().openapi({ description: 'What stands before it, masked.' }),
    match: z.string(),
    after: z.string(),
    from: z.number().int().openapi({ description: 'Normalised units of the searched text.' }),
    to: z.number().int(),
  })
  .openapi('TraceSpan')
export type TraceSpan = z.infer<typeof TraceSpan>

export const TraceHit = z
  .object({
    place: z.enum(['block', 'answer', 'upload', 'finding']),
    id: z.string().openapi({ description: 'Of the block, the exchange, or the fingerprint.' }),
    entity: z.string(),
    bytes: z.number(),
    coverage: z.number().openapi({ description: 'Share of the searched text, 0 to 1.' }),
    spans: z.array(TraceSpan),
  })
  .openapi('TraceHit')
export type TraceHit = z.infer<typeof TraceHit>

const TraceExposure = z
  .object({
    exchange: Exchange,
    direction,
    treatment,
    coverage: z.number(),
    hits: z.array(z.number().int()).openapi({ description: 'Places in the list of hits.' }),
  })
  .openapi('TraceExposure')
export type TraceExposure = z.infer<typeof TraceExposure>

const group = {
  value: z.string(),
  exchanges: z.number().int(),
  raw: z.number().int(),
  masked: z.number().int(),
  stopped: z.number().int(),
  sent: z.number().int(),
  received: z.number().int(),
  firstAtMs: TimeMs,
  lastAtMs: TimeMs,
}
export const TraceGroup = z.object(group).openapi('TraceGroup')
export type TraceGroup = z.infer<typeof TraceGroup>

const TraceProvider = z
  .object({
    ...group,
    upstream: z.string(),
    host: z.string(),
    region: z.string().openapi({ description: 'Read from the host; empty where it names none.' }),
    model: z.string(),
  })
  .openapi('TraceProvider')

export const TraceAnswer = z
  .object({
    digest: z.string().openapi({
      description: 'Keyed digest of the text, as the audit trail has it. The text is kept nowhere.',
    }),
    tookMs: z.number(),
    units: z.number().int().openapi({
      description: 'Letters and digits of the text. Any passage of 100 is found, most of 64 are.',
    }),
    values: z.number().int().openapi({ description: 'Keys, addresses and numbers in it.' }),
    first: z.object({ atMs: TimeMs, exchange: z.string(), direction }).nullable(),
    total: z.number().int().openapi({ description: 'Exposures, also those that are not listed.' }),
    exposures: z.array(TraceExposure),
    hits: z.array(TraceHit),
    principals: z.array(TraceGroup),
    services: z.array(TraceGroup),
    keys: z.array(TraceGroup),
    conversations: z.array(TraceGroup),
    providers: z.array(TraceProvider),
    viewers: z
      .array(
        z.object({
          person: z.string(),
          name: z.string(),
          exchanges: z.number().int(),
          revealed: z.boolean(),
          lastAtMs: TimeMs,
        }),
      )
      .openapi({ description: 'Who opened the content of these exchanges since.' }),
    candidates: z.number().int(),
    unconfirmed: z.number().int().openapi({
      description: 'Texts that share a fingerprint and were not read: too many, erased or damaged.',
    }),
    truncated: z.boolean(),
    isBehind: z
      .boolean()
      .openapi({ description: 'The newest exchanges are not in the index yet.' }),
  })
  .openapi('TraceAnswer')
export type TraceAnswer = z.infer<typeof TraceAnswer>

export const traceBlock = apiRoute('trace.search', {
  method: 'get',
  path: '/trace/blocks/{id}',
  tags: ['trace'],
  summary: 'Finds whose contexts held a block',
  request: { params: z.object({ id: z.string().regex(/^[\w-]{16,128}$/) }) },
  responses: { 200: json(TraceAnswer, 'Exposure; `digest` is the id of the block.') },
})

export const traceText = apiRoute('trace.search', {
  method: 'post',
  path: '/trace',
  tags: ['trace'],
  summary: 'Finds who was exposed to a text',
  description:
    'Finds passages, keys, addresses and numbers in everything recorded, however they were wrapped. Each hit was compared with the decrypted text. The text is neither stored nor logged.',
  request: {
    body: body(
      z
        .strictObject({
          text: z.string().min(1).max(TRACE_CHARS_MAX),
          limit: z.number().int().min(1).max(1000).default(200),
        })
        .openapi('TraceQuestion'),
    ),
  },
  responses: { 200: json(TraceAnswer, 'Exposure.') },
})
