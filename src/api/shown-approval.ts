/** Turns approvals and grants into what the contract says: fingerprints and digests stay inside, and so does the page's link. */
import type { DecidingParts } from '../approvals/deciding.ts'
import { approvalsFor, standingOf } from '../approvals/deciding.ts'
import type { Roster } from '../approvals/roster.ts'
import type {
  Approval as ApprovalModel,
  AttendedApproval,
  Grant as GrantModel,
} from '../model/approval.ts'
import { APPROVAL_CHOICES } from '../model/approval.ts'
import type { PersonRow } from '../model/people.ts'
import type { Approval, Grant, RequestPage } from './contract/approvals.ts'

export function shownApproval(
  parts: Pick<DecidingParts, 'settings' | 'clock'> & { readonly roster: Roster },
  approval: AttendedApproval,
  person: PersonRow,
): Approval {
  const { request, terms, attendance } = approval
  const isWaiting = attendance.waiting > 0 && attendance.waitingUntilMs > parts.clock.nowMs()
  return {
    id: approval.id,
    state: approval.state,
    createdAtMs: approval.createdAtMs,
    expiresAtMs: approval.expiresAtMs,
    decidedAtMs: approval.decidedAtMs,
    escalatedAtMs: approval.escalatedAtMs,
    exchange: request.exchange,
    requests: approval.digests.length,
    attempts: attendance.attempts,
    waiting: isWaiting ? attendance.waiting : 0,
    waitingUntilMs: isWaiting ? attendance.waitingUntilMs : null,
    principal: request.principal,
    principalKind: request.principalKind,
    proof: request.proof,
    claims: { ...request.claims },
    service: request.service,
    declaredService: request.declaredService,
    conversation: request.conversation,
    upstream: request.upstream,
    surface: request.surface,
    model: request.model,
    stream: request.stream,
    toolNames: [...request.toolNames],
    requestBytes: request.requestBytes,
    policy: request.policy,
    kinds: request.kinds.map((kind) => ({ ...kind })),
    rules: approval.asks.map((ask) => ({
      rule: ask.rule,
      title: ask.title,
      message: ask.message,
      reasons: [...ask.reasons],
      approvers: [...ask.approvers],
      quorum: ask.quorum,
      votes: approvalsFor(approval),
      escalateTo: [...ask.escalateTo],
      newFindings: ask.newFindings.length,
      carriedOver: ask.findings.length - ask.newFindings.length,
    })),
    reasonRequired: terms.reasonRequired,
    highAssurance: terms.highAssurance,
    choices: choicesOf(approval),
    grantMs: terms.grantMs,
    votes: approval.votes.map(({ person: _person, ...vote }) => vote),
    history: approval.history.map((step) => ({ ...step })),
    brokeGlass: approval.brokeGlass,
    review: approval.review,
    standing: standingOf(parts, parts.roster, approval, person),
  }
}

function choicesOf({ terms, request }: ApprovalModel): Approval['choices'] {
  const mayGrant = terms.grants === 'conversation' && request.conversation !== null
  return APPROVAL_CHOICES.filter((choice) => {
    if (choice === 'conversation') return mayGrant
    // Nothing was found that could be masked.
    return choice !== 'masked' || request.kinds.length > 0
  })
}

export function shownGrant(grant: GrantModel): Grant {
  const { digests: _digests, rules, ...shown } = grant
  return {
    ...shown,
    rules: rules.map(({ rule, findings }) => ({ rule, findings: findings.length })),
  }
}

export function shownRequestPage(approval: AttendedApproval): RequestPage {
  const { request } = approval
  return {
    reference: approval.id,
    state: approval.state,
    createdAtMs: approval.createdAtMs,
    expiresAtMs: approval.expiresAtMs,
    decidedAtMs: approval.decidedAtMs,
    model: request.model,
    kinds: request.kinds.map(({ entity, count }) => ({ entity, count })),
    rules: approval.asks.map((ask) => ({
      title: ask.title,
      message: ask.message,
      reasons: [...ask.reasons],
      approvers: [...ask.approvers],
      votes: approvalsFor(approval),
      quorum: ask.quorum,
    })),
    reason: approval.state === 'pending' ? '' : (approval.history.at(-1)?.reason ?? ''),
  }
}
