/** The keys of the evidence: which root key wraps, which keys the log has, and the steps that change them. */
import { z } from '@hono/zod-openapi'
import { TimeMs, apiRoute, body, json } from './common.ts'
import { REASON_MIN } from './keeping.ts'

export const KeyringStatus = z
  .object({
    root: z.object({
      active: z.string().openapi({ description: 'Wraps everything that is made now.' }),
      leaving: z
        .string()
        .nullable()
        .openapi({ description: 'Being rotated away; null when no rotation is under way.' }),
      rewrapped: z.boolean().openapi({ description: 'Nothing needs the leaving key any more.' }),
      retired: z.array(z.string()).readonly(),
      segments: z.number().int(),
      segmentsLeft: z.number().int().openapi({ description: 'Only the leaving key opens them.' }),
      epochs: z
        .array(
          z.object({
            instance: z.string(),
            segment: z.number().int(),
            createdAtMs: TimeMs,
            classes: z
              .array(z.string())
              .readonly()
              .openapi({ description: 'Retention classes, each with an epoch key of its own.' }),
            root: z.string().openapi({ description: 'The root key that wraps them.' }),
          }),
        )
        .readonly()
        .openapi({ description: 'Epoch keys by segment, newest first; at most 200.' }),
    }),
    logKeys: z
      .array(z.object({ id: z.string(), verifier: z.string(), isActive: z.boolean() }))
      .readonly()
      .openapi({ description: 'Oldest first.' }),
  })
  .openapi('KeyringStatus')
export type KeyringStatus = z.infer<typeof KeyringStatus>

export const KeyringStep = z
  .strictObject({
    step: z.enum(['prepare', 'rewrap', 'retire', 'turn-back', 'rotate-log-key', 'revoke-log-key']),
    key: z
      .string()
      .regex(/^[0-9a-f]{8}$/)
      .optional()
      .openapi({ description: 'Id of the log key to revoke.' }),
    reason: z.string().trim().min(REASON_MIN).max(1000),
  })
  .openapi('KeyringStep')

const tags = ['evidence']

export const readKeyring = apiRoute('keyring.read', {
  method: 'get',
  path: '/keyring',
  tags,
  summary: 'Root keys and log keys, and how far a rotation has come',
  responses: { 200: json(KeyringStatus, 'As of now.') },
})

export const KeyringHistory = z
  .object({
    items: z.array(
      z.object({
        id: z.string(),
        type: z.string().openapi({ example: 'keyring.rewrapped' }),
        atMs: TimeMs,
        actor: z.string(),
        details: z
          .record(z.string(), z.unknown())
          .openapi({ description: 'Ids of keys and counts.' }),
      }),
    ),
  })
  .openapi('KeyringHistory')
export type KeyringHistory = z.infer<typeof KeyringHistory>

export const listKeyringSteps = apiRoute('keyring.read', {
  method: 'get',
  path: '/keyring/steps',
  tags,
  summary: 'Who rotated or revoked which key of the evidence, newest first',
  responses: { 200: json(KeyringHistory, 'The newest hundred steps, from the evidence itself.') },
})

export const stepKeyring = apiRoute('keyring.change', {
  method: 'post',
  path: '/keyring/steps',
  tags,
  summary: 'Makes one step of a rotation, or hands over or revokes a key of the log',
  request: { body: body(KeyringStep) },
  responses: { 200: json(KeyringStatus, 'Done; durable, and in the log.') },
})
