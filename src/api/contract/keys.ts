/** Gateway keys: list, create (the key is shown once), revoke. */
import { z } from '@hono/zod-openapi'
import { KEY_FLAGS } from '../../identity/key-ownership.ts'
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
    flags: z.array(z.enum(KEY_FLAGS)).openapi({
      description:
        '`owner-gone`: the owner is disabled; `ownerless`: the owner is no person here; `stale`: not used for long.',
    }),
    endsAtMs: TimeMs.nullable().openapi({
      description: 'When it will end for a flag; null when it will not.',
    }),
  })
  .openapi('GatewayKey')
export type GatewayKey = z.infer<typeof GatewayKey>

const NewGatewayKey = z
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

const KeyParam = z.object({ id: z.string().max(40) })

export const handOverKey = apiRoute('keys.hand-over', {
  method: 'post',
  path: '/keys/{id}/hand-over',
  tags,
  summary: 'Gives a gateway key to another person, who answers for it from the next request on',
  request: {
    params: KeyParam,
    body: body(
      z
        .strictObject({
          owner: z.string().max(400).openapi({ description: 'Login of an active person.' }),
        })
        .openapi('KeyHandOver'),
    ),
  },
  responses: { 200: json(GatewayKey, 'As it is afterwards.') },
})

export const KeyLastUse = z
  .object({
    exchange: z.string().nullable().openapi({ description: 'The newest one; null when none.' }),
    atMs: TimeMs.nullable(),
    service: z.string(),
    remoteAddress: z.string(),
    userAgent: z.string(),
    model: z.string().nullable(),
    repository: z.string().openapi({ description: 'Empty when nothing says so.' }),
    run: z.string(),
    runUrl: z.string().nullable(),
    by: z.enum(['proven', 'declared', 'nothing']).openapi({
      description: 'Whether a token proved repository and run, or the caller declared them.',
    }),
  })
  .openapi('KeyLastUse')
export type KeyLastUse = z.infer<typeof KeyLastUse>

export const readKeyLastUse = apiRoute('keys.last-use', {
  method: 'get',
  path: '/keys/{id}/last-use',
  tags,
  summary: 'The last use of a gateway key: when, from where, by which run of which repository',
  request: { params: KeyParam },
  responses: { 200: json(KeyLastUse, 'Metadata alone.') },
})
