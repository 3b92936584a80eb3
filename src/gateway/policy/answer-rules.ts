/** Which rules look at the answer of an exchange, known before it comes: what they mask, what stops it at once. */
import type { MaskingPlan } from '../../detect/masking-plan.ts'
import type { Operator } from '../../detect/operators.ts'
import { appliesTo, isInForce, sightOf } from '../../policy/evaluate.ts'
import { bindingsOf } from '../../policy/condition.ts'
import type { Criterion } from '../../policy/criteria.ts'
import type { PolicyFacts } from '../../policy/facts.ts'
import type { CompiledRule, Policy } from '../../policy/policy.ts'
import type { Criteria } from '../../policy/rule.ts'
import type { Exchange } from '../exchange.ts'
import type { GatewayParts } from '../parts.ts'
import { planMasking, planWith } from './mask-by-policy.ts'
import { callFacts } from './request-facts.ts'

export interface AnswerRules {
  readonly policy: Policy
  /** Without what only the answer shows. */
  readonly facts: PolicyFacts
  /** False where every such rule only watches: then not a byte of the answer changes. */
  readonly isActive: boolean
  readonly looksAtText: boolean
  readonly looksAtTools: boolean
  readonly asksSize: boolean
}

/** Null where no rule looks at answers. */
export function answerRulesOf(exchange: Exchange, parts: GatewayParts): AnswerRules | null {
  const { policy } = exchange.settings
  if (policy === null) return null
  const looking = policy.compiled.filter(({ rule }) => isOnAnswer(rule.on))
  if (looking.length === 0) return null
  const facts: PolicyFacts = {
    ...callFacts(exchange, parts),
    moment: 'response',
    size: { bytes: 0, newBytes: 0, tokens: 0, newTokens: 0 },
    counts: { blocks: 0, newBlocks: 0, toolResults: 0 },
    tools: [],
    findings: [],
    inspection: 'done',
  }
  return {
    policy,
    facts,
    isActive: looking.some(({ rule }) => rule.verdict !== 'allow' && isInForce(rule, facts.lot)),
    looksAtText: looking.some(({ rule }) => rule.on.includes('response')),
    looksAtTools: looking.some(({ rule }) => rule.on.includes('tool_call')),
    asksSize: looking.some(({ rule }) => rule.criteria.size !== null),
  }
}

function isOnAnswer(on: readonly string[]): boolean {
  return on.includes('response') || on.includes('tool_call')
}

const BLOCK: Operator = { kind: 'block' }

/** The plan of the answer with what rules in force mask in it, and with what stops it the moment it is seen. */
export function planOfAnswer(plan: MaskingPlan, { policy, facts }: AnswerRules): MaskingPlan {
  const bindings = bindingsOf(facts)
  const standing = policy.compiled.filter(
    (one) =>
      appliesTo(one.rule, facts) &&
      isInForce(one.rule, facts.lot) &&
      mayFire(one, facts, () => bindings),
  )
  const masking = standing.filter(({ rule }) => rule.verdict === 'mask')
  const masked = planMasking(
    plan,
    policy,
    masking.map(({ rule }) => ({ rule: rule.id })),
  )
  const stopping: Record<string, Operator> = {}
  for (const { rule, detectorsOf } of standing) {
    if (rule.verdict !== 'deny' || !firesOnFirst(rule.criteria, rule.unless)) continue
    const { content } = rule.criteria
    for (const id of (content === null ? undefined : detectorsOf.get(content)) ?? [])
      stopping[id] = BLOCK
  }
  return planWith(masked, stopping)
}

/** Nothing that is known already speaks against it. */
function mayFire(
  compiled: CompiledRule,
  facts: PolicyFacts,
  bindings: () => ReturnType<typeof bindingsOf>,
): boolean {
  const sight = sightOf(compiled, facts, bindings)
  const known = (criteria: readonly Criterion[], of: Criteria): readonly Criterion[] =>
    criteria.filter(
      ({ name }) =>
        name !== 'content' &&
        name !== 'size' &&
        !(name === 'when' && of.when?.asksFindings === true),
    )
  const { rule } = compiled
  if (known(compiled.criteria, rule.criteria).some(({ test }) => test(sight).kind === 'fails'))
    return false
  return !compiled.unless.some((excuse, index) => {
    const written = rule.unless[index]
    if (written === undefined) return false
    const certain = known(excuse, written)
    return (
      certain.length === excuse.length && certain.every(({ test }) => test(sight).kind === 'holds')
    )
  })
}

/** One finding is enough, and nothing that the rest of the answer shows can excuse it. */
function firesOnFirst({ content, size, when }: Criteria, unless: readonly Criteria[]): boolean {
  return (
    content?.atLeast === 1 &&
    content.occurrence === 'any' &&
    size === null &&
    when?.asksFindings !== true &&
    unless.every((excuse) => excuse.content === null && excuse.when?.asksFindings !== true)
  )
}
