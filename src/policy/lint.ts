/** Looks for what is written correctly and still cannot be meant: rules that never fire, never count, or have no test. */
import { VERDICTS } from '../model/decision.ts'
import { patternSamples } from '../detect/pattern/sample.ts'
import { parsePattern } from '../detect/pattern/parse-pattern.ts'
import type { Policy } from './policy.ts'
import type { Content, Criteria, PolicyRule } from './rule.ts'
import { findsAny } from './run-tests.ts'

export interface LintWarning {
  readonly rule: string
  readonly message: string
}

export function lintPolicy(
  policy: Policy,
  tests: ReadonlyMap<string, readonly unknown[]>,
): readonly LintWarning[] {
  return policy.rules.flatMap((rule) => {
    const said: string[] = []
    if ((tests.get(rule.id) ?? []).length === 0) said.push('the rule has no test')
    if (rule.stage.kind === 'off') said.push('the rule is off')
    if (rule.stage.kind === 'canary' && rule.stage.percent === 0)
      said.push('a canary of 0% is shadow')
    said.push(...neverFires(rule), ...neverCounts(rule, policy))
    if (isUnconditional(rule.criteria) && rule.verdict !== 'allow')
      said.push(`the rule has no condition: it says ${rule.verdict} to everything`)
    return said.map((message) => ({ rule: rule.id, message }))
  })
}

const NAMES = [
  'callers',
  'kinds',
  'groups',
  'services',
  'upstreams',
  'surfaces',
  'routes',
  'models',
  'tools',
] as const satisfies readonly (keyof Criteria)[]

function neverFires(rule: PolicyRule): readonly string[] {
  const { content } = rule.criteria
  const said: string[] = []
  if (rule.unless.some((excuse) => includes(excuse, rule.criteria)))
    said.push('what unless excuses is all that the rule is about: it never fires')
  if (content !== null) {
    const others = [content.patterns, content.entities, content.packs, content.detectors]
    if (others.every(({ length }) => length === 0) && content.keywords.length < content.atLeast)
      said.push('atLeast is more than there are keywords: it never fires')
    content.patterns.forEach((pattern, index) => {
      if (!canFire(pattern))
        said.push(
          `pattern ${index + 1} matched none of the texts made for it: patterns see normalised text (look-alike letters as ASCII), so it can probably never fire`,
        )
    })
  }
  return said
}

/** Every exchange that meets `rule` meets `excuse`: each of its conditions is there, and no narrower. */
function includes(excuse: Criteria, rule: Criteria): boolean {
  if (excuse.hours !== null || excuse.size !== null || excuse.content !== null) return false
  if (excuse.when !== null && excuse.when.source !== rule.when?.source) return false
  return NAMES.every((name) => {
    const names: readonly string[] = excuse[name]
    if (names.length === 0) return true
    const own: readonly string[] = rule[name]
    return own.length > 0 && own.every((one) => names.includes(one) || names.includes('*'))
  })
}

/** Another rule fires whenever this one does, in force everywhere, and is at least as strict. */
function neverCounts(rule: PolicyRule, policy: Policy): readonly string[] {
  if (rule.stage.kind === 'off' || rule.obligations.length > 0) return []
  const stronger = policy.rules.find(
    (other) =>
      other.id !== rule.id &&
      other.stage.kind === 'enforce' &&
      other.unless.length === 0 &&
      (VERDICTS.indexOf(other.verdict) > VERDICTS.indexOf(rule.verdict) ||
        (other.verdict === rule.verdict && rule.verdict === 'deny' && other.id < rule.id)) &&
      (other.on.includes('request') || rule.on.every((moment) => other.on.includes(moment))) &&
      rule.on.every((moment) => other.on.includes(moment) || moment === 'tool_result') &&
      covers(other.criteria, rule.criteria),
  )
  return stronger === undefined
    ? []
    : [
        `the rule decides nothing: ${stronger.id} fires whenever it does and says ${stronger.verdict}`,
      ]
}

function covers(wide: Criteria, narrow: Criteria): boolean {
  if (wide.hours !== null || wide.size !== null) return false
  if (wide.when !== null && wide.when.source !== narrow.when?.source) return false
  const names = NAMES.every((name) => {
    const outer: readonly string[] = wide[name]
    const inner: readonly string[] = narrow[name]
    return (
      outer.length === 0 ||
      (inner.length > 0 && inner.every((one) => outer.includes(one) || outer.includes('*')))
    )
  })
  return names && coversContent(wide.content, narrow.content)
}

function coversContent(wide: Content | null, narrow: Content | null): boolean {
  if (wide === null) return true
  if (narrow === null || wide.atLeast > 1) return false
  if (wide.occurrence === 'new' && narrow.occurrence === 'any') return false
  const named = wide.fingerprints
  if (named.length > 0 && !narrow.fingerprints.some((one) => named.includes(one))) return false
  return (['keywords', 'patterns', 'entities', 'packs', 'detectors'] as const).every((part) =>
    narrow[part].every((one) => wide[part].includes(one)),
  )
}

function isUnconditional(criteria: Criteria): boolean {
  const { hours, size, content, when } = criteria
  return (
    NAMES.every((name) => criteria[name].length === 0) &&
    [hours, size, content, when].every((part) => part === null)
  )
}

function canFire(pattern: string): boolean {
  const parsed = parsePattern(pattern)
  if (parsed.kind !== 'pattern') return false
  return patternSamples(parsed.pattern).some((text) => findsAny(pattern, text))
}
