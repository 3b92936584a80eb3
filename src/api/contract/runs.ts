/** The guided run of an investigation: from a pasted text to who saw it, contained, told and handed out, all kept in a case. */
import { z } from '@hono/zod-openapi'
import { LOCK_KINDS } from '../../model/containment.ts'
import { Case } from './cases.ts'
import { IdempotencyHeader, TimeMs, apiRoute, body, json } from './common.ts'
import { SetLock } from './locks.ts'
import { Backtest } from './policy.ts'
import { TRACE_CHARS_MAX, TraceAnswer } from './trace.ts'

export const RunStart = z
  .object({
    case: Case,
    search: z.string().openapi({ description: 'The entry of the case that keeps the question.' }),
    pinned: z.number().int().openapi({ description: 'Exchanges that were pinned by it.' }),
    answer: TraceAnswer,
  })
  .openapi('RunStart')
export type RunStart = z.infer<typeof RunStart>

const counted = z.array(z.object({ value: z.string(), count: z.number().int() }))

export const RunSource = z
  .object({
    principal: z.string(),
    key: z.string().nullable(),
    keyName: z.string(),
    owner: z.string(),
    keyState: z.enum(['active', 'expired', 'revoked', 'none']),
    service: z.string(),
    run: z.object({
      repository: z.string(),
      run: z.string(),
      runUrl: z.string().nullable(),
      by: z.enum(['proven', 'declared', 'nothing']),
    }),
    exchanges: z.number().int(),
    returned: z.number().int().openapi({ description: 'Of them, whose answer returned the text.' }),
    firstAtMs: TimeMs,
    lastAtMs: TimeMs,
    lastExchange: z.string(),
    locks: z.array(z.string()),
    why: z.array(z.string()).openapi({ description: 'What makes it stand out.' }),
  })
  .openapi('RunSource')
export type RunSource = z.infer<typeof RunSource>

export const RunSubject = z
  .object({
    kind: z.enum(LOCK_KINDS),
    value: z.string(),
    why: z.string(),
    exchanges: z.number().int().openapi({ description: 'Of the last seven days.' }),
    inFlight: z.number().int(),
    isLocked: z.boolean(),
    isAdvised: z.boolean().openapi({ description: 'Chosen unless a person chooses otherwise.' }),
  })
  .openapi('RunSubject')
export type RunSubject = z.infer<typeof RunSubject>

export const RunState = z
  .object({
    case: Case,
    searches: z
      .array(
        z.object({
          id: z.string(),
          parent: z.string().nullable(),
          atMs: TimeMs,
          by: z.string(),
          text: z.string(),
          target: z.string(),
          pins: z.number().int(),
        }),
      )
      .openapi({ description: 'The way of the search as a tree, oldest first.' }),
    exposure: z.object({
      exchanges: z.array(z.string()),
      returned: z.number().int(),
      firstAtMs: TimeMs.nullable(),
      lastAtMs: TimeMs.nullable(),
      principals: counted,
      services: counted,
      models: counted,
    }),
    sources: z.array(RunSource).openapi({ description: 'Most suspect first.' }),
    subjects: z.array(RunSubject).openapi({ description: 'What could be locked.' }),
    values: z
      .array(z.object({ entity: z.string(), fingerprint: z.string(), exchanges: z.number().int() }))
      .openapi({ description: 'Values that several of the exposed exchanges sent, by digest.' }),
    receivers: z.array(z.string()).openapi({ description: 'Who can be told.' }),
    notice: z.object({ subject: z.string(), text: z.string() }),
    done: z.object({
      exposed: z.boolean(),
      contained: z.boolean(),
      ruled: z.boolean(),
      told: z.boolean(),
      held: z.boolean(),
      handedOut: z.boolean(),
    }),
  })
  .openapi('RunState')
export type RunState = z.infer<typeof RunState>

const CaseParam = z.object({ id: z.string().max(40) })
const tags = ['cases']
const RUN_LOCKS_MAX = 20

