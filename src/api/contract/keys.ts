/** Gateway keys: list, create (the key is shown once), revoke. */
import { z } from '@hono/zod-openapi'
import { IdempotencyHeader, TimeMs, apiRoute, body, json } from './common.ts'

export const GatewayKey = z
  .object({
    id: z.string(),
    hint: z.string().openapi({ example: 'cst_3kTz…9aXe' }),
    name: z.string(),
    owner: z.string(),
    service: z.string(),
    allowedUpstreams: z.array(z.string()).nullable(),
    allowedModels: z.array(z.string()).nullable(),
    createdAtMs: TimeMs,
    expiresAtMs: TimeMs.nullable(),
    revokedAtMs: TimeMs.nullable(),
    lastUsedAtMs: TimeMs.nullable(),
    state: z.enum(['active', 'expired', 'revoked']),
  })
  .openapi('GatewayKey')
export type GatewayKey = z.infer<typeof GatewayKey>

export const NewGatewayKey = z
  .strictObject({
    name: z.string().max(200),
    owner: z.string().max(400),
    service: z.string().max(200).default(''),
    expiresInMs: z
      .union([z.number().int().positive(), z.literal('never')])
      .optional()
      .openapi({ description: '90 days unless told.' }),
    allowedUpstreams: z.array(z.string()).max(200).nullable().default(null),
    allowedModels: z.array(z.string()).max(200).nullable().default(null),
  })
  .openapi('NewGatewayKey')
export type NewGatewayKey = z.infer<typeof NewGatewayKey>

export const CreatedGatewayKey = z
  .object({
    key: GatewayKey,
    text: z
      .string()
      .nullable()
      .openapi({ description: 'The key itself, this once; null when the answer is repeated.' }),
  })
  .openapi('CreatedGatewayKey')
export type CreatedGatewayKey = z.infer<typeof CreatedGatewayKey>

const tags = ['keys']

export const listKeys = apiRoute('keys.list', {
  method: 'get',
  path: '/keys',
  tags,
  summary: 'Gateway keys, oldest first',
  responses: { 200: json(z.object({ items: z.array(GatewayKey) }), 'Keys.') },
})

export const createKey = apiRoute('keys.create', {
  method: 'post',
  path: '/keys',
  tags,
  summary: 'Makes a gateway key',
  request: { headers: IdempotencyHeader, body: body(NewGatewayKey) },
  responses: { 201: json(CreatedGatewayKey, 'The key, shown once.') },
})

export const revokeKey = apiRoute('keys.revoke', {
  method: 'post',
  path: '/keys/{id}/revoke',
  tags,
  summary: 'Revokes a gateway key from the next request on',
  request: { params: z.object({ id: z.string().max(40) }) },
  responses: { 200: json(GatewayKey, 'Revoked, now or before.') },
})
