/** Makes every step of every approval evidence, also those that another process took, and then tells who wants to know. */
import {
  ERASED_CALLER,
  type Approval,
  type ApprovalTable,
  type Transition,
  type TransitionKind,
} from '../model/approval.ts'
import type { EvidenceEvent, EventType } from '../model/record.ts'
import { isRequester } from './who-decides.ts'

export interface Journal {
  /** Resolves when all steps of the approval are evidence. */
  readonly write: (approval: Approval) => Promise<void>
  /** Writes what other processes left (the command line has no recorder). */
  readonly catchUp: () => Promise<void>
}

export interface JournalParts {
  readonly table: ApprovalTable
  /** Resolves when durable. */
  readonly note: (event: EvidenceEvent) => Promise<void>
  /** Called before a step counts as written, so that none is left out; the same step may come twice. */
  readonly announce: (approval: Approval, step: number) => Promise<void>
}

const EVENT_OF: Readonly<Record<TransitionKind, EventType>> = {
  created: 'approval.created',
  voted: 'approval.voted',
  escalated: 'approval.escalated',
  approved: 'approval.decided',
  'approved-masked': 'approval.decided',
  denied: 'approval.decided',
  expired: 'approval.expired',
  cancelled: 'approval.cancelled',
  reviewed: 'approval.reviewed',
}

const CAUGHT_UP_MAX = 500

export function createJournal({ table, note, announce }: JournalParts): Journal {
  /** One writer for each approval, so that this process writes no step twice. */
  const writing = new Map<string, Promise<void>>()

  const writeSteps = async (approval: Approval): Promise<void> => {
    const current = await table.byId(approval.id)
    if (current === null) return
    for (let step = current.noted; step < current.history.length; step += 1) {
      const transition = current.history[step]
      if (transition === undefined) return
      await note(eventOf(current, transition, step))
      await announce(current, step)
    }
    if (current.history.length > current.noted)
      await table.noted(current.id, current.history.length)
  }
  const write = (approval: Approval): Promise<void> => {
    const before = writing.get(approval.id) ?? Promise.resolve()
    const after = before.catch(() => undefined).then(() => writeSteps(approval))
    writing.set(approval.id, after)
    const forget = (): void => {
      if (writing.get(approval.id) === after) writing.delete(approval.id)
    }
    after.then(forget, forget)
    return after
  }
  return {
    write,
    catchUp: async () => {
      for (const approval of await table.unnoted(CAUGHT_UP_MAX)) await write(approval)
    },
  }
}

/**
 * Ids, names and numbers: events outlive the request, so they hold no digest of it and do not say who sent it. The exchange
 * says that, until it is erased. The reason that a person gave is theirs.
 */
function eventOf(approval: Approval, step: Transition, index: number): EvidenceEvent {
  const { request } = approval
  const vote = approval.votes.findLast(
    ({ login, atMs }) => login === step.actor && atMs === step.atMs,
  )
  const { actor } = step
  const byRequester =
    actor === ERASED_CALLER || (actor !== '' && isRequester(approval, { id: actor, login: actor }))
  return {
    type: EVENT_OF[step.kind],
    atMs: step.atMs,
    actor: byRequester ? '' : actor,
    records: [request.exchange],
    details: {
      approval: approval.id,
      step: index,
      what: step.kind,
      exchange: request.exchange,
      byRequester,
      rules: approval.asks.map(({ rule }) => rule).join(', '),
      policy: request.policy,
      reason: step.reason,
      surface: step.surface,
      choice: vote?.choice ?? null,
      breakGlass: vote?.breakGlass ?? false,
    },
  }
}
