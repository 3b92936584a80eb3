/** Who may decide about a held request: asked groups yes, whoever stands behind the request never. */
import { hash } from 'node:crypto'
import type { Approval, AskedRule } from '../model/approval.ts'
import type { PersonRow } from '../model/people.ts'

/** A person at the moment of deciding. */
export interface Decider {
  readonly id: string
  readonly login: string
  readonly isApprover: boolean
  /** Login, roles and groups: what a rule or a break-glass list may name. */
  readonly names: ReadonlySet<string>
  /** Logged in to the console a short time ago. */
  readonly isFresh: boolean
}

/** What is in force beside the rule. */
export interface Engagement {
  readonly breakGlass: readonly string[]
  /** Who wrote the rule does not approve what it holds; denying is open to them. */
  readonly isAuthor: (ask: AskedRule, decider: Decider) => boolean
  /** A person who voted, as they are now; null when they may not decide any more. */
  readonly voter: (person: string) => Decider | null
}

export function deciderOf(
  person: PersonRow,
  groups: readonly string[],
  isFresh: boolean,
): Decider | null {
  if (person.disabledAtMs !== null) return null
  return {
    id: person.id,
    login: person.login,
    isApprover: person.roles.includes('approver'),
    names: new Set([person.login, ...person.roles, ...groups]),
    isFresh,
  }
}

export function mayAnswerFor(approval: Approval, ask: AskedRule, decider: Decider): boolean {
  if (!decider.isApprover || isRequester(approval, decider)) return false
  const named =
    approval.escalatedAtMs === null ? ask.approvers : [...ask.approvers, ...ask.escalateTo]
  // Nobody named means every approver, also after an escalation.
  return ask.approvers.length === 0 || named.some((name) => decider.names.has(name))
}

/**
 * Threat: the requester approves by a second key, a second token or from the job of their own commit. Whoever owns the
 * key or is named by the proof as the human behind it is the requester, under any of their names.
 */
export function isRequester(
  approval: Pick<Approval, 'id' | 'requesters'>,
  decider: Pick<Decider, 'id' | 'login'>,
): boolean {
  const names = new Set(approval.requesters.map(folded))
  return [decider.id, decider.login].some(
    (name) => names.has(folded(name)) || names.has(requesterMark(approval.id, name)),
  )
}

/** Stands for a requester whose request was erased, while somebody else has still to look at it. */
export function requesterMark(approval: string, name: string): string {
  return `sha256:${hash('sha256', `${approval}\0${folded(name)}`, 'hex')}`
}

/** Claims in which the usual issuers name a human. */
const HUMAN_CLAIMS = [
  'sub',
  'email',
  'preferred_username',
  'upn',
  'actor',
  'user_login',
  'user_email',
  'build_creator',
  'build_creator_email',
] as const

export function requestersOf(
  people: readonly string[],
  claims: Readonly<Record<string, string>>,
): readonly string[] {
  const named = HUMAN_CLAIMS.map((claim) => claims[claim] ?? '')
  const all = [...people, ...named].filter((name) => name !== '')
  return [...new Set(all)]
}

function folded(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase()
}
