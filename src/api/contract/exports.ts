/** Export: exchanges as one signed bundle. */
import { z } from '@hono/zod-openapi'
import { OTHER_FORMATS } from '../../incident/export/other-formats.ts'
import { ExchangeIdText, TimeMs, apiRoute, body, json } from './common.ts'
import { ExchangeFilters } from './exchanges.ts'
import { REASON_MIN } from './keeping.ts'

export const EXPORT_EXCHANGES_MAX = 1000

export const ExportOrder = z
  .strictObject({
    exchanges: z.array(ExchangeIdText).max(EXPORT_EXCHANGES_MAX).optional(),
    filter: z
      .strictObject(ExchangeFilters)
      .optional()
      .openapi('ExportFilter', { description: 'Instead of ids; the newest 1000 that match.' }),
    case: z.string().trim().min(1).max(200).optional(),
    exhibit: z.string().trim().max(200).default(''),
    content: z.enum(['masked', 'raw']).default('masked').openapi({
      description: 'Raw needs the permission to reveal.',
    }),
    formats: z.array(z.enum(OTHER_FORMATS)).max(4).default([]),
    recipients: z
      .array(z.string().max(4000))
      .max(20)
      .default([])
      .openapi({ description: 'age recipients (age1…); none: not encrypted.' }),
    reason: z.string().trim().min(REASON_MIN).max(1000),
  })
  .openapi('ExportOrder')
export type ExportOrder = z.infer<typeof ExportOrder>

export const BundleFile = {
  description: 'The bundle: tar, or age over tar.',
  content: {
    'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) },
  },
}

export const createExport = apiRoute('exports.create', {
  method: 'post',
  path: '/exports',
  tags: ['keeping'],
  summary: 'A bundle of exchanges with proofs and chain of custody, as one signed file',
  request: { body: body(ExportOrder) },
  responses: {
    200: BundleFile,
    202: json(
      z.object({ order: z.string(), expiresAtMs: TimeMs }).openapi('ExportWaits'),
      'Another person must approve it; fetch it then under the id of the order.',
    ),
  },
})
