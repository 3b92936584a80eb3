/** People who use the control plane: roles, state, and one-time login links. */
import { z } from '@hono/zod-openapi'
import {
  IdempotencyHeader,
  IfMatchHeader,
  RoleName,
  TimeMs,
  apiRoute,
  body,
  json,
} from './common.ts'

export const Person = z
  .object({
    id: z.string(),
    login: z.string().openapi({
      description: 'Also the principal of their exchanges and the owner of their keys.',
    }),
    name: z.string(),
    roles: z.array(RoleName),
    disabled: z.boolean(),
    createdAtMs: TimeMs,
    lastLoginAtMs: TimeMs.nullable(),
    approverGroups: z
      .array(z.object({ name: z.string(), by: z.string(), untilMs: TimeMs.nullable() }))
      .openapi({
        description:
          'Groups of approvers, and who says so: `custody.yaml`, `scim`, or the provider of the last login, which counts until a time.',
      }),
    etag: z.string(),
  })
  .openapi('Person')
export type Person = z.infer<typeof Person>

export const NewPerson = z
  .strictObject({
    login: z.string().max(200),
    name: z.string().max(200).default(''),
    roles: z.array(RoleName).min(1),
  })
  .openapi('NewPerson')

export const PersonChange = z
  .strictObject({
    name: z.string().max(200).optional(),
    roles: z.array(RoleName).min(1).optional(),
    disabled: z.boolean().optional(),
  })
  .openapi('PersonChange')

export const LoginLink = z
  .object({ loginUrl: z.string().nullable(), expiresAtMs: TimeMs })
  .openapi('LoginLink', { description: 'Single use. Null when the answer is repeated.' })
export type LoginLink = z.infer<typeof LoginLink>

export const Holdings = z
  .object({
    keys: z.array(z.object({ id: z.string(), name: z.string(), service: z.string() })),
    rules: z
      .array(z.object({ name: z.string(), service: z.string(), isConfigured: z.boolean() }))
      .openapi({ description: 'Trust rules that they answer for.' }),
    jobs: z
      .array(z.object({ rule: z.string(), principal: z.string(), lastUsedAtMs: TimeMs }))
      .openapi({ description: 'Jobs that they set off, by the trust rule that let them in.' }),
  })
  .openapi('Holdings')
export type Holdings = z.infer<typeof Holdings>

const tags = ['people']
const PersonParam = z.object({ id: z.string().max(40) })

export const listPeople = apiRoute('people.list', {
  method: 'get',
  path: '/people',
  tags,
  summary: 'People, oldest first',
  responses: { 200: json(z.object({ items: z.array(Person) }), 'People.') },
})

export const createPerson = apiRoute('people.create', {
  method: 'post',
  path: '/people',
  tags,
  summary: 'Adds a person',
  request: { headers: IdempotencyHeader, body: body(NewPerson) },
  responses: { 201: json(Person, 'Added.') },
})

export const readPerson = apiRoute('people.read', {
  method: 'get',
  path: '/people/{id}',
  tags,
  summary: 'One person',
  request: { params: PersonParam },
  responses: { 200: json(Person, 'With ETag.') },
})

export const updatePerson = apiRoute('people.update', {
  method: 'patch',
  path: '/people/{id}',
  tags,
  summary: 'Changes name, roles or state; disabling ends login sessions and tokens at once',
  request: { params: PersonParam, headers: IfMatchHeader, body: body(PersonChange) },
  responses: { 200: json(Person, 'As it is afterwards.') },
})

export const readHoldings = apiRoute('people.holdings', {
  method: 'get',
  path: '/people/{id}/holdings',
  tags,
  summary: 'What a person answers for or set off: to hand over, or to look at, when they leave',
  request: { params: PersonParam },
  responses: { 200: json(Holdings, 'Nothing of it ends by being listed.') },
})

export const createLoginLink = apiRoute('people.login-link', {
  method: 'post',
  path: '/people/{id}/login-link',
  tags,
  summary: 'Makes a one-time login link; earlier ones of the person end',
  request: { params: PersonParam, headers: IdempotencyHeader },
  responses: { 201: json(LoginLink, 'Hand it over in person.') },
})
