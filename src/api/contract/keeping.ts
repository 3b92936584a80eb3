/** Keeping: legal holds, what retention will erase, erasure on request with its receipt, and tombstones. */
import { z } from '@hono/zod-openapi'
import { REFUSAL_REASONS } from '../../model/erasure-jobs.ts'
import { ExchangeIdText, PageQuery, TimeMs, apiRoute, body, json, pageOf } from './common.ts'
import { ExchangeFilters, ExchangeParam } from './exchanges.ts'

export const REASON_MIN = 10
export const Reason = z.string().trim().min(REASON_MIN).max(1000)
const CASE_EXCHANGES_MAX = 1000
const ConversationId = z.string().regex(/^cv_[0-9a-z]{26}$/)

const NewHoldScope = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('exchange'), exchange: ExchangeIdText }),
    z.strictObject({ kind: z.literal('conversation'), conversation: ConversationId }),
    z.strictObject({ kind: z.literal('principal'), principal: z.string().min(1).max(500) }),
    z.strictObject({
      kind: z.literal('case'),
      case: z.string().trim().min(1).max(200),
      exchanges: z.array(ExchangeIdText).min(1).max(CASE_EXCHANGES_MAX),
    }),
    z.strictObject({
      kind: z.literal('query'),
      filter: z.strictObject(ExchangeFilters).openapi('HoldFilter'),
    }),
  ])
  .openapi('NewHoldScope', {
    description:
      'What is held. `principal` and `query` hold what is there and whatever comes while the hold is in force.',
  })

export const Hold = z
  .object({
    id: z.string(),
    kind: z.enum(['exchange', 'conversation', 'principal', 'case', 'query']),
    scope: z.string().openapi({ description: 'One line for people.' }),
    target: z
      .string()
      .openapi({ description: 'Id or name of what is held; the filter as JSON for a query.' }),
    reason: z.string(),
    setBy: z.string(),
    setAtMs: TimeMs,
    releasedBy: z.string().nullable(),
    releasedAtMs: TimeMs.nullable(),
    releaseReason: z.string().nullable(),
    mayRelease: z.boolean().openapi({ description: 'In force, and set by somebody else.' }),
  })
  .openapi('Hold')
export type Hold = z.infer<typeof Hold>

const Amount = z.object({
  exchanges: z.number().int(),
  bytes: z.number(),
  oldestMs: TimeMs.nullable(),
})

export const RetentionPlan = z
  .object({
    horizonDays: z.number().int(),
    classes: z.array(
      z.object({
        name: z.string(),
        minDays: z.number().int(),
        maxDays: z.number().int().nullable().openapi({ description: 'Null: kept.' }),
        dueBeforeMs: TimeMs.nullable(),
        due: Amount.openapi({
          description: 'Will be erased by the next runs, but for what is held.',
        }),
        soon: Amount.openapi({ description: 'Becomes due within the horizon.' }),
        held: z.number().int().openapi({ description: 'Of those due that were looked at.' }),
        lookedAt: z.number().int(),
      }),
    ),
  })
  .openapi('RetentionPlan')
export type RetentionPlan = z.infer<typeof RetentionPlan>

export const DueExchange = z
  .object({
    exchange: ExchangeIdText,
    receivedAtMs: TimeMs,
    dueAtMs: TimeMs.openapi({ description: 'Erased by the first run after it.' }),
    bytes: z.number(),
    holds: z
      .array(z.string())
      .openapi({ description: 'Legal holds: while any is in force it stays.' }),
  })
  .openapi('DueExchange')
export type DueExchange = z.infer<typeof DueExchange>

export const RetentionRun = z
  .object({
    erased: z.number().int(),
    bytes: z.number(),
    held: z.number().int(),
    more: z.boolean().openapi({ description: 'Something may be left: run it again.' }),
  })
  .openapi('RetentionRun')

export const ErasureValue = z.string().min(4).max(4000)

export const ErasureScope = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('exchange'),
      exchanges: z.array(ExchangeIdText).min(1).max(1000),
    }),
    z.strictObject({ kind: z.literal('principal'), principal: z.string().min(1).max(500) }),
    z.strictObject({ kind: z.literal('value'), value: ErasureValue }),
  ])
  .openapi('ErasureScope', {
    description:
      '`value`: every exchange in which this text stands, found by reading everything that is recorded. The text is kept nowhere.',
  })

export const ErasureRefusal = z.object({
  exchange: z.string(),
  why: z.enum(REFUSAL_REASONS),
  detail: z.string(),
})

export const ErasurePreview = z
  .object({
    exchanges: z.array(z.string()),
    refusals: z.array(ErasureRefusal),
    truncated: z.boolean().openapi({ description: 'More than 1000: make the request in parts.' }),
    searched: z.number().int(),
    unreadable: z.number().int(),
  })
  .openapi('ErasurePreview')
export type ErasurePreview = z.infer<typeof ErasurePreview>

export const ErasureReceipt = z
  .object({
    erasure: z.string(),
    event: z.string().openapi({ description: 'The event that announced it, durable before.' }),
    atMs: TimeMs,
    exchanges: z.array(z.string()),
    frames: z.number().int(),
    bytes: z.number(),
    shared: z
      .number()
      .int()
      .openapi({ description: 'Blocks and lists that stay because others refer to them.' }),
    leafIndex: z.number().int().nullable(),
    leaf: z.string().nullable().openapi({ description: 'The leaf of the log, base64.' }),
    proof: z.string().nullable().openapi({ description: 'A .tlog-proof file.' }),
    naming: z.array(z.string()).openapi({
      description:
        'Events of approvals that an older version wrote and that still name the caller.',
    }),
  })
  .openapi('ErasureReceipt')
