/** Provisioning clients: who may push people and groups by SCIM. */
import { z } from '@hono/zod-openapi'
import { IdempotencyHeader, TimeMs, apiRoute, body, json } from './common.ts'

export const ScimClient = z
  .object({
    id: z.string(),
    name: z.string(),
    hint: z.string(),
    createdBy: z.string(),
    createdAtMs: TimeMs,
    expiresAtMs: TimeMs.nullable(),
    lastUsedAtMs: TimeMs.nullable(),
    revokedAtMs: TimeMs.nullable(),
    state: z.enum(['active', 'expired', 'revoked']),
    users: z.number().int().openapi({ description: 'People that it keeps here.' }),
  })
  .openapi('ScimClient')
export type ScimClient = z.infer<typeof ScimClient>

const NewScimClient = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][\w .-]{0,62}$/)
      .openapi({ description: 'Such as `okta`; shown as who did what.' }),
    expiresInMs: z
      .number()
      .int()
      .positive()
      .nullable()
      .default(null)
      .openapi({ description: 'Null: until it is revoked.' }),
  })
  .openapi('NewScimClient')

export const CreatedScimClient = z
  .object({
    client: ScimClient,
    url: z.string().openapi({ description: 'Base URL for the provider.' }),
    text: z
      .string()
      .nullable()
      .openapi({ description: 'The token, this once; null when the answer is repeated.' }),
  })
  .openapi('CreatedScimClient')
export type CreatedScimClient = z.infer<typeof CreatedScimClient>

const tags = ['people']

export const listScimClients = apiRoute('scim-clients.list', {
  method: 'get',
  path: '/scim-clients',
  tags,
  summary: 'Provisioning clients, oldest first',
  responses: {
    200: json(z.object({ items: z.array(ScimClient), url: z.string() }), 'Clients.'),
  },
})

export const createScimClient = apiRoute('scim-clients.create', {
  method: 'post',
  path: '/scim-clients',
  tags,
  summary: 'Makes a provisioning client and its token',
  request: { headers: IdempotencyHeader, body: body(NewScimClient) },
  responses: { 201: json(CreatedScimClient, 'The token, shown once.') },
})

export const revokeScimClient = apiRoute('scim-clients.revoke', {
  method: 'post',
  path: '/scim-clients/{id}/revoke',
  tags,
  summary: 'Revokes a provisioning client; the people it made stay',
  request: { params: z.object({ id: z.string().max(40) }) },
  responses: { 200: json(ScimClient, 'Revoked.') },
})
