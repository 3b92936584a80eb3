/** The columns of the index that say what a policy decided, on the request and then on its answer. */
import type { Decision } from '../model/decision.ts'
import { stricter, tagsOf } from '../model/decision.ts'
import type { ExchangeRow } from '../model/record.ts'

type DecisionColumns = Pick<
  ExchangeRow,
  'verdict' | 'policyHash' | 'decidingRule' | 'policyRules' | 'tags'
>

export const NO_DECISION: DecisionColumns = {
  verdict: null,
  policyHash: null,
  decidingRule: null,
  policyRules: [],
  tags: [],
}

/** The stricter verdict of both stands, with the rule that made it. */
export function withDecision(
  before: DecisionColumns,
  decision: Decision | undefined,
): DecisionColumns {
  const { verdict, policyHash, decidingRule, policyRules, tags } = before
  if (decision === undefined) return { verdict, policyHash, decidingRule, policyRules, tags }
  const strictest = verdict === null ? decision.verdict : stricter(verdict, decision.verdict)
  const isNew = verdict === null || strictest !== verdict
  return {
    verdict: strictest,
    policyHash: decision.policy,
    decidingRule: isNew ? decision.deciding : decidingRule,
    policyRules: joined(
      policyRules,
      decision.hits.map(({ rule }) => rule),
    ),
    tags: joined(tags, tagsOf(decision)),
  }
}

function joined(one: readonly string[], other: readonly string[]): readonly string[] {
  return [...new Set([...one, ...other])].toSorted()
}
