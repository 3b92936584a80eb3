/** Turns the masking section and its exceptions by route into compiled plans; every problem of a rule is reported. */
import { createHash } from 'node:crypto'
import { compileRules } from '../detect/compiled-rules.ts'
import type { CompiledRules, RuleSource } from '../detect/compiled-rules.ts'
import { DEFAULT_THRESHOLD } from '../detect/load-rules.ts'
import type { AnalyzerPlan, MaskingPlan } from '../detect/masking-plan.ts'
import type { Operator } from '../detect/operators.ts'
import { REPLACE } from '../detect/operators.ts'
import { didYouMean } from '../lib/did-you-mean.ts'
import type { Path } from './problems.ts'
import { pathOf, report } from './resolve-context.ts'
import type { ResolveContext } from './resolve-context.ts'
import { resolveAnalyzers } from './resolve-analyzers.ts'
import { resolveOperator } from './resolve-operator.ts'
import { readRuleFile, readTermFile, shippedPacks } from './rule-files.ts'
import type { CheckedMasking } from './schema-masking.ts'
import type { CheckedConfig } from './schema.ts'

/** By name of the route; routes that are not there are not masked. */
export type MaskingByRoute = Readonly<Record<string, MaskingPlan>>

const DEFAULT_PACKS = ['credentials']
const DEFAULT_TERM_ENTITY = 'DENIED_TERM'
/** What the key-name matcher reports, beside the entities of rules. */
const FIELD_ENTITY = 'SECRET_FIELD'
const DEFAULT_SECRET_KEYS = [
  'password',
  'passwd',
  'secret',
  'client_secret',
  'api_key',
  'access_token',
  'refresh_token',
  'private_key',
  'ssn',
]
const OWN_PACK = 'custody-own'

export function resolveMasking(
  checked: CheckedConfig,
  names: readonly string[],
  context: ResolveContext,
): MaskingByRoute {
  const common =
    checked.masking === undefined ? null : resolvePlan(checked.masking, ['masking'], context)
  const plans: Record<string, MaskingPlan> = {}
  const place = (name: string | undefined, plan: MaskingPlan | null): void => {
    if (name !== undefined && plan !== null) plans[name] = plan
  }
  checked.routes.forEach(({ masking }, index) => {
    if (masking === 'off') return
    const plan =
      masking === undefined
        ? common
        : resolvePlan({ ...checked.masking, ...masking }, ['routes', index, 'masking'], context)
    place(names[index], plan)
  })
  place('default', common)
  return plans
}

function resolvePlan(
  written: CheckedMasking,
  path: Path,
  context: ResolveContext,
): MaskingPlan | null {
  const source = ruleSource(written, path, context)
  if (source === null) return null
  for (const id of source.choice.without) checkWithout(id, source, path, context)
  const rules = compiled(source, path, context)
  if (rules === null) return null
  const analyzers = resolveAnalyzers(written.analyzers, [...path, 'analyzers'], context)
  const operators = resolveOperators(written, knownEntities(rules, analyzers), path, context)
  const parts = {
    packs: source.choice.packs.filter((name) => name !== OWN_PACK),
    operators: operators.byEntity,
    defaultOperator: operators.fallback,
    directions: written.directions ?? (['request', 'response'] as const),
    decode: written.decode ?? (['request'] as const),
    threshold: written.threshold ?? DEFAULT_THRESHOLD,
    signedReasoning: written.signedReasoning ?? ('pass' as const),
    unknownEvents: written.unknownEvents ?? ('withhold' as const),
    tools: written.tools ?? {},
    secretKeys: (written.secretKeys ?? DEFAULT_SECRET_KEYS).map((name) =>
      name.toLowerCase().replaceAll(/[_\s-]/g, ''),
    ),
    numbers: written.numbers ?? ('string' as const),
    analyzers,
  }
  const version = createHash('sha256')
    .update(JSON.stringify([parts, source]))
    .digest('hex')
  return { version, rules, ...parts }
}

