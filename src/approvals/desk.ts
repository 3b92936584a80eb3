/** The desk where held requests wait: finds grants, joins or opens approvals, and lets go exactly what people approved. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { newControlId } from '../lib/ids.ts'
import type {
  Approval,
  ApprovalDesk,
  ApprovalTable,
  AskedRule,
  AttendedApproval,
  FrozenRequest,
  Grant,
  HoldEnding,
  HoldQuestion,
  HoldTicket,
} from '../model/approval.ts'
import type { EvidenceEvent } from '../model/record.ts'
import type { CardSeal } from './card-seal.ts'
import { coalesceKey } from './coalesce-key.ts'
import { coverage, coveringGrant } from './grant-covers.ts'
import type { HeldRequest } from './grant-covers.ts'
import type { Journal } from './journal.ts'
import { move } from './moves.ts'
import { expire, joined } from './state.ts'
import { requestersOf } from './who-decides.ts'
import type { ApprovalWatch } from './watch.ts'

/** For so long a refusal answers the same request without asking again: an approver is not worn down by repetition. */
export const REFUSAL_HOLDS_MS = 10 * 60 * 1000
const GRANTS_MAX = 200
const OPEN_TRIES_MAX = 20
const PAGE_SECRET_BYTES = 18

export interface DeskParts {
  readonly table: ApprovalTable
  readonly clock: Clock
  readonly journal: Journal
  readonly watch: ApprovalWatch
  readonly seal: CardSeal
  readonly note: (event: EvidenceEvent) => Promise<void>
  readonly consoleUrl: () => string
  /** Login of whoever owns the gateway key; null when nobody does. */
  readonly ownerOf: (keyId: string) => Promise<string | null>
}

export function createApprovalDesk(parts: DeskParts): ApprovalDesk {
  const { table, clock } = parts
  return {
    known: async (request, asks, sentMasked) => {
      const nowMs = clock.nowMs()
      const held = heldOf(request, asks, sentMasked)
      const grants = await table.grants({
        principal: request.principal,
        activeAtMs: nowMs,
        limit: GRANTS_MAX,
      })
      const covering = coveringGrant(grants, held, nowMs)
      if (covering !== null) {
        return { kind: 'granted', grant: covering.grant, carried: covering.coverage === 'carry' }
      }
      const latest = await table.latestOf(request.digest, nowMs - REFUSAL_HOLDS_MS)
      return latest !== null && isRefused(latest)
        ? { kind: 'refused', approval: latest }
        : { kind: 'ask' }
    },
    release: (grant, carried, exchange) => released(parts, grant, carried, exchange),
    ask: async (question) => {
      const approval = await opened(parts, question)
      const attempt = await table.arrive(approval.id, question.waitUntilMs, question.request)
      return new Ticket(parts, question, approval, attempt)
    },
    pageUrl: ({ page }) => `${parts.consoleUrl()}/requests/${page}`,
  }
}

export function isRefused({ state }: Pick<Approval, 'state'>): boolean {
  return state === 'denied' || state === 'expired' || state === 'cancelled'
}

function heldOf(
  request: FrozenRequest,
  asks: readonly AskedRule[],
  sentMasked: ReadonlySet<string>,
): HeldRequest {
  const { digest, principal, upstream, conversation } = request
  return { digest, principal, upstream, conversation, asks, sentMasked }
}

async function released(
  { table, clock, note }: DeskParts,
  grant: Grant,
  carried: boolean,
  exchange: FrozenRequest['exchange'],
): Promise<boolean> {
  const nowMs = clock.nowMs()
  if (carried) {
    const current = await table.grant(grant.id)
    if (current === null || current.revokedAtMs !== null) return false
  } else if (!(await table.useGrant(grant.id, nowMs))) return false
  await note({
    type: 'approval.released',
    atMs: nowMs,
    actor: '',
    records: [exchange],
    details: {
      approval: grant.approval,
      grant: grant.id,
      exchange,
      grantedBy: grant.grantedBy,
      masked: grant.masked,
      carried,
    },
  })
  return true
}

/** The approval that is pending for these findings, with this request among those it is about. */
async function opened(parts: DeskParts, question: HoldQuestion): Promise<Approval> {
  const { table, journal } = parts
  const { principal, keyId, people, claims } = question.request
  const owner = keyId === null ? null : await parts.ownerOf(keyId)
  const requesters = requestersOf([principal, owner ?? '', ...people], claims)
  for (let tries = 0; tries < OPEN_TRIES_MAX; tries += 1) {
    const wanted = newApproval(parts, question, requesters)
    const { attendance: _, ...approval } = await table.open(wanted)
    if (approval.id === wanted.id) {
      await journal.write(approval)
      return approval
    }
    // Over, and nobody has noticed yet: end it, then open a new one.
    if (parts.clock.nowMs() >= approval.expiresAtMs) {
      await move(parts, approval.id, (one) => expire(one, parts.clock.nowMs()))
      continue
    }
    const both = joined(approval, question.request.digest, requesters)
    if (both === null) return approval
    if (await table.change(both, null)) return both
  }
  throw new Error('the approval is changed too often to be joined')
}

