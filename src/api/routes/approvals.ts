/** Serves held requests to those who decide about them, and their state to those who sent them. */
import type { Context } from 'hono'
import {
  decide,
  lookAtBreakGlass,
  revokeGrant as revoke,
  withdraw,
} from '../../approvals/deciding.ts'
import type { Actor } from '../../approvals/deciding.ts'
import type { Moved } from '../../approvals/moves.ts'
import { DECISION_REFUSALS } from '../../approvals/state.ts'
import type { ApprovalFilter, AttendedApproval } from '../../model/approval.ts'
import { isExchangeId } from '../../lib/ids.ts'
import { fail } from '../../model/errors.ts'
import {
  cancelApproval,
  decideApproval,
  listApprovals,
  listGrants,
  readApproval,
  readRequestPage,
  reviewApproval,
  revokeGrant,
} from '../contract/approvals.ts'
import type { ApiEnv, ApiParts } from '../parts.ts'
import type { Registrar } from '../registrar.ts'
import { shownApproval, shownGrant, shownRequestPage } from '../shown-approval.ts'
import { approvalStream } from './approval-stream.ts'

const FILTER_OF = {
  pending: { states: ['pending'] },
  decided: { states: ['approved', 'approved-masked', 'denied', 'expired', 'cancelled'] },
  review: { unreviewed: true },
} as const satisfies Record<string, Omit<ApprovalFilter, 'limit'>>

export function approvalRoutes(registrar: Registrar): void {
  const { app, parts, guarded } = registrar
  const { deciding, seal } = parts.approvals
  // Before `/approvals/{id}`, which would take `live` for an id.
  approvalStream(registrar)
  app.openapi(guarded(listApprovals), async (context) => {
    const { show, cursor, limit } = context.req.valid('query')
    const rows = await deciding.table.list({
      ...FILTER_OF[show],
      ...ownOnly(context),
      ...(cursor === undefined ? {} : { before: cursor }),
      limit: limit + 1,
    })
    const items = rows.slice(0, limit)
    const next = rows.length > limit ? (items.at(-1)?.id ?? null) : null
    return context.json({ items: await shownAll(context, parts, items), next }, 200)
  })
  app.openapi(guarded(readApproval), async (context) => {
    const approval = await visible(context, parts, context.req.valid('param').id)
    const before = await deciding.table.list({ principal: approval.request.principal, limit: 50 })
    const rules = new Set(approval.asks.map(({ rule }) => rule))
    const others = before.filter(
      (one) => one.id < approval.id && one.asks.some(({ rule }) => rules.has(rule)),
    )
    await context.get('audit').shown({ target: approval.id, details: { what: 'card' } })
    // The requester knows what they sent; admins and auditors read no content.
    const { roles, person } = context.get('signedIn')
    const mayRead = roles.some((role) => READERS.has(role))
    const sealed = mayRead ? seal.open(approval.id, approval.sealedCard) : []
    const withheld = sealed.length === 0 ? '' : await restrictedBy(parts, approval, person.id)
    return context.json(
      {
        approval: await shown(context, parts, approval),
        withheld,
        excerpts: withheld === '' ? [...sealed] : [],
        firstTime: others.length === 0,
      },
      200,
    )
  })
  app.openapi(guarded(readRequestPage), async (context) => {
    const approval = await deciding.table.byPage(context.req.valid('param').page)
    if (approval === null) throw fail('api.not-found')
    return context.json(shownRequestPage(approval), 200)
  })
  deedRoutes(registrar)
  grantRoutes(registrar)
}

/** By what the words of the request are kept from this person; empty where they may read them. */
async function restrictedBy(
  { desk, accesses }: ApiParts,
  { request: { exchange } }: AttendedApproval,
  person: string,
): Promise<string> {
  const row = isExchangeId(exchange) ? await desk.row(exchange, null) : null
  // What its labels are cannot be known without its record.
  if (row === null) return 'its record cannot be read'
  const restriction = (await accesses.restrictions(person, [row])).get(row.id)
  return restriction === undefined || restriction.access !== null ? '' : restriction.by.join(', ')
}

const READERS = new Set<string>(['approver', 'investigator'])

