/** Refuses, or splices the masks into the caller's bytes; everything else goes as it came. */
import type { MaskingPlan } from '../../detect/masking-plan.ts'
import { hitsToMask } from '../hold/hits-to-mask.ts'
import { splicedParts } from '../../lib/spliced.ts'
import { inTurns, joining } from '../../lib/turns.ts'
import type { RuleHit } from '../../model/decision.ts'
import { fail } from '../../model/errors.ts'
import type { Exchange } from '../exchange.ts'
import { isStreamAsked } from '../exchange.ts'
import { scopeOf } from '../masking/scope.ts'
import { maskByPolicy } from '../policy/mask-by-policy.ts'
import type { GatewayParts } from '../parts.ts'
import type { StepResult } from '../pipeline.ts'

export function enforce(exchange: Exchange, parts: GatewayParts): StepResult | Promise<StepResult> {
  const masks = hitsToMask(exchange)
  return masks.length === 0 ? carriedOut(exchange, parts) : masked(exchange, parts, masks)
}

async function masked(
  exchange: Exchange,
  parts: GatewayParts,
  masks: readonly RuleHit[],
): Promise<StepResult> {
  const problem = await maskByPolicy(exchange, parts, masks)
  return problem ?? carriedOut(exchange, parts)
}

export function carriedOut(
  exchange: Exchange,
  parts: GatewayParts,
): StepResult | Promise<StepResult> {
  const { inspection, masking } = exchange
  if (inspection?.isBlocked === true) {
    const entities = new Set(
      inspection.findings.filter((one) => one.operator === 'block').map((one) => one.entity),
    )
    return fail('policy.blocked', `Found: ${[...entities].toSorted().join(', ')}.`)
  }
  // Refused before anything is sent: a stream that cannot be masked would only be cut.
  const looksAtAnswer =
    exchange.answerRules?.isActive === true || masking?.directions.includes('response') === true
  if (looksAtAnswer && isUnmaskableStream(exchange)) return fail('policy.unmaskable-stream')
  const body = maskedBody(exchange)
  if (body instanceof Promise)
    return body.then((bytes) => {
      exchange.maskedBody = bytes
      return tokensOf(exchange, parts)
    })
  exchange.maskedBody = body ?? exchange.maskedBody
  return tokensOf(exchange, parts)
}

/** Null where nothing is masked. */
function maskedBody({ inspection, body }: Exchange): Buffer | null | Promise<Buffer> {
  return inspection === null || inspection.splices.length === 0 || body.kind !== 'whole'
    ? null
    : inTurns(joining(splicedParts(body.plain, inspection.splices)))
}

function tokensOf(exchange: Exchange, parts: GatewayParts): StepResult | Promise<StepResult> {
  const { inspection, masking } = exchange
  const hasTokens = (inspection?.tokens.length ?? 0) > 0
  return hasTokens || (masking !== null && tokenizes(masking))
    ? exchangeTokens(exchange, parts)
    : null
}

function isUnmaskableStream(exchange: Exchange): boolean {
  const { routing } = exchange
  return (
    isStreamAsked(exchange) &&
    routing !== null &&
    routing.dialect.streamShape(routing.surface) === null
  )
}

function tokenizes({ defaultOperator, operators }: MaskingPlan): boolean {
  return [defaultOperator, ...Object.values(operators)].some(({ kind }) => kind === 'tokenize')
}

/** A token that could not be brought back must not leave. */
async function exchangeTokens(exchange: Exchange, parts: GatewayParts): Promise<StepResult> {
  const { vault } = parts.masking
  const scope = scopeOf(exchange.principal)
  const tokens = exchange.inspection?.tokens ?? []
  try {
    await vault.keep(scope, tokens, { exchange: exchange.id, nowMs: parts.clock.nowMs() })
    exchange.restorable = await vault.known(scope)
    return null
  } catch (cause) {
    return fail('policy.inspection-failed', '', cause)
  }
}
