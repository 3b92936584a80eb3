/** The policy: what is in force, its versions, and how a new one is checked, tried on what was recorded, and published. */
import { z } from '@hono/zod-openapi'
import { VERDICTS } from '../../model/decision.ts'
import { ExchangeIdText, TimeMs, apiRoute, body, json, pageOf } from './common.ts'

const TEXT_MAX = 60_000

const PolicyRuleHead = z
  .object({
    id: z.string(),
    title: z.string(),
    on: z.array(z.string()),
    verdict: z.enum(VERDICTS),
    stage: z.string().openapi({ example: 'canary: 10%' }),
  })
  .openapi('PolicyRule')

export const PolicyNow = z
  .object({
    source: z.enum(['file', 'console', 'none']).openapi({
      description: 'A file is edited where it lies; the console then only shows it.',
    }),
    file: z.string(),
    version: z.number().int().openapi({ description: '0 unless the console is the source.' }),
    hash: z.string(),
    text: z.string(),
    refused: z.string().openapi({ description: 'Why a newer one is not in force; often empty.' }),
    rules: z.array(PolicyRuleHead),
    starter: z.string().openapi({ description: 'What a first policy may look like.' }),
  })
  .openapi('PolicyNow')
export type PolicyNow = z.infer<typeof PolicyNow>

export const PolicyVersion = z
  .object({
    version: z.number().int(),
    hash: z.string(),
    authorName: z.string(),
    note: z.string(),
    createdAtMs: TimeMs,
  })
  .openapi('PolicyVersion')
export type PolicyVersion = z.infer<typeof PolicyVersion>

export const PolicyRemark = z.object({
  kind: z.enum(['problem', 'warning']),
  line: z.number().int(),
  column: z.number().int(),
  message: z.string(),
  hint: z.string(),
})
export type PolicyRemark = z.infer<typeof PolicyRemark>

export const PolicyCheck = z
  .object({
    ok: z.boolean(),
    hash: z.string(),
    remarks: z.array(PolicyRemark),
    tests: z.array(
      z.object({
        rule: z.string(),
        name: z.string(),
        expected: z.string(),
        got: z.string(),
        passed: z.boolean(),
        reasons: z.array(z.string()),
      }),
    ),
    changes: z
      .array(
        z.object({
          rule: z.string(),
          change: z.enum(['added', 'removed', 'changed']),
          fields: z.array(z.object({ field: z.string(), before: z.string(), after: z.string() })),
        }),
      )
      .openapi({ description: 'Against the policy in force.' }),
  })
  .openapi('PolicyCheck')
export type PolicyCheck = z.infer<typeof PolicyCheck>

export const Backtest = z
  .object({
    depth: z.enum(['index', 'record', 'text']),
    exchanges: z.number().int(),
    unreadable: z.number().int(),
    rules: z.array(
      z.object({
        rule: z.string(),
        title: z.string(),
        verdict: z.enum(VERDICTS),
        hits: z.number().int(),
        samples: z.array(z.string()),
      }),
    ),
    byService: z.record(z.string(), z.number()),
    byDay: z.record(z.string(), z.number()),
    newlyDenied: z.number().int(),
    newlyHeld: z.number().int(),
    newlyMasked: z.number().int(),
    newlyAllowed: z.number().int(),
    cards: z.number().int(),
    cardsADay: z.number(),
  })
  .openapi('Backtest')
export type Backtest = z.infer<typeof Backtest>

export const Explanation = z
  .object({
    exchange: ExchangeIdText,
    source: z.string().openapi({ example: 'version 3' }),
    policy: z.string().openapi({ description: 'Hash of the policy that is explained.' }),
    isThen: z.boolean().openapi({
      description: 'Whether it is the policy that decided; false where its text was not kept.',
    }),
    recorded: z
      .object({ policy: z.string(), verdict: z.enum(VERDICTS), deciding: z.string().nullable() })
      .nullable(),
    rules: z.array(
      z.object({
        rule: z.string(),
        title: z.string(),
        verdict: z.enum(VERDICTS),
        stage: z.string(),
        outcome: z.enum(['fired', 'watched', 'did not fire', 'off', 'does not apply']),
        criteria: z.array(
          z.object({ name: z.string(), holds: z.boolean().nullable(), saw: z.string() }),
        ),
      }),
    ),
  })
  .openapi('Explanation')
export type Explanation = z.infer<typeof Explanation>

const tags = ['policy']
const text = z.string().min(1).max(TEXT_MAX)

export const readPolicyNow = apiRoute('policy.read', {
  method: 'get',
  path: '/policy',
  tags,
  summary: 'The policy in force',
  responses: { 200: json(PolicyNow, 'The policy.') },
})

export const listPolicyVersions = apiRoute('policy.read', {
  method: 'get',
  path: '/policy/versions',
  tags,
  summary: 'Versions that were published in the console, newest first',
  request: {
    query: z.object({
      cursor: z
        .string()
        .regex(/^\d{1,9}$/)
        .optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: { 200: json(pageOf(PolicyVersion), 'A page.') },
})

export const readPolicyVersion = apiRoute('policy.read', {
  method: 'get',
  path: '/policy/versions/{version}',
  tags,
  summary: 'The text of one version',
  request: { params: z.object({ version: z.string().regex(/^[1-9]\d{0,8}$/) }) },
  responses: { 200: json(PolicyVersion.extend({ text: z.string() }), 'The version.') },
})

export const explainExchange = apiRoute('policy.explain', {
  method: 'get',
  path: '/exchanges/{id}/explanation',
  tags,
  summary: 'What each rule of the policy of that time saw in a recorded exchange',
  request: { params: z.object({ id: ExchangeIdText }) },
  responses: { 200: json(Explanation, 'Rule by rule; kinds and numbers, never text.') },
})

export const checkPolicy = apiRoute('policy.check', {
  method: 'post',
  path: '/policy/check',
  tags,
  summary: 'Problems, doubts and tests of a policy that is being written',
  request: { body: body(z.strictObject({ text })) },
  responses: { 200: json(PolicyCheck, 'What is to be said of it.') },
})

export const backtestPolicy = apiRoute('policy.backtest', {
  method: 'post',
  path: '/policy/backtest',
  tags,
  summary: 'What a policy would have done with what was recorded; a preview of bounded size',
  request: { body: body(z.strictObject({ text, days: z.number().int().min(1).max(90) })) },
  responses: { 200: json(Backtest, 'The report.') },
})

export const publishPolicy = apiRoute('policy.publish', {
  method: 'post',
  path: '/policy',
  tags,
  summary: 'Publish a version; it is in force at once, everywhere within seconds',
  request: {
    body: body(
      z.strictObject({
        text,
        note: z.string().trim().min(3).max(500),
        basedOn: z
          .number()
          .int()
          .min(0)
          .openapi({ description: 'The version it was written from; 0 for the first.' }),
      }),
    ),
  },
  responses: { 201: json(PolicyVersion, 'The version.') },
})