function deedRoutes({ app, parts, guarded }: Registrar): void {
  const { deciding } = parts.approvals
  app.openapi(guarded(decideApproval), async (context) => {
    const { id } = context.req.valid('param')
    const ballot = context.req.valid('json')
    context.get('audit').add({
      target: id,
      reason: ballot.reason,
      details: { choice: ballot.choice, breakGlass: ballot.breakGlass },
    })
    await visible(context, parts, id)
    const actor = await actorOf(context, parts)
    const surface = surfaceOf(context)
    const moved = await decide(deciding, id, actor, { ...ballot, surface })
    return context.json(await shown(context, parts, carriedOut(moved)), 200)
  })
  app.openapi(guarded(cancelApproval), async (context) => {
    const { id } = context.req.valid('param')
    const { reason } = context.req.valid('json')
    context.get('audit').add({ target: id, reason })
    const actor = await actorOf(context, parts)
    const moved = await withdraw(deciding, id, actor, { reason, surface: surfaceOf(context) })
    return context.json(await shown(context, parts, carriedOut(moved)), 200)
  })
  app.openapi(guarded(reviewApproval), async (context) => {
    const { id } = context.req.valid('param')
    const { note } = context.req.valid('json')
    context.get('audit').add({ target: id, reason: note })
    const moved = await lookAtBreakGlass(deciding, id, await actorOf(context, parts), note)
    return context.json(await shown(context, parts, carriedOut(moved)), 200)
  })
}

function grantRoutes({ app, parts, guarded }: Registrar): void {
  const { deciding } = parts.approvals
  app.openapi(guarded(listGrants), async (context) => {
    const { cursor, limit, active } = context.req.valid('query')
    const rows = await deciding.table.grants({
      ...ownOnly(context),
      ...(active === 'true' ? { activeAtMs: parts.clock.nowMs() } : {}),
      ...(cursor === undefined ? {} : { before: cursor }),
      limit: limit + 1,
    })
    const items = rows.slice(0, limit)
    const next = rows.length > limit ? (items.at(-1)?.id ?? null) : null
    return context.json({ items: items.map(shownGrant), next }, 200)
  })
  app.openapi(guarded(revokeGrant), async (context) => {
    const { id } = context.req.valid('param')
    context.get('audit').add({ target: id })
    const { login } = context.get('signedIn').person
    await revoke(deciding, id, login, parts.note)
    const grant = await deciding.table.grant(id)
    if (grant === null) throw fail('api.not-found')
    return context.json(shownGrant(grant), 200)
  })
}

function ownOnly(context: Context<ApiEnv>): { readonly principal?: string } {
  return context.get('reach') === 'all' ? {} : { principal: context.get('signedIn').person.login }
}

async function shownAll(
  context: Context<ApiEnv>,
  { approvals: { deciding } }: ApiParts,
  approvals: readonly AttendedApproval[],
) {
  const { person, roles } = context.get('signedIn')
  const roster = await deciding.roster()
  return approvals.map((one) => shownApproval({ ...deciding, roster }, one, { ...person, roles }))
}

async function shown(context: Context<ApiEnv>, parts: ApiParts, approval: AttendedApproval) {
  const { person, roles } = context.get('signedIn')
  const { deciding } = parts.approvals
  const roster = await deciding.roster()
  return shownApproval({ ...deciding, roster }, approval, { ...person, roles })
}

async function visible(
  context: Context<ApiEnv>,
  parts: ApiParts,
  id: string,
): Promise<AttendedApproval> {
  const approval = await parts.approvals.deciding.table.byId(id)
  const { login } = context.get('signedIn').person
  const isSeen = context.get('reach') === 'all' || approval?.request.principal === login
  if (approval === null || !isSeen) throw fail('api.not-found')
  return approval
}

/** With the roles in force: a token may carry fewer than its person has. */
async function actorOf(context: Context<ApiEnv>, parts: ApiParts): Promise<Actor> {
  const { person, roles, authentication, id } = context.get('signedIn')
  const session =
    authentication === 'login-session' ? await parts.control.loginSessions.byId(id) : null
  const { freshLoginMs } = parts.approvals.deciding.settings()
  const isFresh = session !== null && parts.clock.nowMs() - session.createdAtMs <= freshLoginMs
  return { person: { ...person, roles }, isFresh }
}

function surfaceOf(context: Context<ApiEnv>): string {
  return context.get('signedIn').authentication === 'login-session' ? 'console' : 'api'
}

function carriedOut(moved: Moved): AttendedApproval {
  switch (moved.kind) {
    case 'moved':
      return moved.approval
    case 'not-found':
      throw fail('api.not-found')
    case 'refused': {
      const said = DECISION_REFUSALS[moved.reason]
      if (moved.reason !== 'decided') throw fail('api.decision-refused', said)
      const { state, history } = moved.approval
      throw fail('api.decided', `It is ${state}${byWhom(history.at(-1)?.actor ?? '')}.`)
    }
  }
}

function byWhom(actor: string): string {
  return actor === '' ? '' : ` (${actor})`
}
