/** Entity pages and findings grouped by value: what is known of one principal, key, service, model, tool or found value. */
import { z } from '@hono/zod-openapi'
import { ENTITY_KINDS, PEER_FIELDS } from '../../incident/entities.ts'
import { TimeMs, apiRoute, json } from './common.ts'
import { ExchangeFilters, Histogram } from './exchanges.ts'
import { Hold } from './keeping.ts'
import { Lock } from './locks.ts'

const EntityKindName = z.enum(ENTITY_KINDS)

export const Entity = z
  .object({
    kind: EntityKindName,
    value: z.string(),
    name: z.string().openapi({ description: 'Of a key, or of what a value is; may be empty.' }),
    exchanges: z.number().int(),
    firstAtMs: TimeMs.nullable(),
    lastAtMs: TimeMs.nullable(),
    inputTokens: z.number(),
    outputTokens: z.number(),
    volumes: Histogram.shape.buckets.openapi({ description: 'From the first to the last.' }),
    states: z.array(z.object({ value: z.string(), count: z.number().int() })),
    peers: z
      .array(
        z.object({
          field: z.enum(PEER_FIELDS),
          values: z.array(z.object({ value: z.string(), count: z.number().int() })),
        }),
      )
      .openapi({ description: 'What stands beside it, in the most exchanges first.' }),
    locks: z
      .array(Lock)
      .nullable()
      .openapi({ description: 'Locks that hold on it; null where the roles show none.' }),
    holds: z
      .array(Hold.extend({ exchanges: z.number().int() }).openapi('HoldOnEntity'))
      .nullable()
      .openapi({
        description:
          'Legal holds in force that cover any of its newest 200 exchanges, and how many of them; null where the roles show none.',
      }),
    cases: z
      .array(
        z.object({
          id: z.string(),
          number: z.number().int(),
          title: z.string().openapi({ description: 'Empty where it is sealed.' }),
          status: z.string(),
        }),
      )
      .nullable()
      .openapi({ description: 'Cases in which an exchange of it is pinned.' }),
  })
  .openapi('Entity')
export type Entity = z.infer<typeof Entity>

export const FindingGroup = z
  .object({
    fingerprint: z.string().openapi({ description: 'Keyed: the same for the same value.' }),
    entity: z.string(),
    rule: z.string(),
    exchanges: z.number().int(),
    conversations: z.number().int().openapi({ description: 'Declared ones.' }),
    principals: z.number().int(),
    firstAtMs: TimeMs,
    lastAtMs: TimeMs,
  })
  .openapi('FindingGroup')
export type FindingGroup = z.infer<typeof FindingGroup>

export const readEntity = apiRoute('entities.read', {
  method: 'get',
  path: '/entities',
  tags: ['exchanges'],
  summary: 'Everything that is known of one principal, key, service, model, tool or found value',
  request: { query: z.object({ kind: EntityKindName, value: z.string().min(1).max(800) }) },
  responses: { 200: json(Entity, 'What is known.') },
})

export const listFindingGroups = apiRoute('findings.list', {
  method: 'get',
  path: '/findings',
  tags: ['exchanges'],
  summary: 'What detection saw, one row for each value, in the most exchanges first',
  request: {
    query: z.object({
      ...ExchangeFilters,
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: { 200: json(z.object({ items: z.array(FindingGroup) }), 'Values.') },
})