export const startRun = apiRoute('runs.start', {
  method: 'post',
  path: '/runs',
  tags,
  summary: 'Traces a text and keeps the answer in a case, a new one unless told',
  description:
    'As `POST /trace`; the question is kept as its keyed digest, the exchanges that were exposed are pinned. The text is neither stored nor logged.',
  request: {
    body: body(
      z
        .strictObject({
          text: z.string().min(1).max(TRACE_CHARS_MAX),
          case: z.string().max(40).optional(),
          parent: z.string().max(40).optional().openapi({
            description: 'The search of the case that this one came from.',
          }),
        })
        .openapi('RunQuestion'),
    ),
  },
  responses: { 200: json(RunStart, 'Exposure, and the case.') },
})

export const readRun = apiRoute('cases.read', {
  method: 'get',
  path: '/cases/{id}/run',
  tags,
  summary:
    'How far an investigation is: searches, exposure, sources, what can be locked, who can be told',
  request: { params: CaseParam },
  responses: { 200: json(RunState, 'The state.') },
})

export const containCase = apiRoute('cases.contain', {
  method: 'post',
  path: '/cases/{id}/contain',
  tags,
  summary: 'Locks several subjects in one act, cuts their streams, and keeps it in the case',
  request: {
    params: CaseParam,
    body: body(
      z.strictObject({
        locks: z
          .array(z.strictObject({ kind: z.enum(LOCK_KINDS), value: z.string().max(800) }))
          .min(1)
          .max(RUN_LOCKS_MAX),
        reason: z.string().max(1000),
        expiresInMs: z.union([z.number().int().positive(), z.literal('never')]).default('never'),
      }),
    ),
  },
  responses: {
    200: json(z.object({ locks: z.array(SetLock), cut: z.number().int() }), 'They hold.'),
  },
})

export const RunRule = z
  .object({
    rule: z.string().openapi({ description: 'The rule alone, as YAML.' }),
    text: z.string().openapi({ description: 'The policy with it.' }),
    basedOn: z.number().int(),
    source: z.enum(['file', 'console', 'none']),
    problems: z.array(z.string()),
    backtest: Backtest.nullable().openapi({ description: 'Null where the rule has a problem.' }),
  })
  .openapi('RunRule')
export type RunRule = z.infer<typeof RunRule>

export const proposeRule = apiRoute('cases.propose', {
  method: 'post',
  path: '/cases/{id}/rule',
  tags,
  summary: 'A rule that keeps what leaked from being sent again, tried on what was recorded',
  description:
    'By the fingerprints of the values that were found in it, or by words of it. Nothing is published: policy authors do that, with `POST /policy`.',
  request: {
    params: CaseParam,
    body: body(
      z.strictObject({
        phrase: z.string().trim().max(400).default(''),
        findings: z
          .array(
            z.strictObject({
              entity: z.string().max(60),
              fingerprint: z.string().regex(/^[0-9a-f]{16,64}$/),
            }),
          )
          .max(50)
          .default([]),
        days: z.number().int().min(1).max(90).default(30),
      }),
    ),
  },
  responses: { 200: json(RunRule, 'The rule, and what it would have done.') },
})

export const tellCase = apiRoute('cases.tell', {
  method: 'post',
  path: '/cases/{id}/notices',
  tags,
  summary: 'Tells the receivers of custody.yaml about a case',
  request: {
    params: CaseParam,
    headers: IdempotencyHeader,
    body: body(
      z.strictObject({
        receivers: z.array(z.string().max(100)).min(1).max(50),
        subject: z.string().trim().min(3).max(200),
        text: z.string().trim().min(10).max(4000),
      }),
    ),
  },
  responses: {
    200: json(
      z.object({
        told: z.array(
          z.object({
            receiver: z.string(),
            problem: z.string().openapi({ description: 'Empty when it took it.' }),
          }),
        ),
      }),
      'Who was told.',
    ),
  },
})
