/** Content of an exchange: blocks, the assembled answer, replay steps and raw bytes, masked or revealed; and reveals. */
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
import { ExchangeFilters, ExchangeParam } from './exchanges.ts'

export const ContentMode = z
  .enum(['masked', 'revealed'])
  .openapi({ description: 'Masked shows lengths and structure; revealed needs an open reveal.' })

export const ContentSide = z.enum(['received', 'sent']).openapi({
  description:
    'received: as the caller and the provider sent it. sent: as it left the gateway, with its masks, cut where the caller was cut off.',
})

const Headers = z.array(z.tuple([z.string(), z.string()]))

export const RequestHead = z.object({
  method: z.string(),
  target: z.string(),
  httpVersion: z.string(),
  headers: Headers,
})

export const ContentPart = z
  .object({
    kind: z.enum([
      'text',
      'reasoning',
      'tool-call',
      'tool-result',
      'tool-definition',
      'media',
      'json',
    ]),
    text: z.string(),
    name: z.string().nullable().openapi({ description: 'Of the tool, or the media type.' }),
    id: z.string().nullable().openapi({ description: 'Of the tool call.' }),
    truncated: z.boolean().openapi({ description: 'The rest is in the raw bytes.' }),
  })
  .openapi('ContentPart')
export type ContentPart = z.infer<typeof ContentPart>

export const ContentBlock = z
  .object({
    index: z.number().int(),
    id: z.string(),
    role: z.enum(['system', 'user', 'assistant', 'tool', 'tool-definition', 'other']),
    start: z.number().int().openapi({ description: 'Byte range in the decoded request body.' }),
    end: z.number().int(),
    bytes: z.number().int(),
    novelty: z.enum(['new', 'carried-over', 'seen-before', 'unknown']).openapi({
      description:
        'new: first recorded in this exchange. carried-over: first recorded in an earlier exchange of the same conversation. seen-before: first recorded elsewhere. unknown: not known, or not yours to know.',
    }),
    firstExchange: z.string().nullable(),
    parts: z.array(ContentPart),
  })
  .openapi('ContentBlock')
export type ContentBlock = z.infer<typeof ContentBlock>

export const AssembledAnswer = z
  .object({
    text: z.string(),
    reasoning: z.string(),
    refusal: z.string(),
    toolCalls: z.array(z.object({ id: z.string(), name: z.string(), arguments: z.string() })),
    error: z.string().nullable(),
    finishReason: z.string().nullable(),
    model: z.string().nullable(),
    responseId: z.string().nullable(),
    events: z.number().int(),
    truncated: z.boolean(),
  })
  .openapi('AssembledAnswer')

export const Content = z
  .object({
    id: ExchangeIdText,
    mode: ContentMode,
    side: ContentSide,
    reveal: z.object({ id: z.string(), expiresAtMs: TimeMs }).nullable(),
    request: z.object({
      received: RequestHead,
      sent: RequestHead.nullable(),
      kind: z.enum(['none', 'blocks', 'opaque', 'unreadable']),
      bytes: z.number().int(),
      blocks: z.array(ContentBlock),
      text: z
        .string()
        .nullable()
        .openapi({ description: 'Of a body without blocks, when it is text.' }),
      truncated: z.boolean(),
    }),
    answer: z.object({
      head: z
        .object({
          status: z.number().int(),
          headers: Headers,
          origin: z.enum(['upstream', 'gateway']),
          atMs: z.number(),
        })
        .nullable(),
      bytes: z.number().int(),
      chunks: z.number().int(),
      assembled: AssembledAnswer.nullable(),
      problem: z.string().openapi({ description: 'Why it could not be assembled; else empty.' }),
    }),
    problems: z.array(z.string()),
  })
  .openapi('Content')
export type Content = z.infer<typeof Content>

export const ReplayStep = z
  .object({
    chunk: z.number().int(),
    atMs: z.number().openapi({ description: 'Milliseconds since the exchange arrived.' }),
    bytes: z.number().int(),
    offset: z.number().int().openapi({ description: 'Of its first byte in the raw answer.' }),
    masks: z.number().int().openapi({ description: 'Values that were masked in this chunk.' }),
    findings: z.number().int().openapi({
      description:
        'Values that were found, came whole with this chunk, and were left as they were.',
    }),
    parts: z.array(
      z.object({
        channel: z.enum(['text', 'reasoning', 'refusal', 'tool-call', 'error']),
        number: z.number().int().openapi({ description: 'Tells tool calls apart.' }),
        name: z.string(),
        text: z.string().openapi({ description: 'What this chunk added.' }),
        restart: z.boolean().openapi({ description: 'Replaces what this channel had before.' }),
      }),
    ),
  })
  .openapi('ReplayStep')
export type ReplayStep = z.infer<typeof ReplayStep>

