/** What people do with approvals, whichever surface they come from: the console, the API, the command line, Slack. */
import type { Clock } from '../lib/clock.ts'
import { newControlId } from '../lib/ids.ts'
import type { ApprovalSettings } from '../model/approval-settings.ts'
import type { Approval, ApprovalTable } from '../model/approval.ts'
import type { PeopleTable, PersonRow } from '../model/people.ts'
import type { EvidenceEvent } from '../model/record.ts'
import type { Journal } from './journal.ts'
import { move } from './moves.ts'
import type { Moved } from './moves.ts'
import { cancel, castVote, review } from './state.ts'
import type { Ballot } from './state.ts'
import type { Roster } from './roster.ts'
import { deciderOf, isRequester, mayAnswerFor } from './who-decides.ts'
import type { Decider, Engagement } from './who-decides.ts'

export interface DecidingParts {
  readonly table: ApprovalTable
  readonly people: PeopleTable
  readonly clock: Clock
  /** Null where no evidence can be written (the command line): a gateway catches up. */
  readonly journal: Journal | null
  readonly settings: () => ApprovalSettings
  /** Who is in which group at this moment. */
  readonly roster: () => Promise<Roster>
  /** Ids of the people who wrote each rule of this policy, by rule; empty where nobody knows. */
  readonly authorsOf: (policy: string) => Promise<RuleAuthors>
}

export type RuleAuthors = ReadonlyMap<string, ReadonlySet<string>>

/** A person as the surface knows them. */
export interface Actor {
  readonly person: PersonRow
  readonly isFresh: boolean
}

export async function decide(
  parts: DecidingParts,
  id: string,
  actor: Actor,
  ballot: Ballot,
): Promise<Moved> {
  const people = await parts.people.list()
  const roster = await parts.roster()
  const decider = deciderOf(actor.person, roster(actor.person), actor.isFresh)
  if (decider === null) return { kind: 'not-found' }
  return move(parts, id, async (approval) => {
    const nowMs = parts.clock.nowMs()
    const at = { nowMs, grantId: newControlId('gr', nowMs) }
    return castVote(
      approval,
      decider,
      ballot,
      at,
      await engagementOf(parts, approval, people, roster),
    )
  })
}

/** The requester takes it back, or somebody who may decide takes it off the table. */
export async function withdraw(
  parts: DecidingParts,
  id: string,
  actor: Actor,
  by: { readonly reason: string; readonly surface: string },
): Promise<Moved> {
  const decider = await deciding(parts, actor)
  const known = await parts.table.byId(id)
  if (decider === null || known === null) return { kind: 'not-found' }
  if (!isRequester(known, decider))
    return { kind: 'refused', reason: 'not-requester', approval: known }
  return move(parts, id, (approval) =>
    cancel(approval, { login: decider.login, ...by }, parts.clock.nowMs()),
  )
}

export async function lookAtBreakGlass(
  parts: DecidingParts,
  id: string,
  actor: Actor,
  note: string,
): Promise<Moved> {
  const decider = await deciding(parts, actor)
  if (decider === null) return { kind: 'not-found' }
  return move(parts, id, (approval) => review(approval, decider, note, parts.clock.nowMs()))
}

/** False when it was revoked before, or there is none. */
export async function revokeGrant(
  parts: Pick<DecidingParts, 'table' | 'clock'>,
  id: string,
  login: string,
  note: (event: EvidenceEvent) => Promise<void>,
): Promise<boolean> {
  const atMs = parts.clock.nowMs()
  const grant = await parts.table.grant(id)
  if (grant === null || !(await parts.table.revokeGrant(id, login, atMs))) return false
  const { approval } = grant
  await note({ type: 'grant.revoked', atMs, actor: login, details: { grant: id, approval } })
  return true
}

/** People who said yes so far. */
export function approvalsFor({ votes }: Approval): number {
  return new Set(votes.flatMap((vote) => (vote.choice === 'deny' ? [] : [vote.person]))).size
}

/** How a person stands to an approval, so that no surface offers what would be refused. */
export interface Standing {
  readonly isRequester: boolean
  readonly mayDecide: boolean
  readonly mayBreakGlass: boolean
}

export function standingOf(
  { settings }: Pick<DecidingParts, 'settings'>,
  roster: Roster,
  approval: Approval,
  person: PersonRow,
): Standing {
  const decider = deciderOf(person, roster(person), false)
  if (decider === null) return { isRequester: false, mayDecide: false, mayBreakGlass: false }
  const own = isRequester(approval, decider)
  return {
    isRequester: own,
    mayDecide: approval.asks.some((ask) => mayAnswerFor(approval, ask, decider)),
    mayBreakGlass:
      !own && decider.isApprover && settings().breakGlass.some((name) => decider.names.has(name)),
  }
}

async function deciding(
  { roster }: Pick<DecidingParts, 'roster'>,
  { person, isFresh }: Actor,
): Promise<Decider | null> {
  return deciderOf(person, (await roster())(person), isFresh)
}

async function engagementOf(
  parts: DecidingParts,
  approval: Approval,
  people: readonly PersonRow[],
  roster: Roster,
): Promise<Engagement> {
  const { breakGlass, authorsMayApprove } = parts.settings()
  const authors = authorsMayApprove ? null : await parts.authorsOf(approval.request.policy)
  return {
    breakGlass,
    isAuthor: ({ rule }, { id }) => authors?.get(rule)?.has(id) === true,
    voter: (id) => {
      const person = people.find((one) => one.id === id)
      return person === undefined ? null : deciderOf(person, roster(person), false)
    },
  }
}
