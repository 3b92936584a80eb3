/** How an exchange went, as the record of it says: what it used, how it waited for people. */
import { z } from '@hono/zod-openapi'
import { APPROVAL_STATES } from '../../model/approval.ts'
import { STREAM_KEEPALIVES } from '../../model/keepalive.ts'

export const Usage = z.object({
  inputTokens: z.number().nullable(),
  outputTokens: z.number().nullable(),
  cachedInputTokens: z.number().nullable(),
  reasoningTokens: z.number().nullable(),
})

const keptAlive = z.object({
  by: z.enum([...STREAM_KEEPALIVES, 'whitespace']),
  times: z.number().int(),
  firstAfterMs: z.number(),
  isBegun: z.boolean().openapi({ description: 'Status 200 was given before the decision.' }),
})

export const Held = z.object({
  approval: z.string(),
  state: z.enum(APPROVAL_STATES),
  waitedMs: z.number(),
  keptAlive: keptAlive
    .nullable()
    .openapi({ description: 'What the caller was sent meanwhile; null for silence.' }),
})
