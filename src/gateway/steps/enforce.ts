/** Sixth step: refuses, or splices the masks into the caller's bytes; everything else goes as it came. */
import { fail } from '../../model/errors.ts'
import type { Exchange } from '../exchange.ts'
import { spliced } from '../masking/inspect-request.ts'
import type { IssuedToken } from '../masking/mask-keys.ts'
import { scopeOf } from '../masking/scope.ts'
import type { GatewayParts } from '../parts.ts'
import type { StepResult } from '../pipeline.ts'

export function enforce(exchange: Exchange, parts: GatewayParts): StepResult | Promise<StepResult> {
  const { inspection, body } = exchange
  if (inspection === null || body.kind !== 'whole') return null
  if (inspection.isBlocked) {
    const entities = new Set(
      inspection.findings.filter((one) => one.operator === 'block').map((one) => one.entity),
    )
    return fail('policy.blocked', `Found: ${[...entities].toSorted().join(', ')}.`)
  }
  if (inspection.splices.length === 0) return null
  exchange.maskedBody = spliced(body.plain, inspection.splices)
  return inspection.tokens.length === 0 ? null : keepTokens(exchange, parts, inspection.tokens)
}

/** A token that could not be brought back must not leave. */
async function keepTokens(
  exchange: Exchange,
  parts: GatewayParts,
  tokens: readonly IssuedToken[],
): Promise<StepResult> {
  try {
    await parts.masking.vault.keep(scopeOf(exchange.principal), tokens, parts.clock.nowMs())
    return null
  } catch (cause) {
    return fail('policy.inspection-failed', '', cause)
  }
}
