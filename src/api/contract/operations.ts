/** Running the gateway: upstreams and how they do, its state, the audit trail. */
import { z } from '@hono/zod-openapi'
import { PageQuery, TimeMs, apiRoute, json, pageOf } from './common.ts'

export const Upstream = z
  .object({
    name: z.string(),
    dialect: z.string(),
    sandbox: z.boolean(),
    host: z.string().openapi({ description: 'Host and port of its base URL.' }),
    hasCredential: z.boolean(),
    health: z
      .object({
        sinceMs: TimeMs,
        answered: z.number().int(),
        failed: z.number().int().openapi({ description: 'Status 5xx, 429, or no answer.' }),
        refused: z.number().int().openapi({ description: 'By the gateway; never sent.' }),
        open: z.number().int(),
        lastSuccessAtMs: TimeMs.nullable(),
        lastFailureAtMs: TimeMs.nullable(),
        lastErrorCode: z.string().nullable(),
      })
      .openapi({ description: 'From exchanges observed in the last hour.' }),
  })
  .openapi('Upstream')
export type Upstream = z.infer<typeof Upstream>

export const Status = z
  .object({
    version: z.string(),
    ready: z.boolean(),
    checks: z.record(z.string(), z.string()),
    evidence: z.object({
      ready: z.boolean(),
      reason: z.string(),
      freeBytes: z.number().nullable(),
      indexed: z.boolean(),
      instance: z.string(),
    }),
    exchangesInProgress: z.number().int(),
    startedAtMs: TimeMs,
    nowMs: TimeMs,
    proxyUrl: z.string(),
  })
  .openapi('Status')
export type Status = z.infer<typeof Status>

export const AuditEvent = z
  .object({
    id: z.string(),
    atMs: TimeMs,
    person: z.string().openapi({ description: 'Id; empty when nobody was known.' }),
    personName: z.string(),
    operation: z.string(),
    target: z.string().openapi({ description: 'Id of what it was done to, or empty.' }),
    outcome: z.enum(['allowed', 'done', 'denied', 'failed']),
    reason: z.string(),
    address: z.string(),
    authentication: z.string(),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  })
  .openapi('AuditEvent')
export type AuditEvent = z.infer<typeof AuditEvent>

export const listUpstreams = apiRoute('upstreams.list', {
  method: 'get',
  path: '/upstreams',
  tags: ['gateway'],
  summary: 'Upstreams, and how they did in the last hour',
  responses: { 200: json(z.object({ items: z.array(Upstream) }), 'Upstreams.') },
})

export const readStatus = apiRoute('status.read', {
  method: 'get',
  path: '/status',
  tags: ['gateway'],
  summary: 'Readiness and health of evidence',
  responses: { 200: json(Status, 'State.') },
})

export const listAudit = apiRoute('audit.list', {
  method: 'get',
  path: '/audit',
  tags: ['audit'],
  summary: 'Who did or read what, newest first; one’s own trail unless an auditor or admin',
  request: {
    query: z.object({
      ...PageQuery,
      person: z.string().max(40).optional(),
      operation: z.string().max(100).optional(),
      target: z.string().max(200).optional(),
      outcome: z.enum(['allowed', 'done', 'denied', 'failed']).optional(),
      sinceMs: z.coerce.number().min(0).optional(),
      untilMs: z.coerce.number().min(0).optional(),
    }),
  },
  responses: { 200: json(pageOf(AuditEvent), 'A page.') },
})
