/** SCIM 2.0 (RFC 7644) under its own prefix, with its own tokens: users, groups, and what the server can do. */
import { Hono } from 'hono'
import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { asAttributes } from '../../identity/scim/attributes.ts'
import { resourceTypes, schemas, serviceProviderConfig } from '../../identity/scim/discovery.ts'
import { scimClientBy } from '../../identity/scim/scim-clients.ts'
import { ScimProblem } from '../../identity/scim/scim-problem.ts'
import { newControlId } from '../../lib/ids.ts'
import type { ApiParts } from '../parts.ts'
import { RateLimit } from '../rate-limit.ts'
import { SCIM_PREFIX } from './door.ts'
import type { ScimDoor, ScimEnv } from './door.ts'
import { groupRoutes } from './group-routes.ts'
import { listAnswer } from './list-answer.ts'
import { userRoutes } from './user-routes.ts'

const MEDIA_TYPE = 'application/scim+json'
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error'
const BODY_BYTES_MAX = 2 * 1024 * 1024
/** A first sync of a large directory comes as fast as it can. */
const PER_CLIENT = { burst: 1000, perSecond: 100 }
const PER_STRANGER = { burst: 30, perSecond: 0.5 }

export function scimApp(api: ApiParts): Hono<ScimEnv> {
  const app = new Hono<ScimEnv>()
  const clients = new RateLimit(api.clock, PER_CLIENT)
  const strangers = new RateLimit(api.clock, PER_STRANGER)
  app.use(
    bodyLimit({
      maxSize: BODY_BYTES_MAX,
      onError: () => {
        throw new ScimProblem(413, 'the body is too large')
      },
    }),
  )
  app.use(async (context, next) => {
    const token = /^Bearer +(\S+) *$/i.exec(context.req.header('authorization') ?? '')?.[1] ?? ''
    const client = await scimClientBy(api.control.scim.clients, api.clock, token)
    const [limit, name] =
      client === null ? [strangers, context.get('address')] : [clients, client.id]
    const seconds = limit.take(name)
    if (seconds > 0) {
      context.header('retry-after', String(seconds))
      throw new ScimProblem(429, 'too many calls')
    }
    if (client === null) {
      context.header('www-authenticate', 'Bearer realm="custody scim"')
      throw new ScimProblem(401, 'the token is not one of a provisioning client')
    }
    context.set('client', client)
    await next()
  })
  const door: ScimDoor = {
    app,
    parts: api.scim,
    base: () => `${api.consoleUrl()}${SCIM_PREFIX}`,
    json: (context, body, status = 200, etag = '') => {
      if (etag !== '') context.header('etag', etag)
      return context.body(JSON.stringify(body), status, { 'content-type': MEDIA_TYPE })
    },
    body: async (context) => asAttributes(await readJson(context)),
    audit: (context, deed, target) => note(api, context, deed, target),
  }
  discoveryRoutes(door)
  userRoutes(door)
  groupRoutes(door)
  app.onError((error, context) => problem(context, error, api))
  app.notFound((context) => problem(context, new ScimProblem(404, 'there is nothing here'), api))
  return app
}

function discoveryRoutes({ app, base, json }: ScimDoor): void {
  app.get('/ServiceProviderConfig', (context) => json(context, serviceProviderConfig(base())))
  for (const [path, all] of [
    ['/ResourceTypes', resourceTypes],
    ['/Schemas', schemas],
  ] as const) {
    app.get(path, (context) => json(context, listAnswer(all(base()))))
    app.get(`${path}/:id`, (context) => {
      const found = all(base()).find(({ id }) => id === context.req.param('id'))
      if (found === undefined) throw new ScimProblem(404, 'there is nothing here')
      return json(context, found)
    })
  }
}

async function readJson(context: Context<ScimEnv>): Promise<unknown> {
  const type = context.req.header('content-type') ?? ''
  if (!/^application\/(?:scim\+)?json\b/i.test(type))
    throw new ScimProblem(415, 'the body is not application/scim+json')
  try {
    return await context.req.json()
  } catch (error) {
    if (error instanceof ScimProblem) throw error
    throw new ScimProblem(400, 'the body is not JSON', 'invalidSyntax')
  }
}

async function note(
  api: ApiParts,
  context: Context<ScimEnv>,
  deed: string,
  target: string,
): Promise<void> {
  const client = context.get('client')
  const nowMs = api.clock.nowMs()
  await api.control.audit.append({
    id: newControlId('au', nowMs),
    atMs: nowMs,
    person: '',
    personName: `scim:${client.name}`,
    operation: deed,
    target,
    outcome: 'done',
    reason: '',
    address: context.get('address'),
    authentication: `scim-client ${client.id}`,
    details: {},
  })
}

function problem(context: Context<ScimEnv>, error: unknown, api: ApiParts): Response {
  const known =
    error instanceof ScimProblem
      ? error
      : error instanceof HTTPException
        ? new ScimProblem(error.status, 'the request is not acceptable')
        : new ScimProblem(500, 'a fault of the gateway')
  if (known.status === 500) api.onFault('scim fault', error)
  const body = {
    schemas: [ERROR],
    status: String(known.status),
    ...(known.scimType === null ? {} : { scimType: known.scimType }),
    detail: known.message,
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own statuses, all of which have a body
  const status = known.status as ContentfulStatusCode
  return context.body(JSON.stringify(body), status, { 'content-type': MEDIA_TYPE })
}
