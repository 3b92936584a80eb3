/** Erasures of a value as jobs: everything recorded is read for it, then all of it is erased, or nothing. */
import { z } from '@hono/zod-openapi'
import { ERASURE_JOB_STATES } from '../../model/erasure-jobs.ts'
import { TimeMs, apiRoute, body, json } from './common.ts'
import { ErasureRefusal, ErasureValue, Reason, despiteMinimum } from './keeping.ts'

export const ErasureJobHead = z
  .object({
    id: z.string(),
    digest: z
      .string()
      .openapi({ description: 'Keyed digest of the value, which is kept nowhere.' }),
    reason: z.string(),
    personName: z.string(),
    despiteMinimum: z.boolean(),
    dryRun: z.boolean(),
    state: z.enum([...ERASURE_JOB_STATES, 'interrupted']).openapi({
      description:
        '`interrupted`: its gateway ended. `refused`: something stands in the way, nothing was erased.',
    }),
    createdAtMs: TimeMs,
    updatedAtMs: TimeMs,
    untilMs: TimeMs.openapi({ description: 'What was recorded later is not looked into.' }),
    total: z.number().int(),
    searched: z.number().int(),
    unreadable: z.number().int().openapi({
      description: 'Could not be read, so nobody knows whether the value is in them.',
    }),
    found: z.number().int().openapi({ description: 'Hold the value and are not erased.' }),
    erased: z.number().int(),
    refused: z.number().int(),
  })
  .openapi('ErasureJobHead')
export type ErasureJobHead = z.infer<typeof ErasureJobHead>

export const ErasureJob = ErasureJobHead.extend({
  exchanges: z.array(z.string()).openapi({ description: 'The first thousand of `found`.' }),
  erasures: z.array(z.string()).openapi({ description: 'Each has a receipt: /erasures/{id}.' }),
  refusals: z.array(ErasureRefusal).openapi({ description: 'The first hundred.' }),
}).openapi('ErasureJob')
export type ErasureJob = z.infer<typeof ErasureJob>

const tags = ['keeping']
const JobParam = z.object({ id: z.string().max(40) })
export const EXCHANGES_SHOWN = 1_000

export const listErasureJobs = apiRoute('erasures.list', {
  method: 'get',
  path: '/erasure-jobs',
  tags,
  summary: 'Erasures of a value, newest first',
  responses: { 200: json(z.object({ items: z.array(ErasureJobHead) }), 'Jobs.') },
})

export const beginErasureJob = apiRoute('erasures.create', {
  method: 'post',
  path: '/erasure-jobs',
  tags,
  summary: 'Reads everything recorded for a value and erases the exchanges that hold it',
  description: 'The value is in memory while the job runs, and kept nowhere.',
  request: {
    body: body(
      z.strictObject({
        value: ErasureValue,
        reason: Reason,
        despiteMinimum,
        dryRun: z.boolean().default(false).openapi({ description: 'Only says what would be.' }),
        after: z.string().max(40).optional().openapi({
          description: 'A dry run of the same value that is done: what it read is not read again.',
        }),
      }),
    ),
  },
  responses: { 201: json(ErasureJob, 'It runs.') },
})

export const readErasureJob = apiRoute('erasures.preview', {
  method: 'get',
  path: '/erasure-jobs/{id}',
  tags,
  summary: 'How far an erasure has come, what it found, and what stands in its way',
  request: { params: JobParam },
  responses: { 200: json(ErasureJob, 'The job.') },
})

export const cancelErasureJob = apiRoute('erasures.create', {
  method: 'post',
  path: '/erasure-jobs/{id}/cancel',
  tags,
  summary: 'Cancels an erasure of a value; what was erased until then is erased',
  request: { params: JobParam },
  responses: { 200: json(ErasureJob, 'The job.') },
})

export const resumeErasureJob = apiRoute('erasures.create', {
  method: 'post',
  path: '/erasure-jobs/{id}/resume',
  tags,
  summary: 'Goes on where an erasure was cancelled, refused or interrupted',
  request: {
    params: JobParam,
    body: body(
      z.strictObject({
        value: ErasureValue.openapi({ description: 'The same value again.' }),
      }),
    ),
  },
  responses: { 200: json(ErasureJob, 'It runs.') },
})
