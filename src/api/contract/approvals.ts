/** Held requests, what people decide about them, and the grants that come of it. */
import { z } from '@hono/zod-openapi'
import { APPROVAL_CHOICES, APPROVAL_STATES } from '../../model/approval.ts'
import { PageQuery, TimeMs, apiRoute, body, json, pageOf } from './common.ts'

const AskedRule = z
  .object({
    rule: z.string(),
    title: z.string(),
    message: z.string(),
    reasons: z.array(z.string()).openapi({ description: 'Kinds and numbers, never content.' }),
    approvers: z
      .array(z.string())
      .openapi({ description: 'Groups, roles or logins; empty means every approver.' }),
    quorum: z.number().int(),
    votes: z.number().int().openapi({ description: 'People who approved for this rule so far.' }),
    escalateTo: z.array(z.string()),
    newFindings: z.number().int(),
    carriedOver: z.number().int(),
  })
  .openapi('AskedRule')

const ApprovalVote = z
  .object({
    login: z.string(),
    choice: z.enum(APPROVAL_CHOICES),
    reason: z.string(),
    atMs: TimeMs,
    surface: z.string(),
    breakGlass: z.boolean(),
  })
  .openapi('ApprovalVote')

const ApprovalStep = z
  .object({
    kind: z.string(),
    atMs: TimeMs,
    actor: z.string(),
    reason: z.string(),
    surface: z.string(),
  })
  .openapi('ApprovalStep')

export const Approval = z
  .object({
    id: z.string(),
    state: z.enum(APPROVAL_STATES),
    createdAtMs: TimeMs,
    expiresAtMs: TimeMs,
    decidedAtMs: TimeMs.nullable(),
    escalatedAtMs: TimeMs.nullable(),
    exchange: z.string(),
    requests: z.number().int().openapi({
      description: 'Different requests with the same findings that wait for this decision.',
    }),
    attempts: z.number().int().openapi({ description: 'How often they were sent.' }),
    waiting: z.number().int().openapi({ description: 'Callers whose connection is held.' }),
    waitingUntilMs: TimeMs.nullable(),
    principal: z.string(),
    principalKind: z.string(),
    proof: z.string(),
    claims: z.record(z.string(), z.string()),
    service: z.string(),
    declaredService: z.string(),
    conversation: z.string().nullable(),
    upstream: z.string(),
    surface: z.string(),
    model: z.string(),
    stream: z.boolean(),
    toolNames: z.array(z.string()),
    requestBytes: z.number().int(),
    policy: z.string(),
    kinds: z.array(
      z.object({ entity: z.string(), count: z.number().int(), fresh: z.number().int() }),
    ),
    rules: z.array(AskedRule),
    reasonRequired: z.boolean(),
    highAssurance: z.boolean(),
    choices: z.array(z.enum(APPROVAL_CHOICES)),
    grantMs: z.number().int(),
    votes: z.array(ApprovalVote),
    history: z.array(ApprovalStep),
    brokeGlass: z.boolean(),
    review: z.object({ by: z.string(), atMs: TimeMs, note: z.string() }).nullable(),
    standing: z
      .object({
        isRequester: z.boolean(),
        mayDecide: z.boolean(),
        mayBreakGlass: z.boolean(),
      })
      .openapi({ description: 'How the caller of this API stands to the request.' }),
  })
  .openapi('Approval')
export type Approval = z.infer<typeof Approval>

export const ApprovalCard = z
  .object({
    approval: Approval,
    withheld: z.string().openapi({
      description:
        'Why the words around the findings are not shown to you although you may decide: what restricts the content, until another person lets you in. Empty where they are shown.',
    }),
    excerpts: z
      .array(
        z.object({ entity: z.string(), rule: z.string(), fresh: z.boolean(), text: z.string() }),
      )
      .openapi({
        description:
          'Words around each finding, every finding replaced by its kind. Empty once decided.',
      }),
    firstTime: z
      .boolean()
      .openapi({ description: 'Nothing of this principal was held for these rules before.' }),
  })
  .openapi('ApprovalCard')
export type ApprovalCard = z.infer<typeof ApprovalCard>

export const Grant = z
  .object({
    id: z.string(),
    approval: z.string(),
    principal: z.string(),
    upstream: z.string(),
    kind: z.enum(['once', 'conversation']),
    masked: z.boolean(),
    conversation: z.string().nullable(),
    rules: z.array(z.object({ rule: z.string(), findings: z.number().int() })),
    createdAtMs: TimeMs,
    expiresAtMs: TimeMs,
    carryUntilMs: TimeMs,
    usesMax: z.number().int().nullable(),
    uses: z.number().int(),
    grantedBy: z.string(),
    revokedAtMs: TimeMs.nullable(),
    revokedBy: z.string(),
  })
  .openapi('Grant')
export type Grant = z.infer<typeof Grant>

