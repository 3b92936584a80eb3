/** Exports that wait for another person: asked for, decided, fetched once. */
import { z } from '@hono/zod-openapi'
import { PageQuery, TimeMs, apiRoute, body, json, pageOf } from './common.ts'
import { Exchange } from './exchanges.ts'
import { BundleFile } from './exports.ts'
import { REASON_MIN } from './keeping.ts'

export const WaitingExport = z
  .object({
    id: z.string(),
    state: z.enum(['pending', 'approved', 'denied', 'expired', 'fetched']),
    content: z.enum(['masked', 'raw']),
    exchanges: z
      .array(z.string())
      .openapi({ description: 'What leaves, fixed when it was asked.' }),
    query: z
      .string()
      .nullable()
      .openapi({ description: 'The query that chose them, as a line; null where ids did.' }),
    case: z.string().nullable(),
    exhibit: z.string(),
    formats: z.array(z.string()),
    recipients: z.array(z.string()),
    reason: z.string(),
    askedBy: z.string(),
    askedAtMs: TimeMs,
    expiresAtMs: TimeMs,
    decidedBy: z.string().nullable(),
    decidedAtMs: TimeMs.nullable(),
    decisionReason: z.string().nullable(),
    bundle: z.string().nullable().openapi({ description: 'Made of it; an approval is for one.' }),
    mayDecide: z.boolean(),
    mayFetch: z.boolean(),
  })
  .openapi('WaitingExport')
export type WaitingExport = z.infer<typeof WaitingExport>

const tags = ['keeping']
const params = z.object({ id: z.string().max(100) })

export const listExportOrders = apiRoute('exports.orders', {
  method: 'get',
  path: '/exports/orders',
  tags,
  summary: 'Exports that wait or waited for another person, newest first',
  request: { query: z.object(PageQuery) },
  responses: { 200: json(pageOf(WaitingExport), 'A page.') },
})

export const readExportOrder = apiRoute('exports.orders', {
  method: 'get',
  path: '/exports/orders/{id}',
  tags,
  summary: 'One export that waits or waited, with the exchanges that it would hand out',
  request: { params },
  responses: {
    200: json(
      z
        .object({
          order: WaitingExport,
          exchanges: z.array(Exchange),
          gone: z
            .number()
            .int()
            .openapi({ description: 'Of those named: erased since, or never there.' }),
        })
        .openapi('ExportContents'),
      'What would leave.',
    ),
  },
})

export const decideExportOrder = apiRoute('exports.decide', {
  method: 'post',
  path: '/exports/orders/{id}/decision',
  tags,
  summary: 'Approves or denies an export that somebody else asked for',
  request: {
    params,
    body: body(
      z.strictObject({
        decision: z.enum(['approved', 'denied']),
        reason: z.string().trim().min(REASON_MIN).max(1000),
      }),
    ),
  },
  responses: { 200: json(WaitingExport, 'Decided; it stands in the evidence.') },
})

export const fetchExportOrder = apiRoute('exports.fetch', {
  method: 'post',
  path: '/exports/orders/{id}/bundle',
  tags,
  summary: 'The bundle of an export that was approved, once, for whoever asked for it',
  request: { params, body: body(z.strictObject({})) },
  responses: { 200: BundleFile },
})
