/** Tests the conditions of a rule against facts; each says what it saw, for the reasons and for `explain`. */
import { globMatches } from '../lib/glob.ts'
import type { Bindings } from './condition.ts'
import type { PolicyFacts, SeenFinding } from './facts.ts'
import { isWithin } from './hours.ts'
import type { Content, Criteria, Moment, SizeBounds } from './rule.ts'

/** What is looked at while one rule is tested. */
export interface Sight {
  readonly facts: PolicyFacts
  /** Only where a condition asks: they cost more than all else. */
  readonly bindings: () => Bindings
  /** Findings of this rule's moment that its content asks for. */
  readonly findings: (content: Content) => readonly SeenFinding[]
}

export type Tested =
  | { readonly kind: 'holds' }
  | { readonly kind: 'fails' }
  /** It could not be decided. */
  | { readonly kind: 'unknown'; readonly why: string }

/** One condition of a rule. */
export interface Criterion {
  readonly name: string
  readonly test: (sight: Sight) => Tested
  /** A short sentence of kinds and numbers. */
  readonly saw: (sight: Sight) => string
}

const HOLDS: Tested = { kind: 'holds' }
const FAILS: Tested = { kind: 'fails' }

const tested = (holds: boolean): Tested => (holds ? HOLDS : FAILS)

/** In the order of cost. `excuses` is true under `unless`: there nothing counts that a caller only declares. */
export function criteriaOf(written: Criteria, excuses: boolean): readonly Criterion[] {
  const criteria: Criterion[] = []
  const names = (
    name: string,
    globs: readonly string[],
    values: (facts: PolicyFacts) => readonly string[],
  ): void => {
    if (globs.length > 0) criteria.push(nameCriterion(name, globs, values))
  }
  names('callers', written.callers, ({ caller }) => [caller.id])
  names('kinds', written.kinds, ({ caller }) => [caller.kind])
  names('groups', written.groups, ({ caller }) => caller.groups)
  names('services', written.services, ({ caller, declaredService }) =>
    excuses || caller.service !== '' ? [caller.service] : [declaredService],
  )
  names('upstreams', written.upstreams, ({ upstream }) => [upstream])
  names('surfaces', written.surfaces, ({ surface }) => [surface])
  names('routes', written.routes, ({ route }) => [route])
  names('models', written.models, ({ model }) => [model])
  names('tools', written.tools, ({ tools }) => tools)
  const { hours, size, content, when } = written
  if (hours !== null)
    criteria.push({
      name: 'hours',
      test: ({ facts }) => tested(isWithin(hours, facts.atMs)),
      saw: ({ facts }) =>
        isWithin(hours, facts.atMs) ? 'within the hours' : 'outside of the hours',
    })
  if (size !== null) criteria.push(sizeCriterion(size))
  if (content !== null) criteria.push(contentCriterion(content))
  if (when !== null)
    criteria.push({
      name: 'when',
      test: ({ facts, bindings }) => {
        if (when.asksFindings && facts.inspection === 'failed') return UNINSPECTED
        const outcome = when.test(bindings())
        return outcome.kind === 'failed'
          ? { kind: 'unknown', why: outcome.why }
          : tested(outcome.holds)
      },
      saw: ({ bindings }) => {
        const outcome = when.test(bindings())
        return outcome.kind === 'failed' ? outcome.why : `the condition is ${outcome.holds}`
      },
    })
  return criteria
}

const UNINSPECTED: Tested = { kind: 'unknown', why: 'the content could not be inspected' }

function nameCriterion(
  name: string,
  globs: readonly string[],
  values: (facts: PolicyFacts) => readonly string[],
): Criterion {
  const exact = new Set(globs.filter((glob) => !glob.includes('*')))
  const patterns = globs.filter((glob) => glob.includes('*'))
  const matches = (value: string): boolean =>
    value !== '' && (exact.has(value) || patterns.some((glob) => globMatches(glob, value)))
  return {
    name,
    test: ({ facts }) =>
      name === 'tools' && facts.moment === 'tool_call' && facts.inspection === 'failed'
        ? UNINSPECTED
        : tested(values(facts).some(matches)),
    saw: ({ facts }) => {
      const seen = values(facts)
      const matching = seen.filter(matches)
      if (matching.length > 0) return `${name} ${matching.join(', ')}`
      const shown = seen.filter((value) => value !== '')
      return shown.length === 0 ? `${name}: none` : `${name} ${shown.join(', ')}`
    },
  }
}

function sizeCriterion(bounds: SizeBounds): Criterion {
  const reached = ({ size }: PolicyFacts): readonly string[] =>
    (['bytes', 'newBytes', 'tokens', 'newTokens'] as const).flatMap((part) => {
      const bound = bounds[part]
      return bound !== null && size[part] >= bound ? [`${size[part]} ${WORDS[part]}`] : []
    })
  return {
    name: 'size',
    test: ({ facts }) => tested(reached(facts).length > 0),
    saw: ({ facts }) => {
      const over = reached(facts)
      return over.length > 0
        ? over.join(', ')
        : `${facts.size.bytes} bytes, about ${facts.size.tokens} tokens`
    },
  }
}

const WORDS = {
  bytes: 'bytes',
  newBytes: 'new bytes',
  tokens: 'tokens (estimated)',
  newTokens: 'new tokens (estimated)',
} as const

function contentCriterion(content: Content): Criterion {
  return {
    name: 'content',
    test: ({ facts, findings }) => {
      if (facts.inspection === 'failed') return UNINSPECTED
      return tested(valuesIn(findings(content)).size >= content.atLeast)
    },
    saw: ({ facts, findings }) => {
      if (facts.inspection === 'failed')
        return UNINSPECTED.kind === 'unknown' ? UNINSPECTED.why : ''
      if (facts.inspection === 'unread') return 'bodies of this kind are not read'
      const found = findings(content)
      if (found.length === 0) {
        return content.occurrence === 'new' ? 'nothing new was found' : 'nothing was found'
      }
      return Object.entries(kindsOf(found))
        .map(([kind, count]) => `${kind} ×${count}`)
        .join(', ')
    },
  }
}

function valuesIn(findings: readonly SeenFinding[]): ReadonlySet<string> {
  return new Set(findings.map(({ fingerprint }) => fingerprint))
}

/** Different values by entity. */
export function kindsOf(findings: readonly SeenFinding[]): Readonly<Record<string, number>> {
  const values = new Map<string, Set<string>>()
  for (const { entity, fingerprint } of findings) {
    const set = values.get(entity) ?? new Set<string>()
    set.add(fingerprint)
    values.set(entity, set)
  }
  return Object.fromEntries(
    [...values].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([kind, set]) => [kind, set.size]),
  )
}

/** What of the findings a rule of these moments may look at. */
export function isInScope(on: readonly Moment[], facts: PolicyFacts, role: string): boolean {
  if (facts.moment !== 'request' || on.includes('request')) return true
  return role === 'tool'
}
