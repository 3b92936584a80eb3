/** Waits for people, behind a durable record, as the last step before the request leaves; lets go only what they approved. */
import { GatewayError, fail } from '../../model/errors.ts'
import { holdSettingsOf } from '../../model/approval-settings.ts'
import type { HoldSettings } from '../../model/approval-settings.ts'
import type { Approval, Grant, HoldEnding } from '../../model/approval.ts'
import type { KeptAlive } from '../../model/keepalive.ts'
import type { Exchange } from '../exchange.ts'
import { excerptsOf } from '../hold/excerpts.ts'
import { keepaliveOf, keepWaiting } from '../hold/keepalive.ts'
import { holdBudgetMs, pendingAnswer } from '../hold/hold-client.ts'
import { refusalOf } from '../hold/refusal-of.ts'
import { sendMasked, unmaskedOf } from '../hold/send-masked.ts'
import type { GatewayParts } from '../parts.ts'
import type { StepResult } from '../pipeline.ts'
import { upstreamHeaders } from '../upstream-headers.ts'
import { containCaller } from './contain.ts'
import { identify } from './identify.ts'

export function hold(exchange: Exchange, parts: GatewayParts): StepResult | Promise<StepResult> {
  const { held } = exchange
  if (held === null) return null
  return held.kind === 'granted'
    ? released(exchange, parts, held.grant, held.carried)
    : asked(exchange, parts, held)
}

async function released(
  exchange: Exchange,
  parts: GatewayParts,
  grant: Grant,
  carried: boolean,
): Promise<StepResult> {
  exchange.heldBy = {
    approval: grant.approval,
    state: grant.masked ? 'approved-masked' : 'approved',
    grant: grant.id,
    attempt: 0,
    waitedMs: 0,
  }
  if (exchange.caller.gone) return fail('request.aborted')
  const unmasked = grant.masked ? unmaskedOf(exchange) : null
  if (unmasked !== null) return unmasked
  try {
    // Revoked or used up since it was found: the same request asks people when it comes again.
    return (await parts.approvals.release(grant, carried, exchange.id))
      ? null
      : fail('approval.waiting')
  } catch (cause) {
    return fail('approval.unavailable', '', cause)
  }
}

type Held = Extract<NonNullable<Exchange['held']>, { readonly kind: 'ask' }>

async function asked(exchange: Exchange, parts: GatewayParts, held: Held): Promise<StepResult> {
  const { clock, approvals } = parts
  const { caller, settings, body } = exchange
  const route = holdSettingsOf(settings.approvals, exchange.route?.name ?? '')
  const limit: HoldSettings = {
    ...route,
    budgetMs: Math.min(route.budgetMs, held.terms.holdBudgetMs ?? route.budgetMs),
  }
  const began = clock.monotonicMs()
  try {
    const ticket = await approvals.ask({
      ...held,
      excerpts: excerptsOf(
        body.kind === 'whole' ? body.plain : Buffer.alloc(0),
        exchange.inspection?.findings ?? [],
        held.asks,
      ),
      waitUntilMs: clock.nowMs() + holdBudgetMs(caller.rawHeaders, limit),
    })
    const page = approvals.pageUrl(ticket.approval)
    const waiting = keepWaiting(exchange, keepaliveOf(exchange, limit.keepalive), page, clock)
    let kept: KeptAlive | null = null
    let ending: HoldEnding
    try {
      ending = await ticket.wait(() => caller.gone)
    } finally {
      kept = waiting.stop()
    }
    exchange.heldBy = {
      approval: ending.approval.id,
      state: ending.approval.state,
      grant: ending.kind === 'go' ? ending.grant.id : null,
      attempt: ticket.attempt,
      waitedMs: Math.round(clock.monotonicMs() - began),
      ...(kept === null ? {} : { keptAlive: kept }),
    }
    return await answerTo(exchange, parts, ending, limit)
  } catch (cause) {
    return cause instanceof GatewayError ? cause : fail('approval.unavailable', '', cause)
  }
}

async function answerTo(
  exchange: Exchange,
  parts: GatewayParts,
  ending: HoldEnding,
  limit: HoldSettings,
): Promise<StepResult> {
  switch (ending.kind) {
    case 'gone':
      return fail('request.aborted')
    case 'refused':
      return refusalOf(parts.approvals, ending.approval)
    case 'pending':
      return stillPending(exchange, parts, ending.approval, limit)
    case 'go': {
      // Minutes have passed: a key that was revoked meanwhile, or a caller that was locked, sends nothing.
      const stopped = (await identify(exchange, parts)) ?? (await containCaller(exchange, parts))
      if (stopped !== null) return stopped
      const unmasked = ending.grant.masked ? await sendMasked(exchange, parts) : null
      return unmasked ?? signedAgain(exchange)
    }
  }
}

/** A signature names its time, and lengths and digests what is sent: both may have changed while people decided. */
async function signedAgain(exchange: Exchange): Promise<StepResult> {
  if (exchange.routing === null) return fail('internal')
  exchange.upstreamHeaders = await upstreamHeaders(exchange, exchange.routing)
  return null
}

function stillPending(
  exchange: Exchange,
  parts: GatewayParts,
  approval: Approval,
  limit: HoldSettings,
): GatewayError {
  const waitedMs = parts.clock.nowMs() - approval.createdAtMs
  const isRetry = pendingAnswer(exchange.caller.rawHeaders, limit, waitedMs) === 'retry'
  return refusalOf(parts.approvals, approval, isRetry ? 'approval.waiting' : 'approval.pending')
}