function newApproval(
  { clock, seal }: DeskParts,
  question: HoldQuestion,
  requesters: readonly string[],
): Approval {
  const nowMs = clock.nowMs()
  const id = newControlId('ap', nowMs)
  const { request, asks, terms } = question
  return {
    id,
    state: 'pending',
    version: 1,
    coalesceKey: coalesceKey(request, asks),
    createdAtMs: nowMs,
    expiresAtMs: nowMs + terms.expiresInMs,
    decidedAtMs: null,
    escalatedAtMs: null,
    request,
    requesters,
    digests: [request.digest],
    asks,
    terms,
    votes: [],
    history: [
      { kind: 'created', atMs: nowMs, actor: request.principal, reason: '', surface: 'gateway' },
    ],
    noted: 0,
    brokeGlass: false,
    review: null,
    sealedCard: seal.seal(id, question.excerpts),
    page: randomBytes(PAGE_SECRET_BYTES).toString('base64url'),
  }
}

class Ticket implements HoldTicket {
  readonly approval: Approval
  readonly attempt: number
  readonly #parts: DeskParts
  readonly #question: HoldQuestion

  constructor(parts: DeskParts, question: HoldQuestion, approval: Approval, attempt: number) {
    this.#parts = parts
    this.#question = question
    this.approval = approval
    this.attempt = attempt
  }

  readonly wait = async (isGone: () => boolean): Promise<HoldEnding> => {
    try {
      const settled = await this.#settled(isGone)
      return await this.#endingOf(settled, isGone)
    } finally {
      await this.#parts.table.leave(this.approval.id)
    }
  }

  /** Looks at the approval after every change, until it is decided or nobody needs to know. */
  async #settled(isGone: () => boolean): Promise<AttendedApproval> {
    const { watch } = this.#parts
    let wake: () => void = () => undefined
    const stop = watch.follow(() => wake())
    try {
      for (;;) {
        const woken = new Promise<void>((resolve) => {
          wake = resolve
        })
        const approval = await this.#look()
        const isOver =
          approval.state !== 'pending' ||
          isGone() ||
          watch.isClosed() ||
          this.#parts.clock.nowMs() >= this.#question.waitUntilMs
        if (isOver) return approval
        await woken
      }
    } finally {
      stop()
    }
  }

  async #look(): Promise<AttendedApproval> {
    const { table, clock } = this.#parts
    const approval = await table.byId(this.approval.id)
    if (approval === null) throw new Error(`the approval ${this.approval.id} is gone`)
    if (approval.state !== 'pending' || clock.nowMs() < approval.expiresAtMs) return approval
    const ended = await move(this.#parts, approval.id, (one) => expire(one, clock.nowMs()))
    return ended.kind === 'not-found' ? approval : ended.approval
  }

  async #endingOf(approval: AttendedApproval, isGone: () => boolean): Promise<HoldEnding> {
    if (isGone()) return { kind: 'gone', approval }
    if (approval.state === 'pending') return { kind: 'pending', approval }
    // Who decided must be evidence before anything follows from it, whichever process it was.
    await this.#parts.journal.write(approval)
    if (isRefused(approval)) return { kind: 'refused', approval }
    const grant = await this.#grant(approval)
    if (isGone()) return { kind: 'gone', approval }
    const went =
      grant !== null && (await released(this.#parts, grant, false, this.#question.request.exchange))
    // Approved, but not for this one any more: when it comes again, people are asked again.
    return went ? { kind: 'go', approval, grant } : { kind: 'pending', approval }
  }

  /** Null when it does not cover this request: revoked meanwhile, or the request joined too late. */
  async #grant(approval: Approval): Promise<Grant | null> {
    const { table, clock } = this.#parts
    const nowMs = clock.nowMs()
    const { request, asks } = this.#question
    const filter = { principal: request.principal, activeAtMs: nowMs, limit: GRANTS_MAX }
    const grants = (await table.grants(filter)).filter((one) => one.approval === approval.id)
    const held = heldOf(request, asks, new Set())
    return grants.find((grant) => coverage(grant, held, nowMs) === 'use') ?? null
  }
}
