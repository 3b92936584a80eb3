/** The state machine of an approval: pure functions from what is to what follows, or to the reason why nothing does. */
import type {
  Approval,
  ApprovalChoice,
  ApprovalState,
  AskedRule,
  Grant,
  Transition,
  TransitionKind,
  Vote,
} from '../model/approval.ts'
import { isRequester, mayAnswerFor } from './who-decides.ts'
import type { Decider, Engagement } from './who-decides.ts'

/** Why a decision was not taken; every surface shows the same words. */
export const DECISION_REFUSALS = {
  decided: 'It is decided already.',
  expired: 'It has expired.',
  'own-request': 'Nobody approves a request that they stand behind.',
  'not-approver': 'None of the rules asks for your approval.',
  'policy-author': 'Who wrote the rule does not approve what it holds.',
  'reason-required': 'The rule wants a reason.',
  'high-assurance': 'The rule wants it decided in the console, shortly after a login.',
  'already-voted': 'You have approved it already; others are needed.',
  'choice-not-allowed': 'The rule permits single requests only.',
  'no-conversation': 'The request belongs to no known conversation; approve it once.',
  'not-break-glass': 'You are in no break-glass group.',
  'not-requester': 'Only the requester takes a request back.',
} as const
export type DecisionRefusal = keyof typeof DECISION_REFUSALS

export type Move =
  | { readonly kind: 'moved'; readonly approval: Approval; readonly grant: Grant | null }
  | { readonly kind: 'refused'; readonly reason: DecisionRefusal }

/** A grant for one request survives the retries of a client that fails behind the gateway. */
const ONCE_USES_MAX = 3
/** What was sent stays in the context of its conversation for about a working day. */
const CARRY_MS = 24 * 60 * 60 * 1000

export interface Ballot {
  readonly choice: ApprovalChoice
  readonly reason: string
  readonly surface: string
  readonly breakGlass: boolean
}

export function castVote(
  approval: Approval,
  decider: Decider,
  ballot: Ballot,
  at: { readonly nowMs: number; readonly grantId: string },
  engagement: Engagement,
): Move {
  const reason = refusalOf(approval, decider, ballot, at.nowMs, engagement)
  if (reason !== null) return { kind: 'refused', reason }
  const vote: Vote = {
    person: decider.id,
    login: decider.login,
    choice: ballot.choice,
    reason: ballot.reason,
    atMs: at.nowMs,
    surface: ballot.surface,
    breakGlass: ballot.breakGlass,
  }
  const votes = [...approval.votes, vote]
  const voted = stepped(
    { ...approval, votes, brokeGlass: ballot.breakGlass && ballot.choice !== 'deny' },
    'voted',
    vote,
  )
  if (ballot.choice === 'deny') return moved(decided(voted, 'denied', vote))
  const isEnough =
    ballot.breakGlass ||
    approval.asks.every((ask) => votesFor(ask, voted, engagement) >= ask.quorum)
  if (!isEnough) return moved({ ...voted, brokeGlass: approval.brokeGlass })
  const grant = grantOf(voted, at)
  return moved(decided(voted, grant.masked ? 'approved-masked' : 'approved', vote), grant)
}

/** Time is over: nobody decided, so nothing is sent. */
export function expire(approval: Approval, nowMs: number): Move {
  if (approval.state !== 'pending') return { kind: 'refused', reason: 'decided' }
  return moved(decided(approval, 'expired', { atMs: nowMs, login: '', reason: '', surface: '' }))
}

export function cancel(
  approval: Approval,
  by: { readonly login: string; readonly reason: string; readonly surface: string },
  nowMs: number,
): Move {
  if (approval.state !== 'pending') return { kind: 'refused', reason: 'decided' }
  return moved(decided(approval, 'cancelled', { ...by, atMs: nowMs }))
}

/** Half of the time is over: those named by `escalateTo` may decide as well. */
export function escalate(approval: Approval, nowMs: number): Move {
  if (approval.state !== 'pending' || approval.escalatedAtMs !== null)
    return { kind: 'refused', reason: 'decided' }
  const by = { atMs: nowMs, login: '', reason: '', surface: '' }
  return moved(stepped({ ...approval, escalatedAtMs: nowMs }, 'escalated', by))
}

export function escalationAtMs(approval: Approval): number {
  return approval.createdAtMs + (approval.expiresAtMs - approval.createdAtMs) / 2
}

/** Somebody other than who broke the glass looks at it afterwards. */
export function review(approval: Approval, decider: Decider, note: string, nowMs: number): Move {
  if (!approval.brokeGlass || approval.review !== null)
    return { kind: 'refused', reason: 'decided' }
  const isOwn = approval.votes.some((vote) => vote.breakGlass && vote.person === decider.id)
  if (isOwn || isRequester(approval, decider)) return { kind: 'refused', reason: 'own-request' }
  if (note.trim() === '') return { kind: 'refused', reason: 'reason-required' }
  const by = { atMs: nowMs, login: decider.login, reason: note, surface: 'console' }
  // Whose request was erased need not be known any longer.
  const requesters = approval.requesters.filter((name) => !name.startsWith('sha256:'))
  const seen = { ...approval, requesters, review: { by: decider.login, atMs: nowMs, note } }
  return moved(stepped(seen, 'reviewed', by))
}

