/** Says of every rule why it fired or did not, with what it saw. */
import { bindingsOf } from './condition.ts'
import type { Criterion, Sight } from './criteria.ts'
import { appliesTo, evaluate, isInForce, sightOf } from './evaluate.ts'
import type { PolicyFacts } from './facts.ts'
import type { Policy } from './policy.ts'
import type { PolicyRule } from './rule.ts'

export interface RuleExplanation {
  readonly rule: string
  readonly title: string
  readonly verdict: PolicyRule['verdict']
  readonly stage: string
  /** `fired`: in force. `watched`: it fired and is not in force. */
  readonly outcome: 'fired' | 'watched' | 'did not fire' | 'off' | 'does not apply'
  readonly criteria: readonly CriterionExplanation[]
}

export interface CriterionExplanation {
  /** Names of the fields; excuses begin with `unless`. */
  readonly name: string
  readonly holds: boolean | null
  readonly saw: string
}

export function explain(policy: Policy, facts: PolicyFacts): readonly RuleExplanation[] {
  const fired = new Set(evaluate(policy, facts).hits.map(({ rule }) => rule))
  const bindings = bindingsOf(facts)
  const compiled = new Map(policy.compiled.map((one) => [one.rule.id, one]))
  return policy.rules.map((rule) => {
    const said = {
      rule: rule.id,
      title: rule.title,
      verdict: rule.verdict,
      stage: stageText(rule),
    }
    const own = compiled.get(rule.id)
    if (own === undefined) return { ...said, outcome: 'off', criteria: [] }
    if (!appliesTo(rule, facts)) return { ...said, outcome: 'does not apply', criteria: [] }
    const sight = sightOf(own, facts, () => bindings)
    return {
      ...said,
      outcome: !fired.has(rule.id)
        ? 'did not fire'
        : isInForce(rule, facts.lot)
          ? 'fired'
          : 'watched',
      criteria: [
        ...own.criteria.map((criterion) => criterionOf(criterion, sight, '')),
        ...own.unless.flatMap((excuse, index) => {
          const prefix = own.unless.length === 1 ? 'unless ' : `unless ${index + 1} `
          return excuse.map((criterion) => criterionOf(criterion, sight, prefix))
        }),
      ],
    }
  })
}

function criterionOf(
  { name, test, saw }: Criterion,
  sight: Sight,
  prefix: string,
): CriterionExplanation {
  const { kind } = test(sight)
  return {
    name: prefix + name,
    holds: kind === 'unknown' ? null : kind === 'holds',
    saw: saw(sight),
  }
}

export function stageText({ stage }: PolicyRule): string {
  return stage.kind === 'canary' ? `canary: ${stage.percent}%` : stage.kind
}