function ruleSource(
  written: CheckedMasking,
  path: Path,
  context: ResolveContext,
): RuleSource | null {
  const before = context.problems.length
  const own: unknown[] = []
  let macros: unknown = {}
  for (const [index, rule] of (written.rules ?? []).entries()) {
    if (typeof rule !== 'string') {
      own.push(rule)
      continue
    }
    const at = [...path, 'rules', index]
    const reading = readRuleFile(pathOf(at, rule, context))
    if (reading.kind === 'problem') report(context, at, { message: reading.problem })
    else {
      own.push(...reading.rules)
      macros = { ...Object(macros), ...Object(reading.macros) }
    }
  }
  const words = [...(written.terms?.words ?? [])]
  for (const [index, file] of (written.terms?.files ?? []).entries()) {
    const at = [...path, 'terms', 'files', index]
    const reading = readTermFile(pathOf(at, file, context))
    if (reading.kind === 'problem') report(context, at, { message: reading.problem })
    else words.push(...reading.words)
  }
  if (context.problems.length > before) return null
  const hasOwn = own.length > 0
  return {
    documents: hasOwn
      ? [...shippedPacks(), { pack: OWN_PACK, macros, rules: own }]
      : shippedPacks(),
    choice: {
      packs: [...(written.packs ?? DEFAULT_PACKS), ...(hasOwn ? [OWN_PACK] : [])],
      without: written.without ?? [],
    },
    terms:
      written.terms === undefined
        ? null
        : { entity: written.terms.entity ?? DEFAULT_TERM_ENTITY, words },
  }
}

/** The last few compilations: routes that share rules, and reloads that do not touch them, compile once. */
const recent = new Map<string, CompiledRules>()
const RECENT_MAX = 8

function compiled(source: RuleSource, path: Path, context: ResolveContext): CompiledRules | null {
  const key = JSON.stringify([
    source.choice,
    source.terms,
    source.choice.packs.includes(OWN_PACK) ? source.documents.at(-1) : null,
  ])
  const known = recent.get(key)
  if (known !== undefined) return known
  const result = compileRules(source)
  if (result.kind === 'problems') {
    for (const { rule, problem } of result.problems) {
      const isPack = rule === ''
      report(context, [...path, isPack ? 'packs' : 'rules'], {
        message: isPack ? problem : `rule ${rule}: ${problem}`,
        hint: isPack ? '' : 'See docs/reference/detector-rules.md.',
      })
    }
    return null
  }
  recent.set(key, result.rules)
  const [oldest] = recent.keys()
  if (recent.size > RECENT_MAX && oldest !== undefined) recent.delete(oldest)
  return result.rules
}

/** A rule id that is left out and does not exist is a typing error that would leave the rule on. */
function checkWithout(id: string, source: RuleSource, path: Path, context: ResolveContext): void {
  const ids = source.documents.flatMap((document) => idsOf(document))
  if (ids.includes(id)) return
  const close = didYouMean(id, ids)
  report(context, [...path, 'without'], {
    message: 'there is no rule of this id',
    found: id,
    hint: close === null ? '' : `Did you mean ${close}?`,
  })
}

function idsOf(document: unknown): readonly string[] {
  if (typeof document !== 'object' || document === null || !('rules' in document)) return []
  const { rules } = document
  if (!Array.isArray(rules)) return []
  return rules.flatMap((rule: unknown) =>
    typeof rule === 'object' && rule !== null && 'id' in rule && typeof rule.id === 'string'
      ? [rule.id]
      : [],
  )
}

/** Null where an external analyzer may say anything. */
function knownEntities(
  rules: CompiledRules,
  analyzers: readonly AnalyzerPlan[],
): ReadonlySet<string> | null {
  if (analyzers.some(({ kind, entities }) => kind === 'presidio' && entities.length === 0))
    return null
  const known = new Set([...rules.ruleset.rules.map(({ entity }) => entity), FIELD_ENTITY])
  if (rules.source.terms !== null) known.add(rules.source.terms.entity)
  for (const entity of analyzers.flatMap(({ entities }) => entities)) known.add(entity)
  return known
}

function resolveOperators(
  written: CheckedMasking,
  known: ReadonlySet<string> | null,
  path: Path,
  context: ResolveContext,
): { readonly byEntity: Readonly<Record<string, Operator>>; readonly fallback: Operator } {
  const byEntity: Record<string, Operator> = {}
  let fallback: Operator = REPLACE
  for (const [entity, operator] of Object.entries(written.operators ?? {})) {
    const at = [...path, 'operators', entity]
    const resolved = resolveOperator(operator, (part, message) => {
      report(context, [...at, part], { message })
    })
    if (entity === 'default') fallback = resolved
    else {
      byEntity[entity] = resolved
      if (known === null || known.has(entity)) continue
      const close = didYouMean(entity, [...known])
      report(context, at, {
        message: 'no rule in use reports this entity',
        allowed: [...known].toSorted().join(', '),
        hint: close === null ? '' : `Did you mean ${close}?`,
      })
    }
  }
  return { byEntity, fallback }
}
