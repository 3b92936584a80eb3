/** One's own access: logging in and out, who one is, login sessions, personal API tokens. */
import { z } from '@hono/zod-openapi'
import { OPERATIONS } from '../../identity/permissions.ts'
import { IdempotencyHeader, NO_CONTENT, RoleName, TimeMs, apiRoute, body, json } from './common.ts'
import { Person } from './people.ts'

export const OperationName = z.string().openapi({
  enum: [...OPERATIONS],
  description: 'Name of an operation in the role table.',
})

export const Me = z
  .object({
    person: Person,
    roles: z
      .array(RoleName)
      .openapi({ description: 'In force for this call; a token may have fewer.' }),
    may: z
      .record(OperationName, z.enum(['all', 'own']))
      .openapi({ description: 'Operations one may call, and how far they reach.' }),
    authentication: z.enum(['login-session', 'api-token']),
    loginSession: z.string().nullable(),
    idleExpiresAtMs: TimeMs.nullable(),
    expiresAtMs: TimeMs.nullable(),
    breakGlass: z.array(z.object({ login: z.string(), sinceMs: TimeMs })).openapi({
      description: 'Break-glass accounts that are logged in; for admins and auditors.',
    }),
  })
  .openapi('Me')
export type Me = z.infer<typeof Me>

export const LoginMethods = z
  .object({
    methods: z.array(
      z.object({
        name: z.string(),
        kind: z.enum(['link', 'oidc', 'saml']),
        title: z.string(),
        startUrl: z.string().nullable().openapi({ description: 'Where a browser begins.' }),
      }),
    ),
  })
  .openapi('LoginMethods')
export type LoginMethods = z.infer<typeof LoginMethods>

export const LoginSession = z
  .object({
    id: z.string(),
    person: z.string(),
    personName: z.string(),
    method: z.string(),
    createdAtMs: TimeMs,
    lastSeenAtMs: TimeMs,
    expiresAtMs: TimeMs,
    address: z.string(),
    userAgent: z.string(),
    current: z.boolean(),
  })
  .openapi('LoginSession')
export type LoginSession = z.infer<typeof LoginSession>

export const ApiToken = z
  .object({
    id: z.string(),
    name: z.string(),
    hint: z.string(),
    roles: z.array(RoleName),
    createdAtMs: TimeMs,
    expiresAtMs: TimeMs,
    lastUsedAtMs: TimeMs.nullable(),
    revokedAtMs: TimeMs.nullable(),
    state: z.enum(['active', 'expired', 'revoked']),
  })
  .openapi('ApiToken')
export type ApiToken = z.infer<typeof ApiToken>

const NewApiToken = z
  .strictObject({
    name: z.string().max(200),
    roles: z.array(RoleName).min(1).openapi({ description: 'A subset of one’s own.' }),
    expiresInMs: z
      .number()
      .int()
      .positive()
      .max(366 * 24 * 3600 * 1000)
      .default(90 * 24 * 3600 * 1000),
  })
  .openapi('NewApiToken')

export const CreatedApiToken = z
  .object({
    token: ApiToken,
    text: z.string().nullable().openapi({ description: 'The token itself, this once.' }),
  })
  .openapi('CreatedApiToken')
export type CreatedApiToken = z.infer<typeof CreatedApiToken>

const tags = ['access']
const IdParam = z.object({ id: z.string().max(40) })

export const listLoginMethods = apiRoute('login.methods', {
  method: 'get',
  path: '/login/methods',
  tags,
  summary: 'How one can log in here',
  responses: { 200: json(LoginMethods, 'Methods.') },
})

export const loginByLink = apiRoute('login.link', {
  method: 'post',
  path: '/login/link',
  tags,
  summary: 'Exchanges the token of a one-time link for a login session cookie',
  request: { body: body(z.strictObject({ token: z.string().max(200) })) },
  responses: { 200: json(Me, 'Logged in; the cookie is set.') },
})

export const LoggedOut = z
  .object({
    continueUrl: z
      .string()
      .nullable()
      .openapi({ description: 'Where a browser goes to log out at the identity provider too.' }),
  })
  .openapi('LoggedOut')
export type LoggedOut = z.infer<typeof LoggedOut>

export const logout = apiRoute('login.end', {
  method: 'post',
  path: '/logout',
  tags,
  summary: 'Ends the current login session',
  responses: { 200: json(LoggedOut, 'Logged out here.') },
})

export const readMe = apiRoute('me.read', {
  method: 'get',
  path: '/me',
  tags,
  summary: 'Who one is and what one may do',
  responses: { 200: json(Me, 'Oneself.') },
})

export const listLoginSessions = apiRoute('login-sessions.list', {
  method: 'get',
  path: '/login-sessions',
  tags,
  summary: 'Active login sessions: one’s own, or everybody’s for an admin',
  responses: { 200: json(z.object({ items: z.array(LoginSession) }), 'Newest first.') },
})

export const revokeLoginSession = apiRoute('login-sessions.revoke', {
  method: 'delete',
  path: '/login-sessions/{id}',
  tags,
  summary: 'Ends a login session',
  request: { params: IdParam },
  responses: NO_CONTENT,
})

export const listTokens = apiRoute('tokens.list', {
  method: 'get',
  path: '/tokens',
  tags,
  summary: 'One’s own API tokens, newest first',
  responses: { 200: json(z.object({ items: z.array(ApiToken) }), 'Tokens.') },
})

export const createToken = apiRoute('tokens.create', {
  method: 'post',
  path: '/tokens',
  tags,
  summary: 'Makes an API token for oneself',
  request: { headers: IdempotencyHeader, body: body(NewApiToken) },
  responses: { 201: json(CreatedApiToken, 'The token, shown once.') },
})

export const revokeToken = apiRoute('tokens.revoke', {
  method: 'delete',
  path: '/tokens/{id}',
  tags,
  summary: 'Revokes an API token',
  request: { params: IdParam },
  responses: NO_CONTENT,
})
