/** Dead letters: what receivers did not take, sent once more or given up. */
import { z } from '@hono/zod-openapi'
import { TimeMs, apiRoute, body, json } from './common.ts'
import { REASON_MIN } from './keeping.ts'

export const DeadLetter = z
  .object({
    id: z.string(),
    kind: z.enum(['event', 'notice', 'alert']).openapi({
      description:
        '`event`: of a sink under `exports` of this gateway; `notice`: of an approval, to a receiver under `approvals`; `alert`: matches of an alert on a search, to one of the same receivers.',
    }),
    receiver: z
      .string()
      .openapi({ description: 'By its name in custody.yaml, never its address.' }),
    type: z.string().openapi({ example: 'exchange.closed' }),
    about: z.string().openapi({ description: 'Id of the event, the approval or the alert.' }),
    attempts: z.number().int(),
    error: z.string().openapi({
      description: 'The kind of the last failure, never what the receiver said.',
      example: 'status 422',
    }),
    sinceMs: TimeMs,
  })
  .openapi('DeadLetter')
export type DeadLetter = z.infer<typeof DeadLetter>

const ids = z.array(z.string().min(1).max(500)).min(1).max(200)

const Settled = z.object({
  done: z.array(z.string()),
  unknown: z.array(z.string()).openapi({
    description: 'Not there: never were, or somebody else was faster.',
  }),
})

const tags = ['gateway']

export const listDeadLetters = apiRoute('dead-letters.list', {
  method: 'get',
  path: '/dead-letters',
  tags,
  summary: 'What receivers of events, notices and alerts did not take',
  responses: {
    200: json(
      z.object({ items: z.array(DeadLetter), total: z.number().int() }),
      'Newest first, at most 200; `total` counts all, those too that are being sent again.',
    ),
  },
})

export const retryDeadLetters = apiRoute('dead-letters.retry', {
  method: 'post',
  path: '/dead-letters/retry',
  tags,
  summary: 'Has dead letters sent once more, under the same ids',
  description:
    'They leave the list, and come back with the new failure when the receiver does not take them again.',
  request: { body: body(z.strictObject({ ids })) },
  responses: { 200: json(Settled, 'They are sent within seconds.') },
})

export const dropDeadLetters = apiRoute('dead-letters.drop', {
  method: 'post',
  path: '/dead-letters/drop',
  tags,
  summary: 'Gives dead letters up, with a reason',
  description:
    'The receiver never hears of them. The exchanges and approvals themselves stay recorded.',
  request: {
    body: body(z.strictObject({ ids, reason: z.string().trim().min(REASON_MIN).max(1000) })),
  },
  responses: { 200: json(Settled, 'They are gone.') },
})
