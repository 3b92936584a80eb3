/** Carries out the verdict `mask`: looks into the request again with the operators that the rules ask for. */
import { createHash } from 'node:crypto'
import type { MaskingPlan } from '../../detect/masking-plan.ts'
import { operatorsOf } from '../../detect/masking-plan.ts'
import type { Operator } from '../../detect/operators.ts'
import { operatorFor, REPLACE } from '../../detect/operators.ts'
import type { Decision, RuleHit } from '../../model/decision.ts'
import { fail } from '../../model/errors.ts'
import type { GatewayError } from '../../model/errors.ts'
import type { Policy } from '../../policy/policy.ts'
import type { Exchange } from '../exchange.ts'
import type { GatewayParts } from '../parts.ts'
import { inspectAgain } from '../steps/inspect.ts'

/** Rules that mask, whatever the verdict of stricter ones is: a held request that is approved is still masked. */
export function maskingHits(decision: Decision | null): readonly RuleHit[] {
  return decision?.hits.filter(({ inForce, verdict }) => inForce && verdict === 'mask') ?? []
}

/** Masks what these rules found. Null when it is done; else why nothing may pass. */
export async function maskByPolicy(
  exchange: Exchange,
  parts: GatewayParts,
  hits: readonly RuleHit[],
): Promise<GatewayError | null> {
  const { sight, settings, uninspectable } = exchange
  if (uninspectable) return fail('policy.uninspectable')
  // Where nothing is looked for there is nothing to mask.
  if (sight.request === null || settings.policy === null) return null
  const plan = planMasking(sight.request, settings.policy, hits)
  return plan === sight.request ? null : inspectAgain(exchange, parts, plan)
}

/** Plans made before, by the plan and the policy they were made of and the rules that fired. */
const plansMade = new WeakMap<MaskingPlan, WeakMap<Policy, Map<string, MaskingPlan>>>()
/** There are as many sets of rules that fire together as traffic finds; few, as a rule. */
const PLANS_MAX = 256

/** The plan with the operators of these rules; the same plan when they change nothing. */
export function planMasking(
  plan: MaskingPlan,
  policy: Policy,
  hits: readonly { readonly rule: string }[],
): MaskingPlan {
  const ofPlan = plansMade.get(plan) ?? new WeakMap<Policy, Map<string, MaskingPlan>>()
  plansMade.set(plan, ofPlan)
  const made = ofPlan.get(policy) ?? new Map<string, MaskingPlan>()
  ofPlan.set(policy, made)
  const fired = hits
    .map(({ rule }) => rule)
    .toSorted()
    .join('\0')
  const known = made.get(fired)
  if (known !== undefined) return known
  if (made.size >= PLANS_MAX) made.clear()
  const fresh = planOf(plan, policy, hits)
  made.set(fired, fresh)
  return fresh
}

function planOf(
  plan: MaskingPlan,
  policy: Policy,
  hits: readonly { readonly rule: string }[],
): MaskingPlan {
  const before = operatorsOf(plan)
  const operators: Record<string, Operator> = {}
  const firing = new Set(hits.map(({ rule }) => rule))
  for (const { rule, detectorsOf } of policy.compiled) {
    if (!firing.has(rule.id)) continue
    const { content } = rule.criteria
    const asked = content === null ? null : (detectorsOf.get(content) ?? null)
    for (const [id, entity] of watchedIds(plan)) {
      if (asked !== null && !asked.has(id)) continue
      const today = operatorFor(before, entity, id)
      // What `masking` of the route masks already it masks its own way.
      if (today.kind === 'keep') operators[id] = rule.mask ?? REPLACE
    }
  }
  return planWith(plan, operators)
}

/** The plan with other operators for some rules; the same plan when there are none. */
export function planWith(
  plan: MaskingPlan,
  operators: Readonly<Record<string, Operator>>,
): MaskingPlan {
  if (Object.keys(operators).length === 0) return plan
  const version = createHash('sha256')
    .update(JSON.stringify([plan.version, Object.entries(operators)]))
    .digest('hex')
  return {
    ...plan,
    version,
    watch: {
      own: plan.watch?.own ?? [],
      operators: { ...plan.watch?.operators, ...operators },
    },
  }
}

/** Everything that the plan finds: id and entity. */
function watchedIds({ rules }: MaskingPlan): readonly (readonly [id: string, entity: string])[] {
  const detectors = rules.ruleset.rules.map(({ id, entity }) => [id, entity] as const)
  const terms = rules.source.watch?.terms.map(({ id, entity }) => [id, entity] as const) ?? []
  return [...detectors, ...terms]
}