export const Replay = z
  .object({
    id: ExchangeIdText,
    mode: ContentMode,
    side: ContentSide,
    durationMs: z.number(),
    heldMs: z.number().openapi({
      description: 'How long it waited for people before it went on; 0 where nobody was asked.',
    }),
    chunks: z.number().int(),
    steps: z.array(ReplayStep),
    next: z.string().nullable(),
  })
  .openapi('Replay')
export type Replay = z.infer<typeof Replay>

export const RawBytes = z
  .object({
    id: ExchangeIdText,
    part: z.enum(['request', 'answer']),
    mode: ContentMode,
    side: ContentSide,
    decoded: z.boolean(),
    offset: z.number().int(),
    total: z.number().int(),
    base64: z
      .string()
      .openapi({ description: 'Masked: letters, digits and bytes above 127 are replaced by `x`.' }),
  })
  .openapi('RawBytes')
export type RawBytes = z.infer<typeof RawBytes>

const REVEAL_REASON_MIN = 10
const REVEAL_MINUTES_MAX = 60

export const RevealScope = z
  .union([
    z.strictObject({ kind: z.literal('exchange'), exchangeId: ExchangeIdText }),
    z.strictObject({
      kind: z.literal('query'),
      filter: z.strictObject(ExchangeFilters).openapi('RevealFilter'),
    }),
  ])
  .openapi('RevealScope')

export const Reveal = z
  .object({
    id: z.string(),
    person: z.string(),
    personName: z.string(),
    scope: z.union([
      z.object({ kind: z.literal('exchange'), exchangeId: z.string() }),
      z.object({ kind: z.literal('query'), filter: z.record(z.string(), z.unknown()) }),
    ]),
    reason: z.string(),
    createdAtMs: TimeMs,
    expiresAtMs: TimeMs,
    endedAtMs: TimeMs.nullable(),
    state: z.enum(['active', 'expired', 'ended']),
  })
  .openapi('Reveal')
export type Reveal = z.infer<typeof Reveal>

const tags = ['content']
const ModeQuery = {
  mode: ContentMode.default('masked'),
  side: ContentSide.default('received'),
}

export const readContent = apiRoute('content.read', {
  method: 'get',
  path: '/exchanges/{id}/content',
  tags,
  summary: 'The context window as blocks and the answer put together',
  request: { params: ExchangeParam, query: z.object(ModeQuery) },
  responses: { 200: json(Content, 'Content.') },
})

export const readReplay = apiRoute('content.read', {
  method: 'get',
  path: '/exchanges/{id}/replay',
  tags,
  summary: 'The answer chunk by chunk with its original timing',
  request: {
    params: ExchangeParam,
    query: z.object({
      ...ModeQuery,
      cursor: PageQuery.cursor,
      limit: z.coerce.number().int().min(1).max(2000).default(500),
    }),
  },
  responses: { 200: json(Replay, 'A page of steps.') },
})

export const readRaw = apiRoute('content.read', {
  method: 'get',
  path: '/exchanges/{id}/raw/{part}',
  tags,
  summary: 'Bytes of the request or the answer, page by page',
  request: {
    params: ExchangeParam.extend({ part: z.enum(['request', 'answer']) }),
    query: z.object({
      ...ModeQuery,
      offset: z.coerce.number().int().min(0).default(0),
      length: z.coerce.number().int().min(1).max(262_144).default(65_536),
      decoded: z
        .enum(['true', 'false'])
        .default('false')
        .transform((value) => value === 'true')
        .openapi({ description: 'Content-Encoding undone.' }),
    }),
  },
  responses: { 200: json(RawBytes, 'Bytes.') },
})

export const createReveal = apiRoute('reveals.create', {
  method: 'post',
  path: '/reveals',
  tags,
  summary: 'Opens content for oneself for a while, with a reason',
  request: {
    headers: IdempotencyHeader,
    body: body(
      z.strictObject({
        scope: RevealScope,
        reason: z.string().trim().min(REVEAL_REASON_MIN).max(1000),
        minutes: z.number().int().min(1).max(REVEAL_MINUTES_MAX).default(15),
      }),
    ),
  },
  responses: { 201: json(Reveal, 'Open.') },
})

export const listReveals = apiRoute('reveals.list', {
  method: 'get',
  path: '/reveals',
  tags,
  summary: 'Reveals, newest first: one’s own, or everybody’s for an auditor',
  request: {
    query: z.object({
      ...PageQuery,
      active: z
        .enum(['true', 'false'])
        .default('false')
        .transform((value) => value === 'true'),
    }),
  },
  responses: { 200: json(pageOf(Reveal), 'A page.') },
})

export const endReveal = apiRoute('reveals.end', {
  method: 'delete',
  path: '/reveals/{id}',
  tags,
  summary: 'Ends a reveal before its time',
  request: { params: z.object({ id: z.string().max(40) }) },
  responses: NO_CONTENT,
})