export const RequestPage = z
  .object({
    reference: z.string(),
    state: z.enum(APPROVAL_STATES),
    createdAtMs: TimeMs,
    expiresAtMs: TimeMs,
    decidedAtMs: TimeMs.nullable(),
    model: z.string(),
    kinds: z.array(z.object({ entity: z.string(), count: z.number().int() })),
    rules: z.array(
      z.object({
        title: z.string(),
        message: z.string(),
        reasons: z.array(z.string()),
        approvers: z.array(z.string()),
        votes: z.number().int(),
        quorum: z.number().int(),
      }),
    ),
    reason: z.string().openapi({ description: 'What the one who decided said about it.' }),
  })
  .openapi('RequestPage', { description: 'State of one held request, without content.' })
export type RequestPage = z.infer<typeof RequestPage>

const tags = ['approvals']
const ApprovalParam = z.object({ id: z.string().max(40) })

const Reason = z.string().max(1000).default('')

export const listApprovals = apiRoute('approvals.list', {
  method: 'get',
  path: '/approvals',
  tags,
  summary: 'Held requests, newest first: those that wait, those decided, or what needs a review',
  request: {
    query: z.object({
      ...PageQuery,
      show: z.enum(['pending', 'decided', 'review']).default('pending'),
    }),
  },
  responses: { 200: json(pageOf(Approval), 'Approvals.') },
})

export const followApprovals = apiRoute('approvals.live', {
  method: 'get',
  path: '/approvals/live',
  tags,
  summary: 'Says when an approval changed, as server-sent events',
  responses: {
    200: {
      description: '`changed` after every change; load the list again.',
      content: { 'text/event-stream': { schema: z.string() } },
    },
  },
})

export const readApproval = apiRoute('approvals.read', {
  method: 'get',
  path: '/approvals/{id}',
  tags,
  summary: 'One held request with masked excerpts',
  request: { params: ApprovalParam },
  responses: { 200: json(ApprovalCard, 'The card.') },
})

export const decideApproval = apiRoute('approvals.decide', {
  method: 'post',
  path: '/approvals/{id}/decide',
  tags,
  summary: 'Approves or denies',
  request: {
    params: ApprovalParam,
    body: body(
      z
        .strictObject({
          choice: z.enum(APPROVAL_CHOICES),
          reason: Reason,
          breakGlass: z.boolean().default(false).openapi({
            description:
              'Decides alone, against groups and quorum; somebody reviews it afterwards.',
          }),
        })
        .openapi('ApprovalDecision'),
    ),
  },
  responses: { 200: json(Approval, 'As it is after the decision; others may still be needed.') },
})

export const cancelApproval = apiRoute('approvals.cancel', {
  method: 'post',
  path: '/approvals/{id}/cancel',
  tags,
  summary: 'Takes one’s own request back',
  request: {
    params: ApprovalParam,
    body: body(z.strictObject({ reason: Reason }).openapi('ApprovalCancellation')),
  },
  responses: { 200: json(Approval, 'Cancelled.') },
})

export const reviewApproval = apiRoute('approvals.review', {
  method: 'post',
  path: '/approvals/{id}/review',
  tags,
  summary: 'Closes the review of an approval that broke the glass',
  request: {
    params: ApprovalParam,
    body: body(z.strictObject({ note: z.string().min(1).max(1000) }).openapi('ApprovalReview')),
  },
  responses: { 200: json(Approval, 'Reviewed.') },
})

export const listGrants = apiRoute('grants.list', {
  method: 'get',
  path: '/grants',
  tags,
  summary: 'What approvals permit, newest first',
  request: {
    query: z.object({
      ...PageQuery,
      active: z
        .enum(['true', 'false'])
        .default('true')
        .openapi({ description: 'Only what still permits something.' }),
    }),
  },
  responses: { 200: json(pageOf(Grant), 'Grants.') },
})

export const revokeGrant = apiRoute('grants.revoke', {
  method: 'post',
  path: '/grants/{id}/revoke',
  tags,
  summary: 'Ends a grant from the next request on',
  request: { params: z.object({ id: z.string().max(40) }) },
  responses: { 200: json(Grant, 'Revoked, now or before.') },
})

export const readRequestPage = apiRoute('approvals.page', {
  method: 'get',
  path: '/requests/{page}',
  tags,
  summary:
    'State of a held request for whoever sent it; the link cannot be guessed and shows no content',
  request: { params: z.object({ page: z.string().regex(/^[A-Za-z0-9_-]{24}$/) }) },
  responses: { 200: json(RequestPage, 'Its state.') },
})

export const slackInteraction = apiRoute('approvals.slack', {
  method: 'post',
  path: '/slack/interactions',
  tags,
  summary: 'Takes a click on a card in Slack; signed by Slack, counted once',
  responses: {
    200: json(
      z.object({
        response_type: z.literal('ephemeral'),
        replace_original: z.literal(false),
        text: z.string(),
      }),
      'What the one who clicked is told.',
    ),
  },
})
