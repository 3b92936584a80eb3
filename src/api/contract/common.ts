/** What every part of the contract is made of: ids, pages, problems, and a route that names its operation. */
import { createRoute, z } from '@hono/zod-openapi'
import type { RouteConfig } from '@hono/zod-openapi'
import type { Operation } from '../../identity/permissions.ts'
import { ROLES } from '../../model/people.ts'

export const API_PREFIX = '/api/v1'
/** Calls that a cookie authenticates and that change something must carry it (any value): another site cannot set it. */
export const CSRF_HEADER = 'x-custody-csrf'

/** Marks a call that nobody asked for by hand (a poll): it does not put off the idle end of a login session. */
export const BACKGROUND_HEADER = 'x-custody-background'

/** Names the tool of a model that calls in the name of a person: such a call is audited, also where a person's is not. */
export const TOOL_HEADER = 'x-custody-tool'

export const TimeMs = z.number().openapi({ description: 'Milliseconds since the Unix epoch.' })
export const ExchangeIdText = z
  .string()
  .regex(/^ex_[0-9a-hjkmnp-tv-z]{26}$/)
  .openapi({ example: 'ex_01kb3w9m4v0000000000000001' })
export const RoleName = z.enum(ROLES).openapi('Role')

export const Problem = z
  .object({
    type: z.string().openapi({ example: 'about:blank' }),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string().openapi({ description: 'Stable, see the error reference.' }),
    hint: z.string(),
    requestId: z.string(),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .openapi({ description: 'What is wrong with the request, field by field.' }),
  })
  .openapi('Problem', { description: 'RFC 9457 problem details.' })

export type Problem = z.infer<typeof Problem>

/** `next` is the cursor of the following page; null on the last. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), next: z.string().nullable() })
}

export const PageQuery = {
  cursor: z.string().max(200).optional().openapi({ description: '`next` of the page before.' }),
  limit: z.coerce.number().int().min(1).max(200).default(50),
}

export const IdempotencyHeader = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{8,100}$/)
    .optional()
    .openapi({
      description:
        'A create with the same key and body within 24 hours is answered as the first one was, without its secret.',
    }),
})

export const IfMatchHeader = z.object({
  'if-match': z
    .string()
    .max(40)
    .optional()
    .openapi({ description: 'The ETag the change is based on; required.' }),
})

export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } }
}

export function body<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { 'application/json': { schema } } }
}

export const NO_CONTENT = { 204: { description: 'Done.' } } as const

/** A route is nothing without the operation that the role table judges it by. */
export function apiRoute<const Route extends RouteConfig>(operation: Operation, route: Route) {
  return Object.assign(createRoute(route), { operation })
}

export type Json<Schema extends z.ZodType> = z.infer<Schema>

export const Linked = z.string().nullable().openapi({
  description:
    'Names what was said up to here; a lock of kind `conversation` on it holds for whatever continues it. Null where the request was not read.',
})
