/** Containment: which locks hold, set one, see beforehand what it will hit, release it. */
import { z } from '@hono/zod-openapi'
import { LOCK_KINDS } from '../../model/containment.ts'
import { TimeMs, apiRoute, body, json } from './common.ts'

const LockKindName = z.enum(LOCK_KINDS).openapi('LockKind', {
  description:
    'What the lock is on. `person`: their own exchanges, those of keys and trust rules they own, and jobs that name them as actor. `model` takes a glob with `*`.',
})

export const Lock = z
  .object({
    id: z.string().openapi({ example: 'lk_01kb3w9m4v0000000000000001' }),
    kind: LockKindName,
    value: z.string(),
    reason: z.string(),
    owner: z.string().openapi({ description: 'Login of who set it.' }),
    createdAtMs: TimeMs,
    expiresAtMs: TimeMs.nullable(),
    releasedAtMs: TimeMs.nullable(),
    releasedBy: z.string(),
    releaseReason: z.string(),
    state: z.enum(['held', 'expired', 'released']),
  })
  .openapi('Lock')
export type Lock = z.infer<typeof Lock>

export const NewLock = z
  .strictObject({
    kind: LockKindName,
    value: z.string().max(800),
    reason: z.string().max(1000),
    expiresInMs: z.union([z.number().int().positive(), z.literal('never')]),
  })
  .openapi('NewLock')
export type NewLock = z.infer<typeof NewLock>

export const SetLock = z
  .object({
    lock: Lock,
    cut: z
      .number()
      .int()
      .openapi({ description: 'Exchanges in flight at this worker that it ended at once.' }),
  })
  .openapi('SetLock')
export type SetLock = z.infer<typeof SetLock>

export const LockPreview = z
  .object({
    sinceMs: TimeMs.openapi({ description: 'Exchanges are counted since then.' }),
    exchanges: z.number().int(),
    inFlight: z
      .number()
      .int()
      .openapi({ description: 'Open now, at every worker, as far as the index has them.' }),
    lastSeenAtMs: TimeMs.nullable(),
    lastExchange: z.string().nullable(),
    principals: z.array(z.object({ value: z.string(), count: z.number().int() })),
    services: z.array(z.object({ value: z.string(), count: z.number().int() })),
    models: z.array(z.object({ value: z.string(), count: z.number().int() })),
    keys: z
      .array(z.object({ id: z.string(), name: z.string(), owner: z.string() }))
      .openapi({ description: 'Active keys that would stop working.' }),
    locks: z.array(Lock).openapi({ description: 'Locks that hold on the same subject already.' }),
  })
  .openapi('LockPreview')
export type LockPreview = z.infer<typeof LockPreview>

const tags = ['containment']

export const listLocks = apiRoute('locks.list', {
  method: 'get',
  path: '/locks',
  tags,
  summary: 'Locks, newest first',
  request: { query: z.object({ which: z.enum(['held', 'all']).default('held') }) },
  responses: { 200: json(z.object({ items: z.array(Lock) }), 'Locks.') },
})

export const previewLock = apiRoute('locks.preview', {
  method: 'get',
  path: '/locks/preview',
  tags,
  summary: 'What a lock would hit: recent exchanges, those in flight, keys',
  request: { query: z.object({ kind: LockKindName, value: z.string().min(1).max(800) }) },
  responses: { 200: json(LockPreview, 'What it would hit.') },
})

export const createLock = apiRoute('locks.set', {
  method: 'post',
  path: '/locks',
  tags,
  summary: 'Locks: refuses new exchanges and cuts those in flight, on every worker within a second',
  request: { body: body(NewLock) },
  responses: { 201: json(SetLock, 'The lock holds.') },
})

export const releaseLock = apiRoute('locks.release', {
  method: 'post',
  path: '/locks/{id}/release',
  tags,
  summary: 'Releases a lock',
  request: {
    params: z.object({ id: z.string().max(40) }),
    body: body(z.strictObject({ reason: z.string().max(1000) })),
  },
  responses: { 200: json(Lock, 'Released, now or before.') },
})
