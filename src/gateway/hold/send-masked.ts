/** Sends a held request the way people approved it: with everything masked that the rules held it for. */
import { fail } from '../../model/errors.ts'
import type { Exchange } from '../exchange.ts'
import { allHits, holding } from './hits-to-mask.ts'
import type { GatewayParts } from '../parts.ts'
import type { StepResult } from '../pipeline.ts'
import { maskByPolicy } from '../policy/mask-by-policy.ts'
import { carriedOut } from '../steps/enforce.ts'

export async function sendMasked(exchange: Exchange, parts: GatewayParts): Promise<StepResult> {
  const problem = await maskByPolicy(exchange, parts, allHits(exchange))
  if (problem !== null) return problem
  const stopped = await carriedOut(exchange, parts)
  if (stopped !== null) return stopped
  exchange.sentSplices = exchange.inspection?.splices ?? []
  return unmaskedOf(exchange)
}

/** Threat: people said "masked only"; what no operator reached must not leave. */
export function unmaskedOf({ inspection, decision, maskedBody }: Exchange): StepResult {
  const asked = new Set(holding(decision?.hits ?? []).flatMap(({ findings }) => findings))
  const isLeft = inspection?.findings.some(
    ({ fingerprint, operator }) => asked.has(fingerprint) && operator === 'keep',
  )
  return maskedBody === null || isLeft === true ? fail('approval.unmaskable') : null
}
