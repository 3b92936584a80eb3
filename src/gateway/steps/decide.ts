/** Puts the facts before the policy; a denied request ends here, with nothing sent. */
import { fail } from '../../model/errors.ts'
import { evaluate } from '../../policy/evaluate.ts'
import type { Exchange } from '../exchange.ts'
import type { GatewayParts } from '../parts.ts'
import type { StepResult } from '../pipeline.ts'
import { answerRulesOf } from '../policy/answer-rules.ts'
import { denialOf } from '../policy/denial.ts'
import { requestFacts } from '../policy/request-facts.ts'

export function decide(exchange: Exchange, parts: GatewayParts): StepResult {
  const { policy } = exchange.settings
  if (policy === null) return null
  try {
    exchange.decision = evaluate(policy, requestFacts(exchange, parts))
    exchange.answerRules = answerRulesOf(exchange, parts)
  } catch (cause) {
    return fail('policy.undecided', '', cause)
  }
  return denialOf(exchange.decision)
}
