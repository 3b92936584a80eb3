/** Trust rules: which tokens of other issuers are accepted; those of custody.yaml are shown, those of the console made here. */
import { z } from '@hono/zod-openapi'
import { KEY_FLAGS } from '../../identity/key-ownership.ts'
import { IfMatchHeader, TimeMs, apiRoute, body, json } from './common.ts'

const Texts = z.array(z.string())

export const TrustRule = z
  .object({
    name: z.string(),
    kind: z.enum(['jwt', 'saml', 'certificate']),
    preset: z.string().nullable(),
    issuer: z.string(),
    audiences: Texts,
    conditions: z.record(z.string(), Texts),
    principal: z.string(),
    service: z.string(),
    owner: z.string(),
    keep: Texts,
    allowedUpstreams: Texts.nullable(),
    allowedModels: Texts.nullable(),
    isConfigured: z.boolean().openapi({ description: 'It stands in custody.yaml.' }),
    groups: Texts,
    principalKind: z.string(),
    actor: z.string().openapi({ description: 'Template of who set the job off.' }),
    flags: z.array(z.enum(KEY_FLAGS)).openapi({
      description:
        'owner-gone: its owner is disabled. ownerless: its owner is no person here. stale: it let nobody in for long.',
    }),
    endsAtMs: TimeMs.nullable().openapi({
      description: 'When it expires for what is flagged; a use, a change or a hand-over renews it.',
    }),
    ended: z
      .object({ atMs: TimeMs, because: z.string() })
      .nullable()
      .openapi({ description: 'It expired, and lets nobody in until it is renewed.' }),
    lastUsedAtMs: TimeMs.nullable(),
    written: z
      .record(z.string(), z.unknown())
      .nullable()
      .openapi({ description: 'As it was written; null where it stands in custody.yaml.' }),
    createdBy: z.string(),
    updatedAtMs: TimeMs.nullable(),
    etag: z.string().nullable(),
  })
  .openapi('TrustRule')
export type TrustRule = z.infer<typeof TrustRule>

export const ExchangedToken = z
  .object({
    id: z.string().openapi({ example: 'ct_01kb3w9m4v0000000000000001' }),
    rule: z.string(),
    principal: z.string(),
    actor: z.string(),
    grantType: z.string(),
    issuedAtMs: TimeMs,
    expiresAtMs: TimeMs,
  })
  .openapi('ExchangedToken')

const tags = ['trust']

export const listTrustRules = apiRoute('trust.list', {
  method: 'get',
  path: '/trust-rules',
  tags,
  summary: 'Trust rules, those of custody.yaml first',
  responses: { 200: json(z.object({ items: z.array(TrustRule) }), 'Rules.') },
})

export const createTrustRule = apiRoute('trust.create', {
  method: 'post',
  path: '/trust-rules',
  tags,
  summary: 'Makes a trust rule; one that would let strangers in is refused',
  request: {
    body: body(
      z.strictObject({
        name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
        rule: z
          .record(z.string(), z.unknown())
          .openapi({ description: 'Settings as under `trust.rules.<name>` of custody.yaml.' }),
      }),
    ),
  },
  responses: { 201: json(TrustRule, 'The rule holds from the next call on.') },
})

const RuleParam = z.object({ name: z.string().max(80) })

export const updateTrustRule = apiRoute('trust.update', {
  method: 'put',
  path: '/trust-rules/{name}',
  tags,
  summary: 'Writes a trust rule of the console anew; those of custody.yaml are changed there',
  request: {
    params: RuleParam,
    headers: IfMatchHeader,
    body: body(
      z.strictObject({
        rule: z
          .record(z.string(), z.unknown())
          .openapi({ description: 'Settings as under `trust.rules.<name>` of custody.yaml.' }),
      }),
    ),
  },
  responses: { 200: json(TrustRule, 'It holds from the next call on.') },
})

export const handOverTrustRule = apiRoute('trust.hand-over', {
  method: 'post',
  path: '/trust-rules/{name}/hand-over',
  tags,
  summary:
    'Gives a trust rule to an active person, who answers for it from then on, and renews it; one of custody.yaml only to the owner who stands there',
  request: { params: RuleParam, body: body(z.strictObject({ owner: z.string().max(200) })) },
  responses: { 200: json(TrustRule, 'With its new owner.') },
})

export const deleteTrustRule = apiRoute('trust.delete', {
  method: 'delete',
  path: '/trust-rules/{name}',
  tags,
  summary: 'Removes a trust rule of the console; the tokens it let in end',
  request: { params: RuleParam },
  responses: { 204: { description: 'Removed.' } },
})

export const listExchangedTokens = apiRoute('trust.tokens', {
  method: 'get',
  path: '/exchanged-tokens',
  tags,
  summary: 'Live tokens that were made by exchange, newest first',
  responses: { 200: json(z.object({ items: z.array(ExchangedToken) }), 'Tokens.') },
})

export const revokeExchangedToken = apiRoute('trust.revoke-token', {
  method: 'post',
  path: '/exchanged-tokens/{id}/revoke',
  tags,
  summary: 'Revokes a token from its next call on',
  request: { params: z.object({ id: z.string().max(40) }) },
  responses: { 204: { description: 'Revoked.' } },
})
