/** Tells under which term a trust rule stands: a rule that was changed or handed over begins anew, whatever it was before. */
import { hash } from 'node:crypto'
import type { StoredTrustRule, TrustRule, TrustRuleTerm } from '../model/trust.ts'

export interface NamedRule {
  readonly rule: TrustRule
  /** Null for those of custody.yaml. */
  readonly stored: StoredTrustRule | null
}

export type TermsByRule = ReadonlyMap<string, TrustRuleTerm>

export function termsByRule(terms: readonly TrustRuleTerm[]): TermsByRule {
  return new Map(terms.map((term) => [term.rule, term]))
}

/** Settings that say nothing are left out, so that a later version with more of them names the same rule the same. */
export function ruleDigest({ rule, stored }: NamedRule): string {
  const said = Object.entries({ ...rule, endedAtMs: null })
    .filter(([, value]) => !isNothing(value))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
  const place = stored === null ? [] : [stored.createdAtMs, stored.version]
  return hash('sha256', JSON.stringify([said, ...place]), 'hex')
}

/** Null when the rule stands otherwise than when its term was written. */
export function termOf(named: NamedRule, terms: TermsByRule): TrustRuleTerm | null {
  const term = terms.get(named.rule.name)
  return term?.digest === ruleDigest(named) ? term : null
}

export function withTerm(named: NamedRule, terms: TermsByRule): TrustRule {
  const endedAtMs = termOf(named, terms)?.endedAtMs ?? null
  return endedAtMs === null ? named.rule : { ...named.rule, endedAtMs }
}

function isNothing(value: unknown): boolean {
  if (value === null || value === '' || value === false) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