export type ErasureReceipt = z.infer<typeof ErasureReceipt>

export const ErasureResult = z
  .object({
    request: z.string().nullable().openapi({ description: 'Null when it was refused.' }),
    erasures: z.array(ErasureReceipt),
    refused: ErasurePreview.nullable().openapi({
      description: 'Set when nothing was erased: by what, and for which exchanges.',
    }),
    refusals: z
      .array(ErasureRefusal)
      .openapi({ description: 'Held while others were being erased.' }),
    logKeys: z.array(z.string()),
  })
  .openapi('ErasureResult')
export type ErasureResult = z.infer<typeof ErasureResult>

export const Tombstone = z
  .object({
    id: ExchangeIdText,
    erasedAtMs: TimeMs,
    erasure: z.string(),
    event: z.string(),
    cause: z.enum(['retention', 'request']),
    rule: z.string().openapi({ description: 'Retention class, or kind of the request.' }),
    actor: z.string().openapi({ description: 'Empty: the gateway itself.' }),
    reason: z.string(),
  })
  .openapi('Tombstone')
export type Tombstone = z.infer<typeof Tombstone>

const tags = ['keeping']

export const listHolds = apiRoute('holds.list', {
  method: 'get',
  path: '/holds',
  tags,
  summary: 'Legal holds, newest first, released ones too',
  request: { query: z.object(PageQuery) },
  responses: { 200: json(pageOf(Hold), 'A page.') },
})

export const setHold = apiRoute('holds.set', {
  method: 'post',
  path: '/holds',
  tags,
  summary: 'Sets a legal hold: nothing it covers is erased while it is in force',
  request: { body: body(z.strictObject({ scope: NewHoldScope, reason: Reason })) },
  responses: { 201: json(Hold, 'In force.') },
})

export const releaseHold = apiRoute('holds.release', {
  method: 'post',
  path: '/holds/{id}/release',
  tags,
  summary: 'Releases a legal hold that somebody else set',
  request: {
    params: z.object({ id: z.string().max(100) }),
    body: body(z.strictObject({ reason: Reason })),
  },
  responses: { 200: json(Hold, 'Released.') },
})

export const planRetention = apiRoute('retention.plan', {
  method: 'get',
  path: '/retention',
  tags,
  summary: 'What retention will erase, by class, before it does',
  request: {
    query: z.object({ horizonDays: z.coerce.number().int().min(0).max(365).default(7) }),
  },
  responses: { 200: json(RetentionPlan, 'The plan as of now.') },
})

export const listDue = apiRoute('retention.plan', {
  method: 'get',
  path: '/retention/due',
  tags,
  summary: 'The exchanges of a class that retention will erase, oldest first, before it does',
  request: {
    query: z.object({
      ...PageQuery,
      retentionClass: z.string().min(1).max(200),
      horizonDays: z.coerce.number().int().min(0).max(365).default(0),
    }),
  },
  responses: { 200: json(pageOf(DueExchange), 'A page.') },
})

export const runRetention = apiRoute('retention.run', {
  method: 'post',
  path: '/retention/run',
  tags,
  summary: 'Erases some of what is due now instead of with the next regular run',
  request: {
    body: body(z.strictObject({ exchangesMax: z.number().int().min(1).max(500).default(100) })),
  },
  responses: { 200: json(RetentionRun, 'What was erased.') },
})

export const despiteMinimum = z.boolean().default(false).openapi({
  description: 'Also before the minimum of the retention class; it stands in the evidence.',
})

export const previewErasure = apiRoute('erasures.preview', {
  method: 'post',
  path: '/erasures/preview',
  tags,
  summary: 'What a request to erase would erase, and what stands in its way',
  request: { body: body(z.strictObject({ scope: ErasureScope, despiteMinimum })) },
  responses: { 200: json(ErasurePreview, 'Nothing was erased.') },
})

export const createErasure = apiRoute('erasures.create', {
  method: 'post',
  path: '/erasures',
  tags,
  summary: 'Erases on request, all of it or nothing, with a receipt that proves it',
  request: { body: body(z.strictObject({ scope: ErasureScope, reason: Reason, despiteMinimum })) },
  responses: { 200: json(ErasureResult, 'Erased, or refused with the reasons.') },
})

export const listErasures = apiRoute('erasures.list', {
  method: 'get',
  path: '/erasures',
  tags,
  summary: 'Tombstones of erased exchanges, newest exchange first',
  request: { query: z.object(PageQuery) },
  responses: { 200: json(pageOf(Tombstone), 'A page.') },
})

export const readErasure = apiRoute('erasures.list', {
  method: 'get',
  path: '/erasures/{id}',
  tags,
  summary: 'The receipt of an erasure, with its proof',
  request: { params: z.object({ id: z.string().max(100) }) },
  responses: { 200: json(ErasureReceipt, 'The receipt.') },
})

export const readTombstone = apiRoute('erasures.list', {
  method: 'get',
  path: '/exchanges/{id}/erasure',
  tags,
  summary: 'What stays of an erased exchange: when, by which rule or request',
  request: { params: ExchangeParam },
  responses: { 200: json(Tombstone, 'It was erased.') },
})
