/** Takes out of approvals what came from erased requests, and who sent them: what was decided, by whom and why stays. */
import type { Clock } from '../lib/clock.ts'
import type { ExchangeId } from '../lib/ids.ts'
import {
  ERASED_CALLER,
  type Approval,
  type ApprovalTable,
  type FrozenRequest,
  type Transition,
} from '../model/approval.ts'
import { cancel } from './state.ts'
import { isRequester, requesterMark } from './who-decides.ts'

const TRIES_MAX = 50
const ERASED = { login: '', reason: 'what it was about was erased', surface: 'gateway' } as const

/** Those that are pending end: nobody can decide about what nobody can see. Doing it twice is doing it once. */
export async function forgetErased(
  table: ApprovalTable,
  clock: Clock,
  exchanges: readonly ExchangeId[],
): Promise<void> {
  for (const id of await table.ofExchanges(exchanges))
    await forgetIn(table, clock, id, new Set(exchanges))
}

async function forgetIn(
  table: ApprovalTable,
  clock: Clock,
  id: string,
  erased: ReadonlySet<ExchangeId>,
): Promise<void> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const approval = await table.byId(id)
    if (approval === null) return
    const { attendance: _, ...bare } = approval
    const others = await table.digestsBeside(id, [...erased])
    const left = forgotten(bare, erased, new Set(others), clock.nowMs())
    if (await table.forget(left, [...erased])) return
  }
  throw new Error(`the approval ${id} is changed too often to forget what was erased`)
}

/** `others`: digests that requests brought which were not erased. */
export function forgotten(
  approval: Approval,
  erased: ReadonlySet<ExchangeId>,
  others: ReadonlySet<string>,
  nowMs: number,
): Approval {
  const version = approval.version + 1
  const isShown = !erased.has(approval.request.exchange)
  // Only a request that had joined it is gone.
  if (isShown)
    return { ...approval, version, digests: approval.digests.filter((one) => others.has(one)) }
  const move = cancel(approval, ERASED, nowMs)
  const ended = move.kind === 'moved' ? move.approval : approval
  return {
    ...ended,
    version,
    coalesceKey: `erased ${approval.id}`,
    request: withoutContent(approval.request),
    requesters: stillAsked(approval),
    history: ended.history.map((step) => (isOwnStep(approval, step) ? unnamed(step) : step)),
    digests: [],
    asks: approval.asks.map((ask) => ({ ...ask, reasons: [], findings: [], newFindings: [] })),
    sealedCard: null,
  }
}

/** Whoever broke the glass for themselves must not be the one who looks at it afterwards. */
function stillAsked({ id, requesters, brokeGlass, review }: Approval): readonly string[] {
  if (!brokeGlass || review !== null) return []
  const isMark = (name: string): boolean => name.startsWith('sha256:')
  return requesters.map((name) => (isMark(name) ? name : requesterMark(id, name)))
}

const isOwnStep = (approval: Approval, { actor }: Transition): boolean =>
  actor !== '' && isRequester(approval, { id: actor, login: actor })

const unnamed = (step: Transition): Transition => ({ ...step, actor: ERASED_CALLER })

function withoutContent(request: FrozenRequest): FrozenRequest {
  return {
    ...request,
    digest: '',
    bodyDigest: '',
    principal: ERASED_CALLER,
    keyId: null,
    people: [],
    declaredService: '',
    claims: {},
    conversation: null,
    toolNames: [],
    requestBytes: 0,
    kinds: [],
  }
}
