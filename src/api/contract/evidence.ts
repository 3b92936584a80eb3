/** The transparency log: its health, who holds its checkpoints, and verifying what was recorded. */
import { z } from '@hono/zod-openapi'
import { TimeMs, apiRoute, body, json } from './common.ts'

const Verification = z
  .discriminatedUnion('state', [
    z.object({ state: z.literal('never') }),
    z.object({
      state: z.literal('running'),
      leaves: z.number().int(),
      of: z.number().int(),
    }),
    z.object({ state: z.literal('failed'), reason: z.string(), atMs: TimeMs }),
    z.object({
      state: z.literal('done'),
      atMs: TimeMs,
      holds: z.boolean().openapi({ description: 'True when everything is as it was recorded.' }),
      records: z.object({
        verified: z.number().int(),
        erased: z.number().int(),
        missing: z.number().int(),
        altered: z.number().int(),
      }),
      unclosed: z.number().int(),
      gaps: z.number().int(),
      problems: z.array(z.string()).readonly(),
      problemCount: z.number().int(),
      tookMs: z.number(),
    }),
  ])
  .openapi('LogVerification')

export const EvidenceHealth = z
  .object({
    origin: z.string().openapi({ description: 'Name of the log.' }),
    keys: z.array(z.string()).openapi({ description: 'Verifier keys, oldest first.' }),
    size: z.number().int().openapi({ description: 'Leaves under the last checkpoint.' }),
    root: z.string(),
    checkpoint: z.string().openapi({ description: 'The signed note; keep it elsewhere.' }),
    waiting: z.number().int().openapi({ description: 'Leaves whose checkpoint comes next.' }),
    isBehind: z.boolean(),
    failure: z.string().openapi({ description: 'Empty while the log is written.' }),
    parties: z
      .array(
        z.object({
          kind: z.enum(['witness', 'receiver', 'timestamp']),
          name: z.string(),
          size: z.number().int().nullable(),
          atMs: TimeMs.nullable(),
          failure: z.string(),
        }),
      )
      .readonly(),
    instance: z.string(),
    verification: Verification,
    nowMs: TimeMs,
  })
  .openapi('EvidenceHealth')
export type EvidenceHealth = z.infer<typeof EvidenceHealth>

const tags = ['evidence']

export const readEvidence = apiRoute('evidence.health', {
  method: 'get',
  path: '/evidence',
  tags,
  summary: 'The transparency log, who holds its checkpoints, and the last verification',
  responses: { 200: json(EvidenceHealth, 'How it stands.') },
})

export const verifyEvidence = apiRoute('evidence.verify', {
  method: 'post',
  path: '/evidence/verification',
  tags,
  summary: 'Begins to verify every record against the log, beside the traffic',
  request: { body: body(z.strictObject({})) },
  responses: { 200: json(EvidenceHealth, 'It runs; ask for the health to see how far.') },
})