/** Another request with the same findings waits for the same decision. */
export function joined(
  approval: Approval,
  digest: string,
  requesters: readonly string[],
): Approval | null {
  const people = new Set([...approval.requesters, ...requesters])
  if (approval.digests.includes(digest) && people.size === approval.requesters.length) return null
  return {
    ...approval,
    digests: [...new Set([...approval.digests, digest])],
    requesters: [...people],
    version: approval.version + 1,
  }
}

function refusalOf(
  approval: Approval,
  decider: Decider,
  ballot: Ballot,
  nowMs: number,
  engagement: Engagement,
): DecisionRefusal | null {
  if (approval.state === 'expired') return 'expired'
  if (approval.state !== 'pending') return 'decided'
  if (nowMs >= approval.expiresAtMs) return 'expired'
  if (isRequester(approval, decider)) return 'own-request'
  const stranger = notEntitled(approval, decider, ballot, engagement)
  if (stranger !== null) return stranger
  const { terms } = approval
  if (ballot.reason.trim() === '' && (terms.reasonRequired || ballot.breakGlass))
    return 'reason-required'
  if (terms.highAssurance && !(ballot.surface === 'console' && decider.isFresh))
    return 'high-assurance'
  if (ballot.choice === 'deny') return null
  if (ballot.choice === 'conversation') {
    if (terms.grants === 'once') return 'choice-not-allowed'
    if (approval.request.conversation === null) return 'no-conversation'
  }
  const isRepeated =
    !ballot.breakGlass && approval.votes.some(({ person }) => person === decider.id)
  return isRepeated ? 'already-voted' : null
}

/** Breaking the glass decides for every rule at once, so that the author of any of them may not. */
function notEntitled(
  approval: Approval,
  decider: Decider,
  ballot: Ballot,
  engagement: Engagement,
): DecisionRefusal | null {
  const isAuthor = (ask: AskedRule): boolean => engagement.isAuthor(ask, decider)
  const isApproval = ballot.choice !== 'deny'
  if (ballot.breakGlass) {
    const isListed = engagement.breakGlass.some((name) => decider.names.has(name))
    if (!decider.isApprover || !isListed) return 'not-break-glass'
    return isApproval && approval.asks.some(isAuthor) ? 'policy-author' : null
  }
  const named = approval.asks.filter((ask) => mayAnswerFor(approval, ask, decider))
  if (named.length === 0) return 'not-approver'
  return isApproval && named.every(isAuthor) ? 'policy-author' : null
}

function votesFor(ask: AskedRule, approval: Approval, engagement: Engagement): number {
  const people = new Set<string>()
  for (const vote of approval.votes) {
    const decider = engagement.voter(vote.person)
    if (decider === null || engagement.isAuthor(ask, decider)) continue
    if (mayAnswerFor(approval, ask, decider)) people.add(vote.person)
  }
  return people.size
}

/** Of several approvers the most careful one wins. */
function grantOf(
  approval: Approval,
  at: { readonly nowMs: number; readonly grantId: string },
): Grant {
  const choices = approval.votes.map(({ choice }) => choice)
  const kind = choices.every((choice) => choice === 'conversation') ? 'conversation' : 'once'
  const { request, terms } = approval
  return {
    id: at.grantId,
    approval: approval.id,
    principal: request.principal,
    upstream: request.upstream,
    kind,
    masked: choices.includes('masked'),
    conversation: request.conversation,
    rules: approval.asks.map(({ rule, findings }) => ({ rule, findings })),
    digests: approval.digests,
    createdAtMs: at.nowMs,
    expiresAtMs: at.nowMs + terms.grantMs,
    carryUntilMs: at.nowMs + Math.max(CARRY_MS, terms.grantMs),
    usesMax: kind === 'once' ? ONCE_USES_MAX * approval.digests.length : null,
    uses: 0,
    grantedBy: approval.votes.at(-1)?.login ?? '',
    revokedAtMs: null,
    revokedBy: '',
  }
}

function moved(approval: Approval, grant: Grant | null = null): Move {
  return { kind: 'moved', approval: { ...approval, version: approval.version + 1 }, grant }
}

interface Actor {
  readonly login: string
  readonly reason: string
  readonly surface: string
  readonly atMs: number
}

function decided(approval: Approval, state: ApprovalState & TransitionKind, by: Actor): Approval {
  const ended = { ...approval, state, decidedAtMs: by.atMs, sealedCard: null }
  return stepped(ended, state, by)
}

function stepped(approval: Approval, kind: TransitionKind, by: Actor): Approval {
  const step: Transition = {
    kind,
    atMs: by.atMs,
    actor: by.login,
    reason: by.reason,
    surface: by.surface,
  }
  return { ...approval, history: [...approval.history, step] }
}
