/** Which rules' findings are masked in what is sent: of rules that mask, and of rules that hold where a grant says "masked only". */
import type { RuleHit } from '../../model/decision.ts'
import type { Exchange } from '../exchange.ts'
import { maskingHits } from '../policy/mask-by-policy.ts'

export function hitsToMask(exchange: Exchange): readonly RuleHit[] {
  const { held, decision } = exchange
  const isMaskedOnly = held?.kind === 'granted' && held.grant.masked
  return isMaskedOnly ? allHits(exchange) : maskingHits(decision)
}

export function allHits({ decision }: Exchange): readonly RuleHit[] {
  return [...maskingHits(decision), ...holding(decision?.hits ?? [])]
}

export function holding(hits: readonly RuleHit[]): readonly RuleHit[] {
  return hits.filter(({ inForce, verdict }) => inForce && verdict === 'hold')
}
