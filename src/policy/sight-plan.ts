/** Joins what a route masks with what a policy looks for, so that a text is gone through once. */
import { createHash } from 'node:crypto'
import { compileRules, withWatch } from '../detect/compiled-rules.ts'
import type { CompiledOrProblems } from '../detect/compiled-rules.ts'
import { DEFAULT_THRESHOLD } from '../detect/load-rules.ts'
import type { MaskingPlan } from '../detect/masking-plan.ts'
import type { Operator } from '../detect/operators.ts'
import type { RuleProblem } from '../detect/rule.ts'
import type { Policy } from './policy.ts'

export type SightPlanResult =
  | { readonly kind: 'plan'; readonly plan: MaskingPlan | null }
  | { readonly kind: 'problems'; readonly problems: readonly RuleProblem[] }

const KEEP: Operator = { kind: 'keep' }
/** Rules joined with masking plans that are still in use. */
const joined = new WeakMap<MaskingPlan, Map<string, SightPlanResult>>()
const alone = new Map<string, SightPlanResult>()
const RECENT_MAX = 8

/** Null where nothing is looked for. */
export function sightPlan(base: MaskingPlan | null, policy: Policy): SightPlanResult {
  const key = JSON.stringify([policy.watch, [...policy.detectors]])
  const known = base === null ? alone : (joined.get(base) ?? new Map<string, SightPlanResult>())
  if (base !== null) joined.set(base, known)
  const found = known.get(key)
  if (found !== undefined) return found
  const result = makeSightPlan(base, policy)
  known.set(key, result)
  const [oldest] = known.keys()
  if (known.size > RECENT_MAX && oldest !== undefined) known.delete(oldest)
  return result
}

function makeSightPlan(base: MaskingPlan | null, policy: Policy): SightPlanResult {
  const { watch, detectors } = policy
  const own = [...watch.terms, ...watch.patterns].map(({ id }) => id)
  if (own.length === 0 && detectors.size === 0) return { kind: 'plan', plan: base }
  const present = new Set(base?.rules.ruleset.rules.map(({ id }) => id))
  const missing = [...detectors].filter((id) => !present.has(id))
  const compiled = compiledFor(base, policy, present, missing)
  if (compiled.kind === 'problems') return compiled
  const operators = Object.fromEntries([...own, ...missing].map((id) => [id, KEEP]))
  const version = createHash('sha256')
    .update(JSON.stringify([base?.version ?? '', watch, missing]))
    .digest('hex')
  return {
    kind: 'plan',
    plan: { ...(base ?? LOOKS_ONLY), version, rules: compiled.rules, watch: { operators, own } },
  }
}

function compiledFor(
  base: MaskingPlan | null,
  { watch, detectors, shelf }: Policy,
  present: ReadonlySet<string>,
  missing: readonly string[],
): CompiledOrProblems {
  if (base !== null && missing.length === 0) return withWatch(base.rules, watch)
  const source = base?.rules.source ?? { documents: shelf.documents, choice: NOTHING, terms: null }
  const packs = [...new Set([...source.choice.packs, ...shelf.packsOf(missing)])]
  const unasked = packs
    .flatMap((pack) => shelf.idsOfPack(pack))
    .filter((id) => !present.has(id) && !detectors.has(id))
  const without = [...new Set([...source.choice.without, ...unasked])].filter(
    (id) => !detectors.has(id),
  )
  return compileRules({ ...source, choice: { packs, without }, watch })
}

const NOTHING = { packs: [], without: [] }

/** A plan that changes nothing. */
const LOOKS_ONLY: Omit<MaskingPlan, 'version' | 'rules'> = {
  packs: [],
  operators: {},
  defaultOperator: KEEP,
  directions: [],
  decode: ['request'],
  threshold: DEFAULT_THRESHOLD,
  signedReasoning: 'pass',
  unknownEvents: 'pass',
  tools: {},
  secretKeys: [],
  numbers: 'string',
  analyzers: [],
}
