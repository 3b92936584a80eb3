/** Delivers what approvals have to tell: each step to each receiver, again after failures, at last to the dead letters. */
import type { Clock } from '../../lib/clock.ts'
import { failureReason } from '../../lib/failure-reason.ts'
import type { ApprovalSettings } from '../../model/approval-settings.ts'
import type { Approval, ApprovalTable, TransitionKind } from '../../model/approval.ts'
import type { Notice, NoticeTable } from '../../model/notice.ts'
import type { CardSeal } from '../card-seal.ts'
import { tellByEmail, tellTeams } from './links.ts'
import { post } from './post.ts'
import { tellSlack } from './slack.ts'
import { eventBody, postWebhook } from './webhook.ts'

const LOOK_EVERY_MS = 500
const TAKEN_MAX = 20
/** A worker that died gives its notices back after this. */
const LEASE_MS = 60_000
/** About a day altogether. */
const PAUSES_MS = [5_000, 30_000, 120_000, 600_000, 3_600_000, 6 * 3_600_000, 12 * 3_600_000]

export interface CourierParts {
  readonly notices: NoticeTable
  readonly table: ApprovalTable
  readonly clock: Clock
  readonly seal: CardSeal
  readonly settings: () => ApprovalSettings
  readonly consoleUrl: () => string
  /** False where the content of the exchange is restricted: a channel has no second person. */
  readonly mayQuote: (exchange: string) => Promise<boolean>
  readonly onFault: (what: string, error: unknown) => void
}

/** Steps that people outside want to hear of; a single vote changes nothing but a card. */
const TOLD: ReadonlySet<TransitionKind> = new Set([
  'created',
  'escalated',
  'approved',
  'approved-masked',
  'denied',
  'expired',
  'cancelled',
])

export function noticesOf(
  settings: ApprovalSettings,
  approval: Approval,
  step: number,
  nowMs: number,
): readonly Notice[] {
  const kind = approval.history[step]?.kind
  if (kind === undefined) return []
  const isTold = TOLD.has(kind)
  const asksForPeople = kind === 'created' || kind === 'escalated'
  const receivers = [
    ...settings.webhooks.map(({ name }) => `webhook ${name}`),
    ...(settings.slack !== null && (isTold || kind === 'voted') ? ['slack'] : []),
    ...(asksForPeople ? settings.teams.map(({ name }) => `teams ${name}`) : []),
    ...(asksForPeople && settings.email !== null ? ['email'] : []),
  ]
  return receivers.map((receiver) => ({
    id: `${approval.id}.${step}.${receiver}`,
    approval: approval.id,
    step,
    receiver,
    state: 'due',
    attempts: 0,
    dueAtMs: nowMs,
    createdAtMs: nowMs,
    sentAtMs: null,
    lastError: '',
    reference: '',
  }))
}

export function keepDelivering(parts: CourierParts): AsyncDisposable {
  let running: Promise<void> = Promise.resolve()
  let isBusy = false
  const round = (): void => {
    if (isBusy) return
    isBusy = true
    running = deliverDue(parts)
      .catch((error: unknown) => parts.onFault('notices not delivered', error))
      .finally(() => {
        isBusy = false
      })
  }
  const timer = setInterval(round, LOOK_EVERY_MS)
  timer.unref()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await running
    },
  }
}

export async function deliverDue(parts: CourierParts): Promise<void> {
  const { notices, clock } = parts
  const nowMs = clock.nowMs()
  for (const notice of await notices.take(nowMs, nowMs + LEASE_MS, TAKEN_MAX)) {
    try {
      const reference = await deliver(parts, notice)
      await notices.sent(notice.id, clock.nowMs(), reference)
    } catch (error) {
      const pauseMs = PAUSES_MS[notice.attempts - 1]
      const dueAtMs = pauseMs === undefined ? null : clock.nowMs() + pauseMs
      await notices.failed(notice.id, failureReason(error), dueAtMs)
      if (dueAtMs === null) parts.onFault(`notice given up: ${notice.receiver}`, error)
    }
  }
}

/** Gives what the receiver calls the message. */
async function deliver(parts: CourierParts, notice: Notice): Promise<string> {
  const settings = parts.settings()
  const approval = await parts.table.byId(notice.approval)
  if (approval === null) return ''
  const url = `${parts.consoleUrl()}/approvals`
  const [kind = '', name = ''] = notice.receiver.split(' ')
  switch (kind) {
    case 'webhook': {
      const target = settings.webhooks.find((one) => one.name === name)
      if (target === undefined) return ''
      const body = eventBody(approval, notice.step, url)
      await postWebhook(post, target, {
        id: notice.id.replaceAll(' ', '-'),
        atMs: parts.clock.nowMs(),
        body,
      })
      return ''
    }
    case 'slack': {
      if (settings.slack === null) return ''
      const excerpts = (await parts.mayQuote(approval.request.exchange))
        ? parts.seal.open(approval.id, approval.sealedCard)
        : []
      const known = await parts.notices.reference(approval.id, 'slack')
      return tellSlack(post, settings.slack, { approval, excerpts, url }, known)
    }
    case 'teams': {
      const target = settings.teams.find((one) => one.name === name)
      if (target !== undefined) await tellTeams(post, target, approval, url)
      return ''
    }
    case 'email':
      if (settings.email !== null) await tellByEmail(settings.email, approval, url)
      return ''
    default:
      return ''
  }
}
